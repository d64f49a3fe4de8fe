/** Transport failures in a row that open it. */
const FAILURES_TO_OPEN = 3;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 300_000;

/**
 * A circuit breaker: a link that failed several times in a row is left alone for a while, then
 * tried by one request. Pure: state and event in, state out; times are monotonic milliseconds.
 */
export interface Breaker {
  readonly state: "closed" | "open" | "half_open";
  /** Transport failures in a row. */
  readonly failures: number;
  /** How long the last opening was, 0 when there was none since the last success. */
  readonly waitMs: number;
  /** When an open one lets a probe through; 0 when it is not open. */
  readonly until: number;
}

export const CLOSED: Breaker = { state: "closed", failures: 0, waitMs: 0, until: 0 };

/** "begin" is a request on its way; each is followed by one of the others. */
export type BreakerEvent = "begin" | "success" | "failure" | "abandoned";

/** Whether a request may be sent now. A half-open breaker waits for its one probe. */
export function allows(breaker: Breaker, now: number): boolean {
  return breaker.state === "closed" || (breaker.state === "open" && now >= breaker.until);
}

/** The breaker after `event` at `now`. */
export function advance(breaker: Breaker, event: BreakerEvent, now: number): Breaker {
  switch (event) {
    case "begin":
      return breaker.state === "open" && now >= breaker.until
        ? { ...breaker, state: "half_open", until: 0 }
        : breaker;
    case "success":
      return CLOSED;
    case "abandoned":
      // Nothing was learned: the next request may probe at once.
      return breaker.state === "half_open" ? { ...breaker, state: "open", until: now } : breaker;
    case "failure": {
      const failures = breaker.failures + 1;
      // A late failure of a request sent before the opening, or past it, adds no waiting.
      if (breaker.state === "open") return { ...breaker, failures };
      if (failures < FAILURES_TO_OPEN) return { ...breaker, failures };
      const waitMs = Math.min(LONGEST_WAIT_MS, breaker.waitMs * 2 || FIRST_WAIT_MS);
      return { state: "open", failures, waitMs, until: now + waitMs };
    }
  }
}
