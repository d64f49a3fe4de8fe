import { momentText, spanInWords, withLocalTime } from "../../base/text/span.ts";
import { digestMatches } from "../../proposal/digest.ts";
import { type ActionView, type AuditView, readAudit } from "../../proposal/read/action.ts";
import { isOwn, transitionsOf } from "../../proposal/read/content.ts";
import { isStale } from "../../proposal/validity.ts";
import type { ViewOptions } from "../view/present.ts";
import { itemTable, namedLines, type NamedRow, wrap } from "../view/table.ts";
import type { Shown } from "./look.ts";

type ShowOptions = ViewOptions & {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
};

const EXECUTOR_MAY = "a person, or an executor whose own settings allow it";
const NOT_THE_AGENT = "The agent itself may not do that: it can propose, and nothing more.";
const MAKES_A_NEW_ONE = "and a fault that is still there makes a new proposal.";

/** One proposal whole, for people. */
export function showLines(shown: Shown, options: ShowOptions): string[] {
  const { found: { actionId, folder, read }, alsoIn } = shown;
  const { width, palette } = options;
  const also = alsoIn.length > 0 ? palette.warn(` (also in ${alsoIn.join(", ")})`) : "";
  // What stands below a title is indented by two blanks.
  const inner = { ...options, width: width - 2 };
  const parts = [
    ...read.kind === "damaged" ? [] : partsOf(read.view, shown, inner),
    { title: "Next step", lines: nextLines(shown, inner) },
  ];
  return [
    `${palette.strong(actionId)} in actions/${folder}${also}`,
    ...read.kind === "damaged"
      ? ["", ...wrap(`Damaged: ${read.why}. Nobody can act on it.`, width).map(palette.bad)]
      : [],
    ...parts.flatMap((
      { title, lines },
    ) => ["", palette.strong(title), ...lines.map((line) => `  ${line}`)]),
  ];
}

function partsOf(view: ActionView, shown: Shown, options: ShowOptions) {
  const audit = readAudit(view.content);
  const paintName = options.palette.faint;
  const part = (title: string, rows: readonly NamedRow[]) => ({
    title,
    lines: namedLines(rows, { width: options.width, paintName }),
  });
  const moves = moveRows(view, options);
  const changes = view.changes.map(({ rule, field, from, to }): NamedRow => [
    field,
    `${from} -> ${to} (${rule})`,
  ]);
  return [
    part("Proposal", proposalRows(view)),
    ...moves.length > 0 ? [part("What became of it", moves)] : [],
    ...isOwn(view.content)
      ? [
        part("The event", eventRows(view, audit, options)),
        part("The model said", modelRows(view, audit)),
        changes.length > 0
          ? part("The rules changed", changes)
          : { title: "The rules changed", lines: [paintName("nothing")] },
        { title: "Attempts", lines: attemptLines(view, audit, options) },
      ]
      : [part("Since", [whenRow(view, options)])],
    ...shown.found.folder === "pending"
      ? [{ title: "Can it still be approved?", lines: approvalLines(view, shown, options) }]
      : [],
  ];
}

function proposalRows(view: ActionView): NamedRow[] {
  const { type, riskLevel, status, requiresHuman: human } = view;
  return [
    ["action", `${view.action} ${view.service} on ${view.node}`],
    ["proposed by", !isOwn(view.content) && view.proposedBy],
    ["location", view.location],
    ["executor", `${type}, risk ${riskLevel || "(none)"}, status ${status || "(none)"}`],
    ["confidence", view.confidence?.toFixed(2)],
    ["approver", human !== null && (human ? "a person only" : EXECUTOR_MAY)],
    ["reason", view.reason],
  ];
}

/** Who moved it when, as the file tells. */
function moveRows({ content }: ActionView, { nowMs }: ShowOptions): NamedRow[] {
  return transitionsOf(content).map(({ from, to, atMs, by }) => {
    const ago = atMs !== undefined && `${spanInWords(nowMs - atMs)} ago`;
    const told = [from && `from ${from}`, by && `by ${by}`, ago];
    return [to || "(none)", told.filter(Boolean).join(", ")];
  });
}

function whenRow({ timestamp }: ActionView, { nowMs, timeZone }: ShowOptions): NamedRow {
  const ago = spanInWords(nowMs - timestamp * 1000);
  return ["when", `${momentText(timestamp, timeZone)}, ${ago} ago`];
}

