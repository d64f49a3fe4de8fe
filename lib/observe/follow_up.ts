/**
 * What becomes of announced proposals that nobody has decided: a second message is due when there is
 * nothing to decide any more.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { cures } from "../event/cures.ts";
import { newsOf } from "../event/news.ts";
import { type Target, targetKey } from "../event/target.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { Decided, Ending } from "./ending.ts";

/** The most proposals that are followed; beyond that the oldest are dropped. */
const MOST_FOLLOWED = 1_000;
const HOUR_MS = 3_600_000;

/** An announced proposal needs no decision any more. */
export interface FollowUp {
  readonly kind:
    | "recovered" // its target is well again
    | "superseded" // another one was decided, or a newer one says something else
    | "expired"; // it is past its `valid_until`
  readonly file: ActionFile;
  /** What took its place. */
  readonly by?: string | undefined;
}

interface Followed {
  readonly file: ActionFile;
  cancel: () => void;
}

/** Follows what was proposed since the agent started; each is told of once at most. */
export function createFollowUps(
  { clock, tell }: { readonly clock: Clock; readonly tell: (what: FollowUp) => void },
) {
  const followed = new Map<string, Followed>();
  /** Nearly every event is about a target that nothing is proposed for. */
  const byTarget = new Map<string, Map<string, ActionFile>>();

  function leave(actionId: string): void {
    const found = followed.get(actionId);
    if (!found) return;
    found.cancel();
    followed.delete(actionId);
    const key = targetKey(found.file);
    byTarget.get(key)?.delete(actionId);
    if (byTarget.get(key)?.size === 0) byTarget.delete(key);
  }

  function end(file: ActionFile, kind: FollowUp["kind"], by?: string): void {
    leave(file.action_id);
    tell({ kind, file, by });
  }

  const filesOf = (target: Target) => [...byTarget.get(targetKey(target))?.values() ?? []];

  /** An hour at a time: the wall clock may jump meanwhile. */
  function waitForEnd(one: Followed): void {
    const leftMs = Date.parse(one.file.payload.valid_until) - clock.now();
    if (leftMs <= 0) end(one.file, "expired");
    else one.cancel = clock.after(Math.min(leftMs, HOUR_MS), () => waitForEnd(one));
  }

  return {
    onProposed(file: ActionFile): void {
      const { action, valid_until } = file.payload;
      for (const other of filesOf(file)) {
        if (other.payload.action !== action) end(other, "superseded", file.action_id);
      }
      // The announcement of an expired proposal already says that it is too late.
      if (!(clock.now() < Date.parse(valid_until))) return;
      const one: Followed = { file, cancel: () => {} };
      followed.set(file.action_id, one);
      const key = targetKey(file);
      byTarget.set(key, (byTarget.get(key) ?? new Map()).set(file.action_id, file));
      waitForEnd(one);
      const [oldest] = followed.keys();
      if (followed.size > MOST_FOLLOWED && oldest !== undefined) leave(oldest);
    },
    onDecided({ actionId, action, node, service }: Decided): void {
      leave(actionId);
      for (const other of filesOf({ node, service })) {
        if (other.payload.action === action) end(other, "superseded", actionId);
      }
    },
    onEnding({ event }: Ending): void {
      if (event === undefined || !("payload" in event) || !byTarget.has(targetKey(event))) return;
      if (newsOf(event) !== "recovery") return;
      for (const file of filesOf(event)) {
        const isLater = event.timestamp > file.timestamp;
        if (isLater && cures(event.type, file.source_event)) end(file, "recovered");
      }
    },
    close(): void {
      for (const actionId of [...followed.keys()]) leave(actionId);
    },
  };
}
