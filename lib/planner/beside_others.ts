/**
 * What a decision is worth beside what other programs already propose for its target: the same
 * remedy is not proposed twice, and another one is a second opinion that a person should know of.
 *
 * @module
 */
import { isoSecond, spanInWords } from "../base/text/span.ts";
import type { Objected } from "../gate/objection.ts";
import type { OtherProposal } from "../proposal/action_file.ts";
import type { WaitingAction } from "../proposal/read/action_index.ts";
import type { Decision } from "./decide.ts";

/** Proposals of others that are named. */
const MOST_NAMED = 3;

/** Either the same remedy waits already, or the decision, naming what else waits. */
type Beside =
  | { readonly objected: Objected }
  | { readonly decision: Decision; readonly others: readonly OtherProposal[] };

/**
 * @param others what other programs propose for the target, and nobody has decided yet
 * @param nowMs wall-clock milliseconds since 1970
 */
export function besideOthers(
  decision: Decision,
  others: readonly WaitingAction[],
  nowMs: number,
): Beside {
  const { diagnosis } = decision;
  const same = others.find(({ remedy }) => remedy === diagnosis.action);
  if (diagnosis.action === "ignore" || others.length === 0) return { decision, others: [] };
  if (same) return { objected: heldBy(same, nowMs) };
  const named = others.slice(0, MOST_NAMED);
  const said = named.map((other) => `${whose(other)} proposes ${other.remedy ?? other.word}`);
  return {
    decision: {
      ...decision,
      diagnosis: { ...diagnosis, reason: `${said.join(", ")}; ${diagnosis.reason}` },
    },
    others: named.map(({ actionId, by, word, sinceMs }) => ({
      action_id: actionId,
      ...by !== "" && { proposed_by: by },
      type: word,
      ...sinceMs !== undefined && { since: isoSecond(sinceMs) },
    })),
  };
}

function heldBy(other: WaitingAction, nowMs: number): Objected {
  const { actionId, word, sinceMs } = other;
  const since = sinceMs === undefined ? "" : ` ${spanInWords(nowMs - sinceMs)} ago`;
  return {
    outcome: "held",
    line: "proposal_held",
    fields: { action_id: actionId, proposed_by: whose(other), type: word },
    detail: `${whose(other)} proposed ${other.remedy ?? word}${since}, as ${actionId}`,
  };
}

const whose = ({ by }: WaitingAction) => by || "another program";