function eventRows(
  view: ActionView,
  audit: AuditView | undefined,
  options: ShowOptions,
): NamedRow[] {
  const { event, waitedMs = null } = audit ?? {};
  return [
    ["type", [view.sourceEvent, event?.severity].filter(Boolean).join(", ")],
    ["about", `${view.service} on ${view.node}`],
    whenRow(view, options),
    ["channel", event?.channel],
    ["waited", waitedMs !== null && `${spanInWords(waitedMs)} for its diagnosis`],
    ["payload", event?.payload.replace(/ {2,}/g, " ")],
  ];
}

/** What the model said is what the file says, with the changes of the rules taken back. */
function modelRows(view: ActionView, audit: AuditView | undefined): NamedRow[] {
  const original = (field: string) => view.changes.find((change) => change.field === field)?.from;
  const human = original("requires_human") ?? String(view.requiresHuman);
  return [
    ["model", [view.model, audit?.modelDigest].filter(Boolean).join(", ")],
    ["action", original("action") ?? view.action],
    ["target", original("target")],
    ["a person", human === "true" ? "is required" : "is not required"],
    ["confidence", view.confidence?.toFixed(2)],
    ["prompt", audit?.promptSha256 && `SHA-256 ${audit.promptSha256}`],
  ];
}

function attemptLines(
  view: ActionView,
  audit: AuditView | undefined,
  options: ShowOptions,
): string[] {
  const attempts = audit?.attempts ?? [];
  if (attempts.length === 0) {
    return [view.attempts === null ? "not recorded" : `${view.attempts}, without details`];
  }
  const { good, bad } = options.palette;
  return itemTable(attempts, [
    { title: "link", cell: ({ link }) => link },
    {
      title: "outcome",
      cell: ({ outcome }) => outcome,
      paint: (piece, cell) => (cell === "ok" ? good : bad)(piece),
    },
    {
      title: "took",
      align: "right",
      cell: ({ milliseconds: ms }) => ms === null ? "" : `${Math.round(ms)} ms`,
    },
    { title: "error", narrow: "wrap", cell: ({ error }) => error },
  ], options);
}

function approvalLines(
  { validUntil, content, service }: ActionView,
  { recoveredMs, superseded }: Shown,
  { nowMs, timeZone, width, palette: { good, warn, bad } }: ShowOptions,
): string[] {
  const early = readAudit(content)?.expiredWhenWritten ? ", before it was written" : "";
  const until = withLocalTime(validUntil, timeZone);
  const matches = digestMatches(content);
  const sentences = [
    validUntil === ""
      ? { paint: warn, text: "it names no end of its validity" }
      : isStale(content, nowMs)
      ? { paint: bad, text: `stale: it was valid until ${until}${early}` }
      : { paint: good, text: `valid until ${until}` },
    matches === undefined
      ? { paint: warn, text: "it has no digest to check" }
      : matches
      ? { paint: good, text: "its digest matches id, target and action" }
      : { paint: bad, text: "altered: id, target or action are not those of its digest" },
    superseded !== undefined && { paint: bad, text: `superseded: ${superseded}` },
    recoveredMs !== null &&
    { paint: warn, text: `${service} recovered ${spanInWords(nowMs - recoveredMs)} ago` },
  ].filter((sentence) => sentence !== false);
  return sentences.flatMap(({ paint, text }) => wrap(text, width).map(paint));
}

function nextLines(
  { found: { folder, read }, steps, superseded }: Shown,
  { nowMs, width, palette }: ShowOptions,
): string[] {
  if (steps.length === 0) return [`none: it lies in ${folder}`];
  const isLate = folder === "pending" && read.kind === "proposal" &&
    isStale(read.view.content, nowMs);
  const why = isLate ? "stale" : superseded === undefined ? undefined : "superseded";
  return [
    ...why === undefined
      ? []
      : wrap(`Reject it: it is ${why}, ${MAKES_A_NEW_ONE}`, width).map(palette.bad),
    // Commands are never broken: a person copies them.
    ...steps.flatMap(({ verb, command }) => [`${verb}:`, `  ${command}`]),
    ...wrap(NOT_THE_AGENT, width),
  ];
}
