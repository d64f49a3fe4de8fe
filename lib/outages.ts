/**
 * Nodes that are offline, remembered across runs: a restart of the agent brings no node back.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import { elapsedSince } from "./cooldown.ts";
import { createInhibitions, type Inhibitions, MOST_NODES } from "./inhibit.ts";
import type { Journal } from "./journal.ts";
import type { SavedState, StateRecord } from "./state.ts";

/** That a node is still offline is written down so often at most. */
const WRITTEN_AGAIN_MS = 60_000;

export interface Outages extends Inhibitions {
  /** Takes over what an earlier run left. */
  restore(saved: Pick<SavedState, "offline">): void;
  /** From now on every change goes to this journal. */
  attach(journal: Pick<Journal, "append">): void;
  /** Everything that must survive a restart. */
  snapshot(): Generator<StateRecord>;
}

export function createOutages(
  { clock, longestMs }: { readonly clock: Clock; readonly longestMs: number },
): Outages {
  const inhibitions = createInhibitions({ longestMs });
  /** When it was last written down, and how old the news was when it came. */
  const written = new Map<string, { readonly at: number; readonly lateMs: number }>();
  let journal: Pick<Journal, "append"> | undefined;

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
