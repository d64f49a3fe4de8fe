/**
 * Silences: what an operator does not want to hear of until a certain time, and why.
 *
 * @module
 */
import type { HealthEvent } from "../event/event.ts";
import { globMatches } from "../base/glob.ts";

/** One silence. Patterns are for {@linkcode globMatches}; what is left out holds for every event. */
export interface Silence {
  readonly node?: string;
  readonly service?: string;
  readonly type?: string;
  /** When it ends, wall-clock milliseconds. From then on it is inert. */
  readonly untilMs: number;
  /** Why, for the log and the history. */
  readonly reason: string;
}

/** The first silence in force that an event falls under. */
export function silenceFor(
  silences: readonly Silence[],
  event: Pick<HealthEvent, "node" | "service" | "type">,
  nowMs: number,
): Silence | undefined {
  return silences.find(({ node, service, type, untilMs }) =>
    nowMs < untilMs &&
    (node === undefined || globMatches(node, event.node)) &&
    (service === undefined || globMatches(service, event.service)) &&
    (type === undefined || globMatches(type, event.type))
  );
}
