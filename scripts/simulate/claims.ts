/**
 * Claims that several planners share, as on a Redis that is always there: a target is one
 * planner's at a time, and a cooldown is everybody's.
 *
 * @module
 */
import type { Clock } from "../../lib/base/clock.ts";
import type { Coordination } from "../../lib/coordination/coordination.ts";
import { targetKey } from "../../lib/event/target.ts";

/** Whoever finds a target taken asks again after this, as with COORDINATION=redis. */
const AGAIN_MS = 10_000;

interface Held {
  readonly by: string;
  /** When the cooldown ends; undefined while its planner works. */
  until: number | undefined;
}

/** Makes the coordination of each planner by its name. */
export function sharedClaims(clock: Clock): (name: string) => Coordination {
  const held = new Map<string, Held>();
  return (name) => ({
    claim(target) {
      const key = targetKey(target);
      const other = held.get(key);
      if (other && other.until === undefined) {
        return Promise.resolve({ kind: "taken", by: other.by, againMs: AGAIN_MS });
      }
      const remainingMs = (other?.until ?? 0) - clock.monotonic();
      if (other && remainingMs > 0) {
        return Promise.resolve({ kind: "cooling", by: other.by, remainingMs });
      }
      const own: Held = { by: name, until: undefined };
      held.set(key, own);
      return Promise.resolve({
        kind: "claimed",
        claim: {
          shared: true,
          fence: () => Promise.resolve(true),
          settle(cooldownMs) {
            own.until = clock.monotonic() + cooldownMs;
            return Promise.resolve();
          },
          release() {
            if (own.until === undefined) held.delete(key);
            return Promise.resolve();
          },
        },
      });
    },
    close: () => Promise.resolve(),
  });
}
