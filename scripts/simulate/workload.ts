/**
 * What many nodes report: faults that come by chance and are repeated while they last, services
 * that flap, storms that hit many nodes at once, and chatter that needs nothing.
 *
 * @module
 */
import type { Clock } from "../../lib/base/clock.ts";
import type { Target } from "../../lib/event/target.ts";

/** The same shape and the same random numbers make the same events. */
export interface Shape {
  readonly nodes: number;
  readonly servicesPerNode: number;
  readonly hours: number;
  /** Mean days between two faults of a service. */
  readonly faultDays: number;
  /** Mean minutes that a fault lasts. */
  readonly faultMinutes: number;
  /** While it lasts it is reported every so many seconds. */
  readonly repeatSeconds: number;
  /** Share of all events that need nothing, percent below 100. */
  readonly benignPercent: number;
  /** Share of services that go bad and well all the time, percent. */
  readonly flappingPercent: number;
  /** Storms a day, the first kind first: what many share fails; a site goes offline. */
  readonly storms: number;
  /** Nodes that a storm hits, percent. */
  readonly stormPercent: number;
  readonly stormMinutes: number;
}

export interface SentEvent extends Target {
  readonly type: string;
  readonly severity: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface WorkloadOptions {
  readonly clock: Clock;
  /** 0 to below 1. */
  readonly random: () => number;
  readonly publish: (event: SentEvent) => void;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** A storm hits its services within this, and they are back within that. */
const STORM_MS = { begins: MINUTE, ends: MINUTE / 3 };
/** A flapping service is bad and well for about so long. */
const FLAP = { badMs: MINUTE, wellMs: 2 * MINUTE };
/** Chatter comes at some time within this after what makes it due. */
const CHATTER_WITHIN_MS = 10 * MINUTE;

const FAULTS = [
  { type: "service_unhealthy", severity: "error", share: 0.4 },
  { type: "service_unhealthy", severity: "warning", share: 0.3 },
  { type: "container_exited", severity: "error", share: 0.15 },
  { type: "container_exited", severity: "critical", share: 0.1 },
  { type: "disk_pressure_high", severity: "warning", share: 0.05 },
] as const;

/** Starts sending; everything after that is done by the clock's timers. */
export function startWorkload(shape: Shape, { clock, random, publish }: WorkloadOptions): void {
  const { nodes, servicesPerNode } = shape;
  const services = nodes * servicesPerNode;
  const endMs = clock.monotonic() + shape.hours * 60 * MINUTE;
  const repeatMs = shape.repeatSeconds * SECOND;
  const bad = new Set<number>();
  let chatterDue = 0;

  const below = (limit: number) => Math.floor(random() * limit);
  /** Exponentially distributed: what a Poisson process waits for. */
  const about = (meanMs: number) => -meanMs * Math.log(1 - random());
  const nodeName = (node: number) => `node-${String(node + 1).padStart(4, "0")}`;
  const target = (service: number): Target => ({
    node: nodeName(Math.floor(service / servicesPerNode)),
    service: `service-${service % servicesPerNode + 1}`,
  });

  function later(ms: number, callback: () => void) {
    if (clock.monotonic() + ms < endMs) clock.after(ms, callback);
  }

  function send(event: SentEvent) {
    publish(event);
    const share = shape.benignPercent / 100;
    chatterDue += share / (1 - share);
    for (; chatterDue >= 1; chatterDue--) later(below(CHATTER_WITHIN_MS), chatter);
  }

  function chatter() {
    const payload = { version: `1.${below(100)}.0`, duration_seconds: below(60) };
    publish({
      ...target(below(services)),
      type: "deployment_completed",
      severity: "info",
      payload,
    });
  }

  function kindOfFault() {
    let left = random();
    return FAULTS.find(({ share }) => (left -= share) < 0) ?? FAULTS[0];
  }

  /** The service is bad from now on, for `lastsMs` unless it is so already. */
  function goBad(service: number, lastsMs: number, { type, severity } = kindOfFault()) {
    if (bad.has(service)) return;
    bad.add(service);
    const wellAt = clock.monotonic() + lastsMs;
    let failures = 0;
    const report = () => {
      const now = clock.monotonic();
      if (now >= wellAt) return;
      failures += 3;
      const payload = {
        health_url: `http://127.0.0.1:${8000 + service % servicesPerNode}/health`,
        consecutive_failures: failures,
        last_error: "connection refused",
      };
      send({ ...target(service), type, severity, payload });
      if (now + repeatMs < wellAt) later(repeatMs, report);
    };
    report();
    later(lastsMs, () => {
      bad.delete(service);
      const payload = { down_seconds: Math.round(lastsMs / SECOND) };
      send({ ...target(service), type: "service_recovered", severity: "info", payload });
    });
  }

  function faults() {
    const meanMs = shape.faultDays * DAY / services;
    later(about(meanMs), () => {
      goBad(below(services), about(shape.faultMinutes * MINUTE));
      faults();
    });
  }

  function flap(service: number) {
    const badMs = about(FLAP.badMs);
    goBad(service, badMs, FAULTS[0]);
    later(badMs + about(FLAP.wellMs), () => flap(service));
  }

  function storm(nth: number) {
    const count = Math.min(nodes, Math.max(1, Math.round(nodes * shape.stormPercent / 100)));
    const first = below(nodes - count + 1);
    const lastsMs = shape.stormMinutes * MINUTE;
    const isSite = nth % 2 === 1;
    for (let node = first; node < first + count; node++) {
      if (isSite) goOffline(node, lastsMs);
      for (let i = 0; i < servicesPerNode; i++) {
        const begins = below(STORM_MS.begins);
        const ends = lastsMs + below(STORM_MS.ends);
        later(begins, () => goBad(node * servicesPerNode + i, ends - begins));
      }
    }
  }

  function goOffline(node: number, lastsMs: number) {
    const [name, payload] = [nodeName(node), { last_seen_seconds: 90 }];
    const event = { node: name, service: name, payload };
    later(below(10 * SECOND), () => {
      send({ ...event, type: "node_offline", severity: "critical" });
      later(lastsMs, () => send({ ...event, type: "node_online", severity: "info" }));
    });
  }

  faults();
  for (let i = 0; i < Math.round(services * shape.flappingPercent / 100); i++) {
    const service = below(services);
    later(below(60 * MINUTE), () => flap(service));
  }
  const storms = shape.storms === 0 ? 0 : Math.max(1, Math.round(shape.storms * shape.hours / 24));
  for (let nth = 0; nth < storms; nth++) {
    later((nth + random()) * shape.hours * 60 * MINUTE / (storms + 1), () => storm(nth));
  }
}
