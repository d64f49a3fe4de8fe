/**
 * Keeps quiet when it should: silences, inhibition, doubt about our own link, flapping and the
 * grace after a start, as one question before and one after the queue.
 *
 * They keep proposals from being made, never knowledge from changing: what is held is kept up to
 * date, and a recovery always counts.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { createFlaps } from "./flap.ts";
import { createIsolation } from "./isolation.ts";
import type { Objected, Objection } from "./objection.ts";
import type { Outages } from "./outages.ts";
import { createStorms, type Storm } from "./storms.ts";
import { type Silence, silenceFor } from "./silences.ts";
import { type Target, targetKey } from "../event/target.ts";

/** What was held for a node waits so long after its return, for its services' own recoveries. */
const RELEASE_AFTER_MS = 30_000;
const MOST_RELEASES = 1_000;
const STORM = "several services went bad together";

/** Why an entry is not diagnosed for now. */
export interface Hold {
  /** Until when at the latest, monotonic milliseconds. */
  readonly until: number;
  /** For people. */
  readonly why: string;
}

/** What of an entry decides whether it is held. */
interface Holdable {
  readonly event: Target;
  readonly arrivedAt: number;
}

/** What a fault shows beyond its own target. */
export type Alarm =
  /** We are cut off from the others ourselves. */
  | { readonly kind: "isolated" }
  /** Several services of a node went bad together. */
  | { readonly kind: "storm"; readonly storm: Storm };

export interface Suppression {
  /** The target is well; true when a node is back with it, so that its held events are released. */
  heardWell(event: HealthEvent, key: string): boolean;
  /** Something is wrong; returns what it shows beyond its own target. */
  heardBad(event: HealthEvent, key: string): Alarm | undefined;
  /** Objects to what nobody wants to hear of. */
  readonly muted: Objection;
  /** Until when an entry must not be diagnosed, monotonic milliseconds; 0 when it may be now. */
  heldUntil(entry: Holdable): number;
  /** The same, with the reason; undefined when it may be diagnosed. */
  holding(entry: Holdable): Hold | undefined;
  /** Whether the target flaps, so that its recovery must not hide that. */
  isFlapping(key: string): boolean;
  /** The diagnosis of a target that flaps, which needs no model. */
  verdict(event: WaitingEvent): Diagnosis | undefined;
  /** A proposal said that the target flaps, `agoMs` milliseconds ago. */
  told(event: WaitingEvent, agoMs?: number): void;
  setSilences(silences: readonly Silence[]): void;
  redisLost(): void;
  /** A person has dealt with a node's storm; true when that releases something. */
  stormOver(node: string): boolean;
  prune(): void;
}

interface SuppressionOptions {
  readonly clock: Clock;
  /** Names of the nodes in the topology. */
  readonly nodes: readonly string[];
  readonly outages: Outages;
  readonly silences?: readonly Silence[] | undefined;
  /** Whether a node's outage holds back its services' events. */
  readonly inhibit: boolean;
  /** Changes within the window that make a target flap; 0 turns the detection off. */
  readonly flapChanges: number;
  readonly flapWindowSeconds: number;
  /** Nothing is diagnosed so long after the start. */
  readonly startGraceSeconds: number;
  /** So many services of a node that go bad within the window are a storm; 0 turns that off. */
  readonly stormServices: number;
  readonly stormWindowSeconds: number;
  readonly stormHoldSeconds: number;
  /** Services that depend on a target. @default none */
  readonly neededBy?: (target: Target) => readonly string[];
}

