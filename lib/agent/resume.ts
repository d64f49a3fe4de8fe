/**
 * After a crash: finds out whether a proposal that was about to appear did appear.
 *
 * @module
 */
import { parseJson } from "../base/json.ts";
import { gravity, isNodeAway } from "../gate/gravity.ts";
import { isForTarget } from "../proposal/read/proposed.ts";
import type { Log } from "../base/log/log.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { SavedState } from "../queue/state.ts";
import type { Store } from "../base/disk/store.ts";
import { svcKey, type Target, targetKey } from "../event/target.ts";

interface ResumeOptions {
  readonly store: Pick<Store, "findAction" | "readPending">;
  readonly log: Log;
  /** Writes the event file for a proposal, if the crash came before it; `sinceMs` at the earliest. */
  readonly announce: (action: ActionFile, sinceMs: number) => Promise<unknown>;
}

/**
 * Settles every proposal of `saved` that was announced and not confirmed: where its file exists,
 * its event is done and its cooldown counts; where not, the event is diagnosed again. A file that
 * says it is for another target is not it: that one was faster under the same name.
 */
export async function settleProposals(saved: SavedState, options: ResumeOptions): Promise<void> {
  const { store, log, announce } = options;
  for (const { target, serial, actionId, atMs } of saved.proposing.values()) {
    const folder = await store.findAction(actionId);
    if (!folder) continue;
    const action = folder === "pending"
      ? parseAction(await store.readPending(actionId), target)
      : undefined;
    if (folder === "pending" && !action) continue;
    const key = targetKey(target);
    log.info("proposal_found", { action_id: actionId, svc_key: svcKey(target), folder });
    const waiting = saved.waiting.get(key);
    const event = waiting?.serial === serial ? waiting.event : undefined;
    const grave = event && { gravity: gravity(event) };
    saved.cooldowns.set(key, { is: "cooldown", target, atMs, ...grave });
    if (event) saved.waiting.delete(key);
    // Its proposal has told a person that the node is offline.
    const offline = event && isNodeAway(event) && saved.offline.get(event.node);
    if (offline) saved.offline.set(event.node, { ...offline, told: true });
    if (action) await announce(action, atMs);
  }
  saved.proposing.clear();
}

function parseAction(text: string | undefined, target: Target): ActionFile | undefined {
  const content = parseJson(text ?? "");
  // Written by this program moments before the crash, and never in part.
  return isForTarget(content, target) ? content as ActionFile : undefined;
}
