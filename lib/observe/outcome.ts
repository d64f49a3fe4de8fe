/**
 * What can become of a message. Every message that is received ends in exactly one of these, so
 * that the counts add up.
 *
 * @module
 */

export const OUTCOMES = [
  "malformed", // not a JSON object in UTF-8 of at most 1 MiB
  "unparseable", // an object, but not an event
  "benign", // needs no action
  "silenced", // an operator does not want to hear of it
  "inhibited", // its target flaps, and a person has been told
  "cooldown", // its target was proposed for, or ignored, a short while ago
  "coalesced", // a newer event of its target took its place
  "recovered", // its target recovered before it was diagnosed
  "dropped", // too many targets wait
  "expired", // no link answered for EVENT_TTL_SECONDS
  "held", // MAX_PENDING_PER_SERVICE proposals wait for a person already
  "ignored", // diagnosed: no action needed
  "proposed", // diagnosed: a proposal waits for a person
] as const;

export type Outcome = typeof OUTCOMES[number];

export type Counters = ReturnType<typeof createCounters>;
export type Counts = ReturnType<Counters["counts"]>;

/** How many messages were received, and how many ended in each outcome. */
export function createCounters() {
  let received = 0;
  const outcomes = Object.fromEntries(OUTCOMES.map((o) => [o, 0])) as Record<Outcome, number>;
  return {
    received: () => void received++,
    ended: (outcome: Outcome) => void outcomes[outcome]++,
    counts: () => ({ received, outcomes: { ...outcomes } }),
  };
}
