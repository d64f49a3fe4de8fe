/**
 * The messages of a soak: everything a homelab and its worst day can send, in the same order for
 * the same seed.
 *
 * @module
 */
import { CHANNELS } from "../bench/events.ts";
import {
  hostileName,
  malformedMessage,
  nestedObject,
  noEvent,
  OVERSIZE_MESSAGE,
} from "./hostile.ts";
import { seededRandom } from "./random.ts";

/** What must become of a message; of "open" ones that depends on when the agent reads them. */
export const FATES = ["malformed", "unparseable", "benign", "silenced", "open"] as const;
export type Fate = typeof FATES[number];

export interface MixedMessage {
  readonly channel: typeof CHANNELS[number];
  readonly bytes: Uint8Array;
  readonly fate: Fate;
}

export interface MixOptions {
  readonly seed: number;
  /** Time of the first event, epoch seconds; later ones move on, if slower than the soak does. */
  readonly epochSeconds: number;
}

/** What config/silences.json holds during a soak: one in force, one that is over. */
export const SILENCES = {
  silences: [
    { node: "quiet-*", until: "2099-01-01T00:00:00Z", reason: "soak" },
    { node: "*", until: "2020-01-02T00:00:00Z", reason: "over long ago" },
  ],
};

const NODES = ["solaria", "piha", "pihb", "nas", "edge"];
const HOT_SERVICES = 16;
const FLAPPING_SERVICES = 40;
const KNOWN_SERVICES = 3_000;
const MESSAGES_PER_SECOND = 10_000;

const LONG_LOG = "Jan 02 03:04:05 piha app[7]: GET /health 503 password=hunter2 é ".repeat(3_000);
const DEEP = nestedObject(20_000);

const encoder = new TextEncoder();

type Draft = { readonly fate: Fate; readonly body: Uint8Array | object | string };

/** Makes the function that gives the next message, without end. */
export function createMix({ seed, epochSeconds }: MixOptions): () => MixedMessage {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const nodeOf = (n: number) => NODES[n % NODES.length] ?? "solaria";
  const down = new Set<string>();
  const bad = new Set<number>();
  let nth = 0;

  const open = (service: string, n: number, more: object = {}): Draft => ({
    fate: "open",
    body: event("service_unhealthy", { node: nodeOf(n), service, ...more }),
  });

  function event(type: string, more: object): object {
    const timestamp = epochSeconds + Math.floor(nth / MESSAGES_PER_SECOND);
    return { type, severity: "error", payload: { exit_code: 137, i: nth }, timestamp, ...more };
  }

  /** A target that takes turns between bad and well. */
  function turn(n: number, service: string): Draft {
    if (!bad.delete(n)) {
      bad.add(n);
      return open(service, n);
    }
    const type = n % 2 === 0 ? "service_healthy" : "service_recovered";
    return { fate: "benign", body: event(type, { node: nodeOf(n), service }) };
  }

  function outage(): Draft {
    const node = nodeOf(below(NODES.length));
    if (down.delete(node)) return { fate: "benign", body: event("node_online", { node }) };
    down.add(node);
    return { fate: "open", body: event("node_offline", { node, severity: "critical" }) };
  }

  function controlPlane(): Draft {
    const types = ["deployment_started", "deployment_completed", "remediation_started"];
    const n = below(KNOWN_SERVICES);
    const details = { service: `known-${n}`, i: nth };
    const event_type = types[n % types.length];
    return { fate: "benign", body: { event_type, node: nodeOf(n), details } };
  }

  const kinds: readonly (readonly [weight: number, make: () => Draft])[] = [
    [38_000, () => ({
      fate: "benign",
      body: event("service_healthy", { node: nodeOf(nth), service: `well-${below(50)}` }),
    })],
    [25_000, () => {
      const n = below(HOT_SERVICES);
      return open(`hot-${n}`, n);
    }],
    [8_000, () => open(`single-${nth}`, nth, { severity: nth % 3 === 0 ? "warning" : "error" })],
    // Served first and dropped last: of those that fail, some are given up.
    [200, () => open(`urgent-${nth}`, nth, { severity: "critical" })],
    [2_000, () => open(hostileName(nth), nth)],
    [4_000, () => {
      const n = below(KNOWN_SERVICES);
      return turn(1_000_000 + n, `known-${n}`);
    }],
    [4_000, () => {
      const n = below(FLAPPING_SERVICES);
      return turn(n, `flapping-${n}`);
    }],
    [30, outage],
    [6_000, controlPlane],
    [6_000, () => {
      const node = `quiet-${below(9)}`;
      const body = event("disk_pressure_high", { node, service: `disk-${below(500)}` });
      return { fate: "silenced", body };
    }],
    [3_000, () => ({ fate: "malformed", body: malformedMessage(nth) })],
    [2_000, () => ({ fate: "unparseable", body: noEvent(nth) })],
    [200, () => open(`hot-${below(HOT_SERVICES)}`, 0, { timestamp: `yesterday ${nth}` })],
    [40, () => open(`large-${below(200)}`, 1, { payload: { log: LONG_LOG, i: nth } })],
    [10, () => {
      const head = `{"type":"service_unhealthy","node":"nas","service":"deep-${below(50)}"`;
      return { fate: "open", body: `${head},"payload":${DEEP}}` };
    }],
    [5, () => ({ fate: "malformed", body: OVERSIZE_MESSAGE })],
  ];
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);

  function draft(): Draft {
    let point = below(total);
    for (const [weight, make] of kinds) {
      if (point < weight) return make();
      point -= weight;
    }
    throw new Error("the weights do not add up");
  }

  return () => {
    nth++;
    const { fate, body } = draft();
    const channel = CHANNELS[below(10) === 0 ? 1 : 0];
    if (body instanceof Uint8Array) return { channel, bytes: body, fate };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return { channel, bytes: encoder.encode(text), fate };
  };
}
