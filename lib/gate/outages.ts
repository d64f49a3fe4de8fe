/**
 * Nodes that are offline, remembered across runs: a restart of the agent brings no node back.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { elapsedSince } from "./cooldown.ts";
import { createInhibitions, type Inhibitions, MOST_NODES } from "./inhibit.ts";

/** That a node is still offline is written down so often at most. */
const WRITTEN_AGAIN_MS = 60_000;

/** What is remembered of nodes across runs; `atMs` is milliseconds since 1970. */
export type OutageRecord =
  /** The node was heard to be offline. */
  | { readonly is: "offline"; readonly node: string; readonly atMs: number }
  /** The node is back. */
  | { readonly is: "online"; readonly node: string };

/** The open outages of an earlier run, by node. */
type OpenOutages = ReadonlyMap<string, Extract<OutageRecord, { is: "offline" }>>;

interface OutageJournal {
  append(record: OutageRecord): void;
}

export interface Outages extends Inhibitions {
  /** Takes over what an earlier run left. */
  restore(saved: { readonly offline: OpenOutages }): void;
  /** From now on every change goes to this journal. */
  attach(journal: OutageJournal): void;
  /** Everything that must survive a restart. */
  snapshot(): Generator<OutageRecord>;
}

export function createOutages(
  { clock, longestMs }: { readonly clock: Clock; readonly longestMs: number },
): Outages {
  const inhibitions = createInhibitions({ longestMs });
  /** When it was last written down, and how old the news was when it came. */
  const written = new Map<string, { readonly at: number; readonly lateMs: number }>();
  let journal: OutageJournal | undefined;

  function write(node: string, now: number, toldMs: number) {
    if (now - (written.get(node)?.at ?? -Infinity) < WRITTEN_AGAIN_MS) return;
    if (written.size >= MOST_NODES) written.clear();
    // An outage of last week, read from a file, must not hold anything in the next run.
    const lateMs = Math.max(0, clock.now() - toldMs);
    written.set(node, { at: now, lateMs });
    journal?.append({ is: "offline", node, atMs: clock.now() - lateMs });
  }

  return {
    ...inhibitions,
    offline(node, now, { toldMs = clock.now() } = {}) {
      inhibitions.offline(node, now);
      write(node, now, toldMs);
    },
    online(node) {
      written.delete(node);
      const wasOffline = inhibitions.online(node);
      if (wasOffline) journal?.append({ is: "online", node });
      return wasOffline;
    },
    restore({ offline }) {
      const [wall, now] = [clock.now(), clock.monotonic()];
      const ages = [...offline.values()].map(({ node, atMs }) => ({
        node,
        elapsedMs: elapsedSince(atMs, wall),
      }));
      // The one that is forgotten first, if there are too many, is the oldest.
      ages.sort((one, other) => other.elapsedMs - one.elapsedMs);
      for (const { node, elapsedMs } of ages) inhibitions.offline(node, now - elapsedMs);
    },
    attach: (opened) => void (journal = opened),
    *snapshot() {
      const [wall, now] = [clock.now(), clock.monotonic()];
      for (const [node, since] of inhibitions.open(now)) {
        const { lateMs = 0 } = written.get(node) ?? {};
        yield { is: "offline", node, atMs: wall - (now - since) - lateMs };
      }
    },
  };
}
