/**
 * Self-isolation: when Redis was just lost and most nodes seem to go offline within a minute, the
 * fault is our own link, not theirs.
 *
 * @module
 */

/** Nodes going offline this soon after Redis was lost may be our own fault. */
const SUSPICIOUS_MS = 120_000;
/** ... when most of them do so within this. */
const TOGETHER_MS = 60_000;
/** How far behind the clock of the reporting node may be. */
const SKEW_MS = 5_000;
/** How long we hold ourselves to be cut off, unless a node is heard of again. */
const LASTING_MS = 300_000;
const MOST_NODES = 1_000;

/**
 * Times are monotonic milliseconds.
 *
 * @param topology the nodes that it names now: they count, heard of or not
 */
export function createIsolation(topology: () => readonly string[]) {
  const heardOf = new Set<string>();
  const offlineAt = new Map<string, number>();
  let lostAt = -Infinity;
  let isolatedUntil = -Infinity;

  return {
    redisLost(now: number) {
      lostAt = now;
      offlineAt.clear();
    },
    heard(node: string) {
      if (heardOf.has(node)) return;
      if (heardOf.size + topology().length < MOST_NODES) heardOf.add(node);
    },
    /** A node seems to be offline; true when that shows that we are cut off ourselves. */
    offline(node: string, now: number): boolean {
      const sinceLost = now - lostAt;
      if (sinceLost < -SKEW_MS || sinceLost >= SUSPICIOUS_MS) return false;
      if (offlineAt.size >= MOST_NODES) return false;
      offlineAt.set(node, now);
      const together = [...offlineAt.values()].filter((at) => now - at < TOGETHER_MS).length;
      const known = heardOf.union(new Set(topology())).size;
      if (together < 2 || together * 2 <= known || now < isolatedUntil) return false;
      isolatedUntil = now + LASTING_MS;
      return true;
    },
    /** A node is heard of again: we are not cut off. True when we were taken to be. */
    online(node: string): boolean {
      if (!offlineAt.delete(node)) return false;
      const wasIsolated = isolatedUntil > -Infinity;
      isolatedUntil = -Infinity;
      return wasIsolated;
    },
    /** Until when a node's outage is doubted or held to be our own fault, 0 when it is real. */
    doubtedUntil(node: string, now: number): number {
      const at = offlineAt.get(node);
      if (at === undefined) return 0;
      const until = now < isolatedUntil ? isolatedUntil : at + TOGETHER_MS;
      return until > now ? until : 0;
    },
  };
}
