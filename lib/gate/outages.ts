/**
 * Nodes that are offline. While one is, and a person knows or is about to, its services' events are
 * consequences: they are held, not diagnosed; what is known of them goes on changing, and good news
 * always counts. It is remembered across runs: a restart of the agent brings no node back.
 *
 * @module
 */
import { putLast } from "../base/bounded_map.ts";
import type { Clock } from "../base/clock.ts";
import { elapsedSince } from "./cooldown.ts";
import type { Target } from "../event/target.ts";

/** Nodes remembered at once; past that the one that was heard of longest ago is forgotten. */
const MOST_NODES = 1_000;
/** That a node is still offline is written down again after so long, or for news later by as much. */
const WRITTEN_AGAIN_MS = 60_000;

/** What is remembered of nodes across runs; `atMs` is milliseconds since 1970. */
export type OutageRecord =
  /** The node was offline then; whether a person was told of it. */
  | { readonly is: "offline"; readonly node: string; readonly atMs: number; readonly told?: true }
  | { readonly is: "online"; readonly node: string };

interface OutagesOptions {
  readonly clock: Clock;
  /** An outage of which nothing was heard for so long holds nothing any more. */
  readonly longestMs: number;
  /** Whether a person is about to be told that a node is offline. */
  readonly isBeingTold: (node: string) => boolean;
  /** The open outages of an earlier run, by node. */
  readonly saved?: ReadonlyMap<string, Extract<OutageRecord, { is: "offline" }>>;
  readonly remember?: (record: OutageRecord) => void;
}

interface Outage {
  /** When the node was last said to be offline, monotonic milliseconds. */
  readonly at: number;
  readonly atMs: number;
  readonly told: boolean;
  /** When, and with which news, that was written down last. */
  readonly written?: { readonly at: number; readonly atMs: number };
}

export type Outages = ReturnType<typeof createOutages>;

/** Times named `...Ms` are milliseconds since 1970, all others monotonic milliseconds. */
export function createOutages(options: OutagesOptions) {
  const { clock, longestMs, isBeingTold, saved = new Map(), remember = () => {} } = options;
  const outages = new Map<string, Outage>();
  const [wall, started] = [clock.now(), clock.monotonic()];
  // Oldest first: when there are too many, the first one is forgotten.
  const found = [...saved.values()]
    .map(({ node, atMs, told = false }) => ({
      node,
      outage: { at: started - elapsedSince(atMs, wall), atMs, told },
    }))
    .sort((one, other) => one.outage.at - other.outage.at);
  for (const { node, outage } of found) set(node, outage);

  function open(node: string): Outage | undefined {
    const outage = outages.get(node);
    return outage && clock.monotonic() - outage.at < longestMs ? outage : undefined;
  }

  function set(node: string, outage: Outage) {
    putLast(outages, node, outage, MOST_NODES);
  }

  function recordOf(node: string, { atMs, told }: Outage): OutageRecord {
    return { is: "offline", node, atMs, ...(told && { told }) };
  }

  function write(node: string, outage: Outage) {
    set(node, { ...outage, written: { at: clock.monotonic(), atMs: outage.atMs } });
    remember(recordOf(node, outage));
  }

  return {
    /** A node went offline at `at`, which is `atMs`. */
    offline(node: string, at: number, atMs: number) {
      const known = open(node);
      // Older news of the same outage changes nothing.
      if (known && known.atMs > atMs) return;
      const last = known?.written;
      const outage = { at, atMs, told: known?.told ?? false, ...last && { written: last } };
      const isOld = !last || clock.monotonic() - last.at >= WRITTEN_AGAIN_MS;
      if (isOld || atMs - last.atMs >= WRITTEN_AGAIN_MS) write(node, outage);
      else set(node, outage);
    },
    /** A sign of life from `atMs`; true when the node was offline until then. */
    online(node: string, atMs: number): boolean {
      const outage = outages.get(node);
      if (!outage || outage.atMs > atMs) return false;
      outages.delete(node);
      remember({ is: "online", node });
      return true;
    },
    /** Whether a node is offline since before `atMs`. */
    isOffline: (node: string, atMs: number) => (open(node)?.atMs ?? Infinity) < atMs,
    told(node: string) {
      const outage = open(node);
      if (!outage || outage.told) return;
      write(node, { ...outage, told: true });
    },
    /** Until when a target's events are held, 0 when they are not. The node's own never are. */
    heldUntil({ node, service }: Target, now: number): number {
      if (service === node) return 0;
      const outage = outages.get(node);
      if (!outage || now - outage.at >= longestMs) return 0;
      return outage.told || isBeingTold(node) ? outage.at + longestMs : 0;
    },
    *snapshot(): Generator<OutageRecord> {
      for (const [node, outage] of outages) {
        if (open(node)) yield recordOf(node, outage);
      }
    },
  };
}
