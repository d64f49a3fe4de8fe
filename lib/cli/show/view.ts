/**
 * One proposal whole, for people.
 *
 * @module
 */
import { type ActionView, type AuditView, readAudit } from "../../proposal/read/action.ts";
import { digestMatches } from "../../proposal/digest.ts";
import { isOwn, transitionsOf } from "../../proposal/read/content.ts";
import { isStale } from "../../proposal/validity.ts";
import type { Shown } from "./look.ts";
import type { ViewOptions } from "../pending/view.ts";
import { momentText, spanInWords, withLocalTime } from "../../base/text/span.ts";
import { type CellColumn, cellsOf, tableLines, wrap } from "../view/table.ts";

const EXECUTOR_MAY = "a person, or an executor whose own settings allow it";
const NOT_THE_AGENT = "The agent itself may not do that: it can propose, and nothing more.";
const MAKES_A_NEW_ONE = "and a fault that is still there makes a new proposal.";

/** One without a text is left out. */
type Row = readonly [name: string, text: string];

export function showLines(shown: Shown, options: ViewOptions): string[] {
  const { found: { actionId, folder, read }, alsoIn } = shown;
  const { width, palette } = options;
  const also = alsoIn.length > 0 ? palette.warn(` (also in ${alsoIn.join(", ")})`) : "";
  return [
    `${palette.strong(actionId)} in actions/${folder}${also}`,
    ...read.kind === "damaged"
      ? ["", ...wrap(`Damaged: ${read.why}. Nobody can act on it.`, width).map(palette.bad)]
      : proposalLines(read.view, shown, options),
    ...titled("Next step", nextLines(shown, options), options),
  ];
}

function titled(title: string, lines: readonly string[], { palette }: ViewOptions): string[] {
  return ["", palette.strong(title), ...lines.map((line) => `  ${line}`)];
}

function proposalLines(view: ActionView, shown: Shown, options: ViewOptions): string[] {
  const audit = readAudit(view.content);
  const own = isOwn(view.content);
  return [
    ...section("Proposal", proposalRows(view), options),
    ...section("What became of it", transitionRows(view, options), options),
    ...own
      ? [
        ...section("The event", eventRows(view, audit, options), options),
        ...section("The model said", modelRows(view, audit), options),
        ...section("The rules changed", changeRows(view), options),
        ...titled("Attempts", attemptLines(view, audit, options), options),
      ]
      : section("Since", [whenRow(view, options)], options),
    ...shown.found.folder === "pending"
      ? titled("Can it still be approved?", approvalLines(view, shown, options), options)
      : [],
  ];
}

function section(title: string, rows: readonly Row[], options: ViewOptions): string[] {
  if (rows.length === 0) return [];
  const { width, palette } = options;
  const [, ...lines] = tableLines(
    rows.filter(([name, text]) => text !== "" || name === "nothing"),
    {
      columns: [{ title: "", paint: palette.faint }, { title: "", narrow: "wrap" }],
      width: width - 2,
    },
  );
  return titled(title, lines, options);
}

function proposalRows(view: ActionView): Row[] {
  const { type, riskLevel, status, requiresHuman } = view;
  return [
    ["action", `${view.action} ${view.service} on ${view.node}`],
    ["proposed by", isOwn(view.content) ? "" : view.proposedBy],
    ["location", view.location],
    ["executor", `${type}, risk ${riskLevel || "(none)"}, status ${status || "(none)"}`],
    ["confidence", view.confidence?.toFixed(2) ?? ""],
    ["approver", requiresHuman === null ? "" : requiresHuman ? "a person only" : EXECUTOR_MAY],
    ["reason", view.reason],
  ];
}

/** Who moved it when, as the file tells. */
function transitionRows({ content }: ActionView, { nowMs }: ViewOptions): Row[] {
  return transitionsOf(content).map(({ from, to, atMs, by }): Row => [
    to || "(none)",
    [
      from && `from ${from}`,
      by && `by ${by}`,
      atMs !== undefined && `${spanInWords(nowMs - atMs)} ago`,
    ].filter(Boolean).join(", "),
  ]);
}

function whenRow({ timestamp }: ActionView, { nowMs, timeZone }: ViewOptions): Row {
  const ago = spanInWords(nowMs - timestamp * 1000);
  return ["when", `${momentText(timestamp, timeZone)}, ${ago} ago`];
}