export function createSuppression(options: SuppressionOptions): Suppression {
  const { clock, nodes, outages, inhibit, flapWindowSeconds } = options;
  const flaps = createFlaps({
    changes: options.flapChanges,
    windowMs: flapWindowSeconds * 1000,
  });
  const isolation = createIsolation(nodes);
  const storms = createStorms({
    services: options.stormServices,
    windowMs: options.stormWindowSeconds * 1000,
    holdMs: options.stormHoldSeconds * 1000,
    neededBy: options.neededBy ?? (() => []),
  });
  const releases = new Map<string, number>();
  const graceUntil = clock.monotonic() + options.startGraceSeconds * 1000;
  let silences = options.silences ?? [];

  /** What arrived before its node came back waits a little longer. */
  function releasedAt({ event, arrivedAt }: Holdable, now: number): number {
    const backAt = releases.get(event.node);
    if (backAt === undefined || arrivedAt > backAt) return 0;
    const until = backAt + RELEASE_AFTER_MS;
    return until > now ? until : 0;
  }

  /** Everything that can hold an entry, each with its end; 0, or one that is past, for no. */
  function holdsOn(entry: Holdable, now: number): Hold[] {
    const { node } = entry.event;
    const grace = { until: graceUntil, why: "right after the start" };
    const storm = { until: storms.heldUntil(entry.event, now), why: `${node}: ${STORM}` };
    if (!inhibit) return [grace, storm];
    return [
      grace,
      storm,
      { until: outages.heldUntil(entry.event, now), why: `${node} is offline` },
      {
        until: isolation.doubtedUntil(node, now),
        why: "this node's own link may be down",
      },
      { until: releasedAt(entry, now), why: `${node} has just come back` },
    ];
  }

  return {
    heardWell({ node, service }, key) {
      storms.well({ node, service });
      if (flaps.isBad(key)) flaps.well(key, clock.monotonic());
      if (!inhibit) return false;
      isolation.online(node);
      if (!outages.online(node)) return false;
      if (releases.size < MOST_RELEASES) releases.set(node, clock.monotonic());
      return true;
    },
    heardBad(event, key) {
      const { type, node, service, timestamp } = event;
      const now = clock.monotonic();
      flaps.bad(key, now);
      if (inhibit && type === "node_offline" && service === node) {
        isolation.heard(node);
        outages.offline(node, now, { toldMs: timestamp * 1000 });
        return isolation.offline(node, now) ? { kind: "isolated" } : undefined;
      }
      // What is told late tells of no storm now; who silenced it, or knows of the node, needs none.
      const isLate = clock.now() - timestamp * 1000 > options.stormWindowSeconds * 1000;
      if (
        isLate || event.redelivered || silenceFor(silences, event, clock.now()) ||
        outages.heldUntil(event, now) > now
      ) return undefined;
      const storm = storms.bad(event, now);
      return storm && { kind: "storm", storm };
    },
    muted(event, key) {
      const silence = silences.length > 0 && silenceFor(silences, event, clock.now());
      if (silence) return mutedAs("silenced", silence.reason);
      if (!flaps.isTold(key, clock.monotonic())) return undefined;
      return mutedAs("inhibited", "it flaps, and a person has been told");
    },
    heldUntil(entry) {
      const now = clock.monotonic();
      const grace = graceUntil > now ? graceUntil : 0;
      const storm = storms.heldUntil(entry.event, now);
      if (!inhibit) return Math.max(grace, storm);
      return Math.max(
        grace,
        storm,
        outages.heldUntil(entry.event, now),
        isolation.doubtedUntil(entry.event.node, now),
        releasedAt(entry, now),
      );
    },
    holding(entry) {
      const now = clock.monotonic();
      const holds = holdsOn(entry, now).filter(({ until }) => until > now);
      return holds.sort((one, other) => other.until - one.until)[0];
    },
    isFlapping: (key) => flaps.flapping(key, clock.monotonic()) > 0,
    verdict(event) {
      const changes = flaps.flapping(targetKey(event), clock.monotonic());
      if (changes === 0) return undefined;
      const minutes = Math.round(flapWindowSeconds / 60);
      return {
        action: "notify",
        node: event.node,
        service: event.service,
        reason: `flapping: it went bad and well ${changes} times within ${minutes} minutes; ` +
          "a restart each time does not mend that, a person should look",
        confidence: 1,
        requires_human: true,
      };
    },
    told: (event, agoMs = 0) => flaps.told(targetKey(event), clock.monotonic() - agoMs),
    setSilences: (current) => void (silences = current),
    redisLost: () => isolation.redisLost(clock.monotonic()),
    stormOver: storms.over,
    prune() {
      const now = clock.monotonic();
      storms.prune(now);
      flaps.prune(now);
      for (const [node, at] of releases) {
        if (now - at >= RELEASE_AFTER_MS) releases.delete(node);
      }
    },
  };
}

function mutedAs(outcome: "silenced" | "inhibited", detail: string): Objected {
  return { outcome, line: "event_muted", fields: { outcome, reason: detail }, detail };
}
