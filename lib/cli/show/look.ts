import type { ActionFiles, FoundAction } from "../../proposal/read/folders.ts";
import { isActionId } from "../../proposal/read/action.ts";
import { digestMatches } from "../../proposal/digest.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { targetKey } from "../../event/target.ts";
import type { OutcomesFor } from "../../proposal/read/action_index.ts";
import { type RecoveredAt, recoveredSince, waitingProposals } from "../../proposal/read/waiting.ts";
import { isStale } from "../../proposal/validity.ts";
import { supersededAmong } from "../pending/superseded.ts";
import { isoOrNull } from "../view/present.ts";
import { nextSteps } from "./next_step.ts";

export type Shown = NonNullable<Awaited<ReturnType<typeof look>>>;

/** What is known of a proposal; undefined where no folder has it, and for what is no id. */
export async function look(
  actions: ActionFiles,
  actionId: string,
  { recoveredAt, outcomesFor, nowMs }: {
    readonly recoveredAt: RecoveredAt;
    readonly outcomesFor: OutcomesFor;
    readonly nowMs: number;
  },
) {
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
  // What else waits for its target, itself among it, the newest first.
  const fold = folder === "pending" && proposal
    ? (await waitingProposals(actions, { nowMs, recoveredAt })).proposals
      .filter((other) => targetKey(other) === targetKey(proposal))
    : [];
  const superseded = await supersededAmong(fold, { outcomesFor, nowMs });
  return {
    found,
    /** Other folders that hold a file of the same name. */
    alsoIn: others.map((other) => other.folder),
    /** When its target recovered after the event, in milliseconds since 1970; null: not known. */
    recoveredMs: proposal ? recoveredSince(proposal, recoveredAt) : null,
    /** Why it needs no decision any more; undefined where it does. */
    superseded: superseded.get(actionId),
    steps: nextSteps(actions, {
      folder,
      actionId,
      approvable: proposal !== undefined && digestMatches(proposal.content) !== false,
      fold: fold.filter(({ action }) => action === proposal?.action).map((other) => other.actionId),
    }),
  };
}

/** A proposal as an object; keys are stable. */
export function showJson(shown: Shown, nowMs: number): Record<string, unknown> {
  const { found: { actionId, folder, read }, alsoIn, recoveredMs, superseded, steps } = shown;
  const next = Object.fromEntries(steps.map(({ verb, command }) => [verb, command]));
  const about = { action_id: actionId, folder, also_in: alsoIn };
  if (read.kind === "damaged") return { ...about, damaged: read.why, next };
  const { content } = read.view;
  return {
    ...about,
    damaged: null,
    stale: isStale(content, nowMs),
    digest_matches: digestMatches(content) ?? null,
    recovered_at: isoOrNull(recoveredMs),
    superseded: superseded ?? null,
    next,
    content,
  };
}