function eventRows(view: ActionView, audit: AuditView | undefined, options: ViewOptions): Row[] {
  const { channel = "", severity = "", payload = "" } = audit?.event ?? {};
  const waitedMs = audit?.waitedMs ?? null;
  return [
    ["type", [view.sourceEvent, severity].filter(Boolean).join(", ")],
    ["about", `${view.service} on ${view.node}`],
    whenRow(view, options),
    ["channel", channel],
    ["waited", waitedMs === null ? "" : `${spanInWords(waitedMs)} for its diagnosis`],
    ["payload", payload.replace(/ {2,}/g, " ")],
  ];
}

/** What the model said is what the file says, with the changes of the rules taken back. */
function modelRows(view: ActionView, audit: AuditView | undefined): Row[] {
  const original = (field: string) => view.changes.find((change) => change.field === field)?.from;
  const human = original("requires_human") ?? String(view.requiresHuman);
  return [
    ["model", [view.model, audit?.modelDigest].filter(Boolean).join(", ")],
    ["action", original("action") ?? view.action],
    ["target", original("target") ?? ""],
    ["a person", human === "true" ? "is required" : "is not required"],
    ["confidence", view.confidence?.toFixed(2) ?? ""],
    ["prompt", audit?.promptSha256 ? `SHA-256 ${audit.promptSha256}` : ""],
  ];
}

function changeRows({ changes }: ActionView): Row[] {
  if (changes.length === 0) return [["nothing", ""]];
  return changes.map(({ rule, field, from, to }) => [field, `${from} -> ${to} (${rule})`]);
}

function attemptLines(
  view: ActionView,
  audit: AuditView | undefined,
  { width, palette }: ViewOptions,
): string[] {
  const attempts = audit?.attempts ?? [];
  if (attempts.length === 0) {
    return [view.attempts === null ? "not recorded" : `${view.attempts}, without details`];
  }
  const columns: readonly CellColumn<typeof attempts[number]>[] = [
    { title: "link", cell: ({ link }) => link },
    {
      title: "outcome",
      cell: ({ outcome }) => outcome,
      paint: (piece, cell) => (cell === "ok" ? palette.good : palette.bad)(piece),
    },
    {
      title: "took",
      align: "right",
      cell: ({ milliseconds: ms }) => ms === null ? "" : `${Math.round(ms)} ms`,
    },
    { title: "error", narrow: "wrap", cell: ({ error }) => error },
  ];
  const options = { columns, width: width - 2, paintTitles: palette.faint };
  return tableLines(cellsOf(attempts, columns), options);
}

function approvalLines(
  { validUntil, content, service }: ActionView,
  { recoveredMs, superseded }: Shown,
  { nowMs, timeZone, width, palette }: ViewOptions,
): string[] {
  const { good, warn, bad } = palette;
  const early = readAudit(content)?.expiredWhenWritten ? ", before it was written" : "";
  const until = withLocalTime(validUntil, timeZone);
  const matches = digestMatches(content);
  const lines = (paint: typeof good, text: string) => wrap(text, width - 2).map(paint);
  return [
    ...validUntil === ""
      ? lines(warn, "it names no end of its validity")
      : isStale(content, nowMs)
      ? lines(bad, `stale: it was valid until ${until}${early}`)
      : lines(good, `valid until ${until}`),
    ...matches === undefined
      ? lines(warn, "it has no digest to check")
      : matches
      ? lines(good, "its digest matches id, target and action")
      : lines(bad, "altered: id, target or action are not those of its digest"),
    ...superseded === undefined ? [] : lines(bad, `superseded: ${superseded}`),
    ...recoveredMs === null
      ? []
      : lines(warn, `${service} recovered ${spanInWords(nowMs - recoveredMs)} ago`),
  ];
}

function nextLines(
  { found: { folder, read }, steps, superseded }: Shown,
  { nowMs, width, palette }: ViewOptions,
): string[] {
  if (steps.length === 0) return [`none: it lies in ${folder}`];
  const isLate = folder === "pending" && read.kind === "proposal" &&
    isStale(read.view.content, nowMs);
  const why = isLate ? "stale" : superseded === undefined ? undefined : "superseded";
  return [
    ...why === undefined
      ? []
      : wrap(`Reject it: it is ${why}, ${MAKES_A_NEW_ONE}`, width - 2).map(palette.bad),
    // Commands are never broken: a person copies them.
    ...steps.flatMap(({ verb, command }) => [`${verb}:`, `  ${command}`]),
    ...wrap(NOT_THE_AGENT, width - 2),
  ];
}
