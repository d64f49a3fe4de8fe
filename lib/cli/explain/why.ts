import { spanInWords } from "../../base/text/span.ts";
import type { HistoryLine, HistoryOutcome } from "../../observe/history/line.ts";
import { DECIDED } from "../../proposal/read/decided.ts";

/** The planner's own name for a diagnosis, which errors begin with. */
const LABEL = /^planner\.\S+: /;

/** Why an event ended as it did, in a sentence or two. */
export function why(line: HistoryLine): string {
  const { repeated, action_id } = line;
  if (repeated !== undefined) return `${repeated} more like the one before, until then`;
  const about = provenance(line);
  const id = action_id === undefined ? "" : ` -> ${action_id}`;
  return `${whatHappened(line)}${about === "" ? "" : ` (${about})`}${id}`.trim();
}

function whatHappened({ outcome, detail, action, requires_human, by }: HistoryLine): string {
  const words = WORDS[outcome];
  const sentence = detail === undefined || detail === words ? words : `${words}: ${detail}`;
  if (DECIDED.some((known) => known === outcome)) {
    return `${action}: ${sentence}${by === undefined ? "" : `, by ${by}`}`;
  }
  if (outcome === "ignored") return detail ?? "";
  if (outcome === "exhausted") return detail?.replace(LABEL, "") ?? "";
  if (outcome !== "proposed" || action === undefined) return sentence;
  return `${action}${requires_human ? ", a person is required" : ""}: ${detail ?? ""}`;
}

const WORDS: Readonly<Record<HistoryOutcome, string>> = {
  malformed: "no JSON object",
  unparseable: "no event",
  benign: "needs no action",
  silenced: "an operator silenced it",
  inhibited: "it flaps, and a person has been told",
  cooldown: "proposed for or ignored a short while ago",
  coalesced: "a newer event of the same service took its place",
  recovered: "well again before its turn came",
  dropped: "too many services waited",
  expired: "nothing could diagnose it in time",
  held: "enough proposals wait for a person",
  ignored: "no action needed",
  proposed: "a proposal waits for a person",
  exhausted: "no link answered",
  approved: "approved",
  running: "the executor has begun",
  completed: "done",
  failed: "it failed",
  rejected: "rejected",
  cancelled: "cancelled",
};

/** Who diagnosed it, how long that took, and what else it took. */
function provenance(
  { model, diagnosis_ms = 0, waited_ms = 0, attempts = [], rules = [] }: HistoryLine,
): string {
  // Of an exhausted chain the text tells each attempt already.
  const failed = model === undefined ? [] : attempts.filter(({ outcome }) => outcome !== "ok");
  const before = failed.map(({ link, outcome }) => `${link}: ${outcome}`).join(", ");
  return [
    model !== undefined && `by ${model}`,
    diagnosis_ms >= 1_000 && `in ${spanInWords(diagnosis_ms)}`,
    waited_ms >= 1_000 && `waited ${spanInWords(waited_ms)}`,
    before !== "" && `before it ${before}`,
    rules.length > 0 && `changed by ${rules.join(", ")}`,
  ].filter((part) => part !== false).join("; ");
}
