/**
 * After a stop or a crash: finds out what became of the proposals that were about to appear, or
 * whose event files were.
 *
 * @module
 */
import type { ActionFile } from "../proposal/action_file.ts";
import { parseJson } from "../base/json.ts";
import { gravity, isNodeAway } from "../gate/gravity.ts";
import { isForTarget } from "../proposal/read/content.ts";
import type { Log } from "../base/log/log.ts";
import type { SavedState } from "../queue/state.ts";
import type { Store } from "../base/disk/store.ts";
import { svcKey } from "../event/target.ts";

/**
 * Settles every proposal of `saved` that was about to appear, or whose event file was: where its
 * file exists, its event is done and its cooldown counts; where not, the event is diagnosed again.
 * A file that says it is for another target is not it: that one was faster under the same name.
 * What cannot be told of by an event file yet stays in `saved.proposing`.
 */
export async function settleProposals(
  saved: SavedState,
  { store, log, announce }: {
    readonly store: Pick<Store, "findAction" | "readPending">;
    readonly log: Log;
    /** Resolves with whether there is an event file for the proposal, written from `sinceMs` on. */
    readonly announce: (action: ActionFile, sinceMs: number) => Promise<boolean>;
  },
): Promise<void> {
  for (const [key, record] of [...saved.proposing]) {
    saved.proposing.delete(key);
    const { target, serial, actionId, atMs } = record;
    const folder = await store.findAction(actionId);
    if (!folder) continue;
    const isPending = folder === "pending";
    const content = isPending && parseJson(await store.readPending(actionId) ?? "");
    if (isPending && !isForTarget(content, target)) continue;
    log.info("proposal_found", { action_id: actionId, svc_key: svcKey(target), folder });
    const waiting = saved.waiting.get(key);
    const event = waiting?.serial === serial ? waiting.event : undefined;
    const grave = event && { gravity: gravity(event) };
    if ((saved.cooldowns.get(key)?.atMs ?? -Infinity) < atMs) {
      saved.cooldowns.set(key, { is: "cooldown", target, atMs, ...grave });
    }
    if (event) saved.waiting.delete(key);
    // Its proposal has told a person that the node is offline.
    const offline = event && isNodeAway(event) && saved.offline.get(event.node);
    if (offline) saved.offline.set(event.node, { ...offline, told: true });
    // Written by this program moments before the end, and never in part.
    const action = content as ActionFile;
    if (isPending && !await announce(action, atMs)) saved.proposing.set(key, record);
  }
}
