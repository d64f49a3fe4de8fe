/**
 * Inhibition: while a node is offline, its services' events are consequences. They are held, not
 * diagnosed; what is known of them goes on changing, and a recovery always counts.
 *
 * @module
 */
import type { Target } from "./target.ts";

const MOST_NODES = 1_000;

/** Times are monotonic milliseconds. */
export interface Inhibitions {
  /** A node went offline. */
  offline(node: string, now: number): void;
  /** A sign of life; true when the node was offline until now. */
  online(node: string): boolean;
  /** Until when a target's events are held, 0 when they are not. The node's own never are. */
  heldUntil(target: Target, now: number): number;
  /** Nodes that are offline. */
  nodes(now: number): string[];
}

/** An outage of which nothing was heard for `longestMs` holds nothing any more. */
export function createInhibitions({ longestMs }: { longestMs: number }): Inhibitions {
  const since = new Map<string, number>();
  const isOpen = (node: string, now: number) => {
    const at = since.get(node);
    return at !== undefined && now - at < longestMs;
  };
  return {
    offline(node, now) {
      since.delete(node);
      since.set(node, now);
      if (since.size <= MOST_NODES) return;
      for (const oldest of since.keys()) {
        since.delete(oldest);
        break;
      }
    },
    online: (node) => since.delete(node),
    heldUntil({ node, service }, now) {
      if (service === node || !isOpen(node, now)) return 0;
      return (since.get(node) ?? now) + longestMs;
    },
    nodes: (now) => [...since.keys()].filter((node) => isOpen(node, now)),
  };
}
