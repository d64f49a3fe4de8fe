import { isObject } from "../base/json.ts";
import type { HealthEvent } from "./event.ts";
import { kindOf } from "./family.ts";
import { cleanedName } from "./parse.ts";

/** Containers of one message that become events of their own; the rest stays with the node's. */
const MOST_CONTAINERS = 64;

const OF_CONTAINERS = /(?:^|_)containers?(?:_|$)/;

/**
 * An event of a whole node whose payload names containers becomes one event each, in the same
 * order; any other is itself. What has no usable name, or is one too many, stays in an event of the
 * node, which comes last.
 */
export function eachContainer(event: HealthEvent): readonly HealthEvent[] {
  if (event.service !== event.node || !Array.isArray(event.payload["containers"])) return [event];
  const { containers, ...payload } = event.payload;
  const entries: readonly unknown[] = Array.isArray(containers) ? containers : [];
  if (entries.length === 0 || !OF_CONTAINERS.test(kindOf(event.type).form)) return [event];
  const events = new Map<string, HealthEvent>();
  const others: unknown[] = [];
  for (const container of entries) {
    const name = nameOfContainer(container);
    if (name === "" || !events.has(name) && events.size >= MOST_CONTAINERS) others.push(container);
    else if (!events.has(name)) {
      events.set(name, { ...event, service: name, payload: { ...payload, container } });
    }
  }
  if (others.length === 0) return [...events.values()];
  return [...events.values(), { ...event, payload: { ...payload, containers: others } }];
}

/** Docker's own names begin with a slash. */
function nameOfContainer(container: unknown): string {
  const told = isObject(container) ? container["name"] ?? container["Names"] : container;
  const first: unknown = Array.isArray(told) ? told[0] : told;
  return (cleanedName(first) ?? "").replace(/^\//, "");
}
