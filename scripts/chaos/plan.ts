/**
 * What one seed does to the planners: which events are sent when, and what fails meanwhile. The
 * same for the same seed, so that a failing run can be made again.
 *
 * @module
 */
import { seededRandom } from "../soak/random.ts";
import { type Fault, planFaults } from "./faults.ts";

/** The streams of the agent. */
export const STREAMS = ["health_events", "world_updates"] as const;

/**
 * What a service goes through, which decides what must become of it:
 * `single`: one event that needs a diagnosis, so that losing it is losing the proposal; `busy`:
 * many of them; `ignored`: the model sees no need; `recovering`: it is well again after each;
 * `late`: its one fault is sent after news that it is over; `returning`: its one fault happened
 * after that news, whichever is sent first, so that losing it is losing the proposal.
 */
const KINDS = ["single", "busy", "ignored", "recovering", "late", "returning"] as const;
export type Kind = typeof KINDS[number];

export interface Service {
  readonly node: string;
  readonly service: string;
  readonly kind: Kind;
}

export interface PlannedEvent extends Service {
  /** When it is sent, milliseconds after the start. */
  readonly atMs: number;
  /** When it happened, in the same milliseconds: negative before the start. */
  readonly happenedMs: number;
  readonly stream: typeof STREAMS[number];
  readonly type: string;
  readonly severity: string;
}

export interface Plan {
  readonly seed: number;
  readonly services: readonly Service[];
  /** In the order of sending. */
  readonly events: readonly PlannedEvent[];
  readonly faults: readonly Fault[];
}

export interface PlanOptions {
  readonly seed: number;
  /** How many in all. */
  readonly events: number;
  readonly planners: number;
  /** Events and faults happen within this time, milliseconds. */
  readonly spanMs: number;
  /** Whether nothing fails. */
  readonly calm: boolean;
  /** Whether Redis is away for longer than a planner waits for it. */
  readonly longOutages: boolean;
}

const EVENTS_OF_A_SERVICE = 25;
const MOST_SERVICES = 200;
const NODES = ["solaria", "piha", "pihb", "nas", "edge"];
/** What `service_recovered` ends. */
const HEALTH = ["service_unhealthy", "container_exited"];
const BAD = [...HEALTH, "disk_pressure_high"];
/** Not those that say that a service is well: these would end what waits. */
const CHATTER = ["deployment_started", "deployment_completed", "remediation_started"];
const SEVERITIES = ["warning", "error", "critical"];
/** Of twelve services in a row. */
const MIX: readonly Kind[] = [
  ...["single", "busy", "single", "ignored", "late", "single"] as const,
  ...["busy", "recovering", "single", "returning", "busy", "single"] as const,
];
/** Two events of three are sent up to so much after they happened. */
const LONGEST_LAG_MS = 180_000;
/** News of a service is sent so often, so that every planner of a group may hear it. */
const NEWS = 3;
/** A `late` fault is sent so much after the news, and more: those who heard it know by then. */
const KNOWN_AFTER_MS = 1_500;

export function makePlan(options: PlanOptions): Plan {
  const { seed, spanMs } = options;
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(values: readonly T[]): T => {
    const value = values[below(values.length)];
    if (value === undefined) throw new Error("nothing to choose from");
    return value;
  };

  const count = Math.min(MOST_SERVICES, Math.ceil(options.events / EVENTS_OF_A_SERVICE));
  const services = Array.from({ length: count }, (_, n): Service => {
    const kind = MIX[n % MIX.length] ?? "busy";
    return { node: NODES[n % NODES.length] ?? "solaria", service: `${kind}-${n}`, kind };
  });

  const event = (service: Service, type: string, atMs = below(spanMs)): PlannedEvent => ({
    ...service,
    atMs,
    happenedMs: atMs - (below(3) === 0 ? 0 : below(LONGEST_LAG_MS)),
    stream: below(10) === 0 ? STREAMS[1] : STREAMS[0],
    type,
    severity: CHATTER.includes(type) || type === "service_recovered" ? "info" : oneOf(SEVERITIES),
  });

  /** That a service is well again, on either stream. */
  const news = (service: Service, atMs: number, happenedMs: number): PlannedEvent => ({
    ...event(service, "service_recovered", atMs),
    happenedMs,
    stream: oneOf(STREAMS),
  });

  function* ownEvents(service: Service): Generator<PlannedEvent> {
    switch (service.kind) {
      case "single":
        yield event(service, oneOf(BAD));
        return;
      case "busy":
        yield event(service, oneOf(BAD));
        yield event(service, oneOf(BAD));
        return;
      case "ignored":
        for (let n = 0; n < 6; n++) yield event(service, "service_unhealthy");
        return;
      case "recovering":
        for (let n = 0; n < 3; n++) {
          const bad = event(service, oneOf(BAD));
          yield bad;
          yield event(service, "service_recovered", Math.min(spanMs - 1, bad.atMs + below(1_000)));
        }
        return;
      case "late": {
        const bad = event(service, oneOf(HEALTH), KNOWN_AFTER_MS + below(spanMs - KNOWN_AFTER_MS));
        const wellMs = bad.atMs - KNOWN_AFTER_MS;
        const happenedMs = wellMs - below(LONGEST_LAG_MS);
        yield { ...bad, happenedMs: happenedMs - 1 - below(LONGEST_LAG_MS) };
        const fromMs = Math.max(0, happenedMs);
        for (let n = 0; n < NEWS; n++) {
          yield news(service, fromMs + below(wellMs - fromMs + 1), happenedMs);
        }
        return;
      }
      case "returning": {
        const bad = event(service, oneOf(HEALTH));
        yield bad;
        for (let n = 0; n < NEWS; n++) {
          const atMs = Math.max(0, Math.min(spanMs - 1, bad.atMs - 1_000 + below(2_000)));
          yield news(service, atMs, Math.min(atMs, bad.happenedMs - 1 - below(LONGEST_LAG_MS)));
        }
      }
    }
  }

  const events = services.flatMap((service) => [...ownEvents(service)]);
  const busy = services.filter(({ kind }) => kind === "busy");
  while (events.length < options.events) {
    const chatter = busy.length === 0 || below(10) < 3;
    events.push(chatter ? event(oneOf(services), oneOf(CHATTER)) : event(oneOf(busy), oneOf(BAD)));
  }
  events.sort((one, other) => one.atMs - other.atMs);
  return { seed, services, events, faults: options.calm ? [] : planFaults(options, random) };
}
