/**
 * What is known of one proposal, wherever it is now.
 *
 * @module
 */
import type { ActionFiles, FoundAction } from "../../proposal/read/folders.ts";
import { isActionId } from "../../proposal/read/action.ts";
import { digestMatches } from "../../proposal/digest.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { type Target, targetKey } from "../../event/target.ts";
import type { OutcomesFor } from "../../proposal/read/action_index.ts";
import {
  type RecoveredAt,
  recoveredSince,
  type WaitingProposal,
  waitingProposals,
} from "../../proposal/read/waiting.ts";
import { supersededAmong } from "../pending/superseded.ts";
import { nextSteps } from "./next_step.ts";
import type { Shown } from "./view.ts";

/** Finds a proposal; undefined where no folder has it, and for what is no id. */
export async function look(
  actions: ActionFiles,
  actionId: string,
  { recoveredAt, outcomesFor, nowMs }: {
    readonly recoveredAt: RecoveredAt;
    readonly outcomesFor: OutcomesFor;
    readonly nowMs: number;
  },
): Promise<Shown | undefined> {
  if (!isActionId(actionId)) return undefined;
  const everywhere: FoundAction[] = [];
  for (const folder of ACTION_FOLDERS) {
    const found = await actions.find(folder, actionId);
    if (found) everywhere.push(found);
  }
  const [found, ...others] = everywhere;
  if (!found) return undefined;
  const { folder, read } = found;
  const proposal = read.kind === "damaged" ? undefined : read.view;
  const fold = folder === "pending" && proposal
    ? await foldOf(actions, proposal, { nowMs, recoveredAt })
    : [];
  const superseded = await supersededAmong(fold, { outcomesFor, nowMs });
  return {
    found,
    alsoIn: others.map((other) => other.folder),
    recoveredMs: proposal ? recoveredSince(proposal, recoveredAt) : null,
    superseded: superseded.get(actionId),
    steps: nextSteps(actions, {
      folder,
      actionId,
      approvable: proposal !== undefined && digestMatches(proposal.content) !== false,
      fold: fold.filter(({ action }) => action === proposal?.action).map((other) => other.actionId),
    }),
  };
}

/** What else waits for the target of a proposal, itself among it, the newest first. */
async function foldOf(
  actions: ActionFiles,
  target: Target,
  options: { readonly nowMs: number; readonly recoveredAt: RecoveredAt },
): Promise<WaitingProposal[]> {
  const { proposals } = await waitingProposals(actions, options);
  return proposals.filter((other) => targetKey(other) === targetKey(target));
}
