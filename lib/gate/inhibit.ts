/**
 * Inhibition: while a node is offline, its services' events are consequences. They are held, not
 * diagnosed; what is known of them goes on changing, and a recovery always counts.
 *
 * @module
 */
import type { Target } from "../event/target.ts";

/** Nodes remembered at once; past that the one that was heard of longest ago is forgotten. */
export const MOST_NODES = 1_000;

/** Times are monotonic milliseconds. */
export interface Inhibitions {
  /** A node went offline; at `toldMs` (milliseconds since 1970), as far as it is told. */
  offline(node: string, now: number, options?: { readonly toldMs?: number }): void;
  /** A sign of life; true when the node was offline until now. */
  online(node: string): boolean;
  /** Until when a target's events are held, 0 when they are not. The node's own never are. */
  heldUntil(target: Target, now: number): number;
  /** Nodes that are offline, and when that was last heard. */
  open(now: number): [node: string, since: number][];
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
    open: (now) => [...since].filter(([node]) => isOpen(node, now)),
  };
}
