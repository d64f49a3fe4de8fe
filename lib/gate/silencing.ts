import type { Clock } from "../base/clock.ts";
import type { Holdable, Holder } from "./hold.ts";
import { mutedAs, type Objection } from "./objection.ts";
import { type Silence, silenceFor, silenceState } from "./silences.ts";

/**
 * The silences as they are now, for the gate. What is silenced for no longer than `waitsForMs`
 * milliseconds waits, and is looked at when that ends.
 */
export function createSilencing(
  silences: readonly Silence[],
  { clock, waitsForMs }: { readonly clock: Clock; readonly waitsForMs: number },
) {
  function silenced(event: Holdable["event"]) {
    if (silences.length === 0) return undefined;
    const now = clock.now();
    const silence = silenceFor(silences, event, now);
    if (!silence) return undefined;
    const lastsMs = silence.untilMs - now;
    return { reason: silence.reason, lastsMs, waits: lastsMs <= waitsForMs };
  }

  const holder: Holder = {
    until({ event }, now) {
      const silence = silenced(event);
      return silence?.waits ? now + silence.lastsMs : 0;
    },
    why: ({ event }) => `silenced: ${silenced(event)?.reason}`,
  };

  const muted: Objection = (event) => {
    const silence = silenced(event);
    return silence && !silence.waits ? mutedAs("silenced", silence.reason) : undefined;
  };

  return {
    silenced,
    holder,
    muted,
    set: (current: readonly Silence[]) => void (silences = current),
    /** Milliseconds until the next silence begins, Infinity when none is to come. */
    nextBeginsIn() {
      const now = clock.now();
      const toCome = silences.filter((silence) => silenceState(silence, now) === "to come");
      return Math.min(...toCome.map(({ fromMs = now }) => fromMs - now));
    },
  };
}
