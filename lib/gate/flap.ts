/**
 * Flapping: a target that goes bad and well again and again needs a look, not another restart.
 *
 * What counts is when it changed, not when that was heard: hours of a stream, read in a second, are
 * no flapping, and news that is older than what is known changes nothing.
 *
 * @module
 */
import { putLast } from "../base/bounded_map.ts";
import type { Clock } from "../base/clock.ts";
import type { Diagnosis } from "../llm/diagnosis.ts";
import { elapsedSince } from "./cooldown.ts";
import { type Target, targetKey, targetOf } from "../event/target.ts";

/** Targets remembered at once; past that the one that changed longest ago is forgotten. */
const MOST_TARGETS = 10_000;

/** What is remembered of a target that may flap; times are milliseconds since 1970. */
export interface FlapRecord {
  readonly is: "flaps";
  readonly target: Target;
  readonly bad: boolean;
  readonly changesMs: readonly number[];
  /** When a person was last told, and how grave the fault was. */
  readonly told?: { readonly atMs: number; readonly gravity: number };
}

interface Told {
  readonly at: number;
  readonly gravity: number;
}

interface Ups {
  bad: boolean;
  at: number;
  /** When it last changed, newest last; no more than are needed to call it flapping. */
  changes: number[];
  told?: Told | undefined;
}

interface FlapOptions {
  /** Changes within the window that make a target flap; 0 turns the detection off. */
  readonly changes: number;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly saved?: Iterable<FlapRecord> | undefined;
  readonly remember?: ((record: FlapRecord) => void) | undefined;
}

/** Times are monotonic milliseconds, and may lie in the past. */
export function createFlaps(options: FlapOptions) {
  const { changes: enough, windowMs, clock, saved = [], remember = () => {} } = options;
  /** In the order of the last change. */
  const targets = new Map<string, Ups>();
  for (const record of saved) restore(record);

  function restore({ target, bad, changesMs, told }: FlapRecord) {
    const [wall, now] = [clock.now(), clock.monotonic()];
    const then = (ms: number) => now - elapsedSince(ms, wall);
    const changes = changesMs.map(then).slice(-enough);
    const at = changes.at(-1) ?? now;
    const before = told && { at: then(told.atMs), gravity: told.gravity };
    if (enough > 0) targets.set(targetKey(target), { bad, at, changes, told: before });
  }

  function recordOf(key: string, { bad, changes, told }: Ups): FlapRecord {
    const offset = clock.now() - clock.monotonic();
    return {
      is: "flaps",
      target: targetOf(key),
      bad,
      changesMs: changes.map((at) => Math.round(at + offset)),
      ...(told && { told: { atMs: Math.round(told.at + offset), gravity: told.gravity } }),
    };
  }

  /** How often a flapping target changed within the window before now; 0 while it does not flap. */
  function flapping(key: string): number {
    const target = targets.get(key);
    if (!target || target.changes.length < enough) return 0;
    const now = clock.monotonic();
    const recent = target.changes.filter((at) => now - at < windowMs).length;
    return recent >= enough ? recent : 0;
  }

  /** Takes note of news; false of a target that is not known. */
  function heard(key: string, bad: boolean, at: number): boolean {
    const target = targets.get(key);
    if (!target || at < target.at) return target !== undefined;
    target.at = at;
    if (target.bad === bad) return true;
    target.bad = bad;
    target.changes.push(at);
    if (target.changes.length > enough) target.changes.shift();
    putLast(targets, key, target, MOST_TARGETS);
    // A single change is what every fault begins with.
    if (target.changes.length > 1) remember(recordOf(key, target));
    return true;
  }

  return {
    bad(key: string, at: number) {
      const isNew = !heard(key, true, at) && enough > 0;
      if (isNew) putLast(targets, key, { bad: true, at, changes: [] }, MOST_TARGETS);
    },
    well: (key: string, at: number) => void heard(key, false, at),
    /** Whether the newest news of the target is that something is wrong. */
    isBad: (key: string) => targets.get(key)?.bad === true,
    flapping,
    /** A person was told of a fault as grave as that. */
    told(key: string, told: Told) {
      const target = targets.get(key);
      if (!target) return;
      target.told = told;
      remember(recordOf(key, target));
    },
    /** Whether a person was told within the window of faults as grave as that, or of any. */
    isTold(key: string, gravity = Infinity): boolean {
      const told = targets.get(key)?.told;
      return told !== undefined && gravity >= told.gravity &&
        clock.monotonic() - told.at < windowMs && flapping(key) > 0;
    },
    prune() {
      const now = clock.monotonic();
      for (const [key, { bad, changes, at }] of targets) {
        if (!bad && now - (changes.at(-1) ?? at) >= windowMs) targets.delete(key);
      }
    },
    *snapshot(): Generator<FlapRecord> {
      const now = clock.monotonic();
      for (const [key, target] of targets) {
        const isRecent = now - (target.changes.at(-1) ?? -Infinity) < windowMs;
        if (target.changes.length > 1 && isRecent) yield recordOf(key, target);
      }
    },
  };
}

/** What a person is told of a target that changed so often within so many minutes. */
export function flappingDiagnosis(
  { node, service }: Target,
  changes: number,
  minutes: number,
): Diagnosis {
  return {
    action: "notify",
    node,
    service,
    reason:
      `flapping: it went bad and well ${changes} times within ${Math.round(minutes)} minutes; ` +
      "a restart each time does not mend that, a person should look",
    confidence: 1,
    requires_human: true,
  };
}
