import { targetKey } from "../../event/target.ts";
import type { ProposalOutcome } from "../../policy/earlier.ts";
import type { OutcomesFor } from "../../proposal/read/action_index.ts";
import type { WaitingProposal } from "../../proposal/read/waiting.ts";
import { spanInWords } from "../../base/text/span.ts";

type Compared = Pick<
  WaitingProposal,
  "actionId" | "node" | "service" | "action" | "timestamp" | "writtenMs"
>;

/**
 * By action id, the sentence that says why a proposal that waits needs no decision any more: another
 * one for the same target was decided, or says something newer.
 */
export type Superseded = ReadonlyMap<string, string>;

/** Looks at everything that waits; `proposals` are in the order of their events, newest first. */
export async function supersededAmong(
  proposals: readonly Compared[],
  { outcomesFor, nowMs }: { readonly outcomesFor: OutcomesFor; readonly nowMs: number },
): Promise<Superseded> {
  const found = new Map<string, string>();
  const decided = new Map<string, readonly ProposalOutcome[]>();
  const newest = new Map<string, Compared>();
  for (const proposal of proposals) {
    const key = targetKey(proposal);
    const outcomes = decided.get(key) ?? await outcomesFor(proposal);
    decided.set(key, outcomes);
    const newer = newest.get(key);
    newest.set(key, newer ?? proposal);
    const why = byDecision(proposal, outcomes, nowMs) ??
      (newer && newer.action !== proposal.action ? `a newer ${newer.action} waits` : undefined);
    if (why !== undefined) found.set(proposal.actionId, why);
  }
  return found;
}

/** The latest decision on the same action since a proposal was written, or a remedy since its event. */
function byDecision(
  { action, timestamp, writtenMs }: Compared,
  outcomes: readonly ProposalOutcome[],
  nowMs: number,
): string | undefined {
  const last = outcomes.find((outcome) =>
    // When a file was moved is known in whole seconds.
    outcome.action === action && outcome.atMs >= writtenMs - writtenMs % 1000 ||
    outcome.became === "completed" && outcome.action !== "notify" && outcome.atMs > timestamp * 1000
  );
  return last && `${last.action} ${last.became} ${spanInWords(nowMs - last.atMs)} ago`;
}
