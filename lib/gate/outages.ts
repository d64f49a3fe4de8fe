/**
 * Nodes that are offline. While one is, its services' events are consequences: they are held, not
 * diagnosed; what is known of them goes on changing, and a recovery always counts. It is
 * remembered across runs: a restart of the agent brings no node back.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { elapsedSince } from "./cooldown.ts";
import type { Target } from "../event/target.ts";

/** Nodes remembered at once; past that the one that was heard of longest ago is forgotten. */
const MOST_NODES = 1_000;
/** That a node is still offline is written down so often at most. */
const WRITTEN_AGAIN_MS = 60_000;

/** What is remembered of nodes across runs; `atMs` is milliseconds since 1970. */
export type OutageRecord =
  /** The node was heard to be offline. */
  | { readonly is: "offline"; readonly node: string; readonly atMs: number }
  /** The node is back. */
  | { readonly is: "online"; readonly node: string };

interface OutagesOptions {
  readonly clock: Clock;
  /** An outage of which nothing was heard for so long holds nothing any more. */
  readonly longestMs: number;
  /** The open outages of an earlier run, by node. */
  readonly saved?: ReadonlyMap<string, Extract<OutageRecord, { is: "offline" }>>;
  /** Writes down a change. */
  readonly remember?: (record: OutageRecord) => void;
}

/** Times are monotonic milliseconds. */
export interface Outages {
  /** A node went offline; at `toldMs` (milliseconds since 1970), as far as it is told. */
  offline(node: string, now: number, options?: { readonly toldMs?: number }): void;
  /** A sign of life; true when the node was offline until now. */
  online(node: string): boolean;
  /** Until when a target's events are held, 0 when they are not. The node's own never are. */
  heldUntil(target: Target, now: number): number;
  /** Everything that must survive a restart. */
  snapshot(): Generator<OutageRecord>;
}

export function createOutages(options: OutagesOptions): Outages {
  const { clock, longestMs, saved = new Map(), remember = () => {} } = options;
  const since = new Map<string, number>();
  /** When it was last written down, and how old the news was when it came. */
  const written = new Map<string, { readonly at: number; readonly lateMs: number }>();
  restore();

  const isOpen = (node: string, now: number) => {
    const at = since.get(node);
    return at !== undefined && now - at < longestMs;
  };

  function open(node: string, at: number) {
    since.delete(node);
    since.set(node, at);
    if (since.size <= MOST_NODES) return;
    for (const oldest of since.keys()) {
      since.delete(oldest);
      break;
    }
  }

  function restore() {
    const [wall, now] = [clock.now(), clock.monotonic()];
    const ages = [...saved.values()].map(({ node, atMs }) => ({
      node,
      elapsedMs: elapsedSince(atMs, wall),
    }));
    // The one that is forgotten first, if there are too many, is the oldest.
    ages.sort((one, other) => other.elapsedMs - one.elapsedMs);
    for (const { node, elapsedMs } of ages) open(node, now - elapsedMs);
  }

  function write(node: string, now: number, toldMs: number) {
    if (now - (written.get(node)?.at ?? -Infinity) < WRITTEN_AGAIN_MS) return;
    if (written.size >= MOST_NODES) written.clear();
    // An outage of last week, read from a file, must not hold anything in the next run.
    const lateMs = Math.max(0, clock.now() - toldMs);
    written.set(node, { at: now, lateMs });
    remember({ is: "offline", node, atMs: clock.now() - lateMs });
  }

  return {
    offline(node, now, { toldMs = clock.now() } = {}) {
      open(node, now);
      write(node, now, toldMs);
    },
    online(node) {
      written.delete(node);
      const wasOffline = since.delete(node);
      if (wasOffline) remember({ is: "online", node });
      return wasOffline;
    },
    heldUntil({ node, service }, now) {
      if (service === node || !isOpen(node, now)) return 0;
      return (since.get(node) ?? now) + longestMs;
    },
    *snapshot() {
      const [wall, now] = [clock.now(), clock.monotonic()];
      for (const [node, at] of since) {
        if (!isOpen(node, now)) continue;
        const { lateMs = 0 } = written.get(node) ?? {};
        yield { is: "offline", node, atMs: wall - (now - at) - lateMs };
      }
    },
  };
}
