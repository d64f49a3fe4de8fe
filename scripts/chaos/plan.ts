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
 * many of them; `ignored`: the model sees no need; `recovering`: it is well again after each.
 */
const KINDS = ["single", "busy", "ignored", "recovering"] as const;
export type Kind = typeof KINDS[number];

export interface Service {
  readonly node: string;
  readonly service: string;
  readonly kind: Kind;
}

export interface PlannedEvent extends Service {
  /** When it is sent, milliseconds after the start. */
  readonly atMs: number;
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
const BAD = ["service_unhealthy", "container_exited", "disk_pressure_high"];
/** Not those that say that a service is well: these would end what waits. */
const CHATTER = ["deployment_started", "deployment_completed", "remediation_started"];
const SEVERITIES = ["warning", "error", "critical"];
/** Of ten services in a row. */
const MIX: readonly Kind[] = [
  ...["single", "busy", "single", "ignored", "single"] as const,
  ...["busy", "recovering", "single", "busy", "single"] as const,
];

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
    stream: below(10) === 0 ? STREAMS[1] : STREAMS[0],
    type,
    severity: CHATTER.includes(type) || type === "service_recovered" ? "info" : oneOf(SEVERITIES),
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
