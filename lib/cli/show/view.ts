/**
 * One proposal whole, for people.
 *
 * @module
 */
import type { FoundAction } from "../../proposal/read/folders.ts";
import type { ActionView } from "../../proposal/read/action.ts";
import { type AuditView, readAudit } from "../../proposal/read/audit.ts";
import { digestMatches } from "../../proposal/digest.ts";
import { isOwn } from "../../proposal/read/proposed.ts";
import { transitionsOf } from "../../proposal/read/transitions.ts";
import { isStale } from "../../proposal/validity.ts";
import type { NextStep } from "./next_step.ts";
import type { ViewOptions } from "../pending/view.ts";
import { momentText, spanInWords, withLocalTime } from "../../base/text/span.ts";
import { tableLines, wrap } from "../view/table.ts";

export interface Shown {
  readonly found: FoundAction;
  /** Other folders that hold a file of the same name. */
  readonly alsoIn: readonly string[];
  /** When its target recovered after the event, in milliseconds since 1970; null: not known. */
  readonly recoveredMs: number | null;
  /** Why it needs no decision any more; undefined where it does. */
  readonly superseded: string | undefined;
  readonly steps: readonly NextStep[];
}

const EXECUTOR_MAY = "a person, or an executor whose own settings allow it";
const NOT_THE_AGENT = "The agent itself may not do that: it can propose, and nothing more.";

type Row = readonly [name: string, text: string];

export function showLines(shown: Shown, options: ViewOptions): string[] {
  const { found, alsoIn } = shown;
  const { width, palette } = options;
  const title = `${palette.strong(found.actionId)} in actions/${found.folder}` +
    (alsoIn.length > 0 ? palette.warn(` (also in ${alsoIn.join(", ")})`) : "");
  const body = found.read.kind === "damaged"
    ? ["", ...wrap(`Damaged: ${found.read.why}. Nobody can act on it.`, width).map(palette.bad)]
    : proposalLines(found.read.view, shown, options);
  return [title, ...body, ...nextLines(shown, options)];
}

function proposalLines(
  view: ActionView,
  shown: Shown,
  options: ViewOptions,
): string[] {
  const section = (title: string, rows: readonly Row[]) => sectionLines(title, rows, options);
  return [
    ...section("Proposal", [
      ["action", `${view.action} ${view.service} on ${view.node}`],
      ["proposed by", isOwn(view.content) ? "" : view.proposedBy],
      ["location", view.location],
      [
        "executor",
        `${view.type}, risk ${view.riskLevel || "(none)"}, status ${view.status || "(none)"}`,
      ],
      ["confidence", view.confidence?.toFixed(2) ?? ""],
      [
        "approver",
        view.requiresHuman === null ? "" : view.requiresHuman ? "a person only" : EXECUTOR_MAY,
      ],
      ["reason", view.reason],
    ]),
    ...section("What became of it", transitionRows(view, options.nowMs)),
    ...isOwn(view.content)
      ? diagnosisLines(view, options)
      : section("Since", sinceRows(view, options.nowMs)),
    ...shown.found.folder === "pending" ? decisionLines(view, shown, options) : [],
  ];
}

function sinceRows({ timestamp }: ActionView, nowMs: number): Row[] {
  return [["when", `${momentText(timestamp)}, ${spanInWords(nowMs - timestamp * 1000)} ago`]];
}

/** Who moved it when, as the file tells. */
function transitionRows({ content }: ActionView, nowMs: number): Row[] {
  return transitionsOf(content).map(({ from, to, atMs, by }): Row => [
    to || "(none)",
    [
      from && `from ${from}`,
      by && `by ${by}`,
      atMs !== undefined && `${spanInWords(nowMs - atMs)} ago`,
    ].filter(Boolean).join(", "),
  ]);
}

/** How the planner came to it. */
function diagnosisLines(view: ActionView, options: ViewOptions): string[] {
  const audit = readAudit(view.content);
  const section = (title: string, rows: readonly Row[]) => sectionLines(title, rows, options);
  return [
    ...section("The event", eventRows(view, audit, options)),
    ...section("The model said", modelRows(view, audit)),
    ...section(
      "The rules changed",
      view.changes.length === 0 ? [["nothing", ""]] : view.changes.map((
        { rule, field, from, to },
      ): Row => [field, `${from} -> ${to} (${rule})`]),
    ),
    ...attemptLines(view, audit, options),
  ];
}

function decisionLines(view: ActionView, shown: Shown, options: ViewOptions): string[] {
  const { width, palette } = options;
  return [
    "",
    palette.strong("Can it still be approved?"),
    ...verdicts(view, shown, options).flatMap(([verdict, text]) =>
      wrap(text, width - 2).map((line) => `  ${palette[verdict](line)}`)
    ),
  ];
}

function sectionLines(
  title: string,
  rows: readonly Row[],
  { width, palette }: ViewOptions,
): string[] {
  if (rows.length === 0) return [];
  const [, ...lines] = tableLines(
    rows.filter(([name, text]) => text !== "" || name === "nothing"),
    {
      columns: [{ title: "", paint: palette.faint }, { title: "", narrow: "wrap" }],
      width: width - 2,
    },
  );
  return ["", palette.strong(title), ...lines.map((line) => `  ${line}`)];
}

function eventRows(
  view: ActionView,
  audit: AuditView | undefined,
  { nowMs, timeZone }: ViewOptions,
): Row[] {
  const { channel = "", severity = "", payload = "" } = audit?.event ?? {};
  return [
    ["type", [view.sourceEvent, severity].filter(Boolean).join(", ")],
    ["about", `${view.service} on ${view.node}`],
    [
      "when",
      `${momentText(view.timestamp, timeZone)}, ${spanInWords(nowMs - view.timestamp * 1000)} ago`,
    ],
    ["channel", channel],
    [
      "waited",
      audit?.waitedMs === undefined || audit.waitedMs === null
        ? ""
        : `${spanInWords(audit.waitedMs)} for its diagnosis`,
    ],
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

function attemptLines(
  view: ActionView,
  audit: AuditView | undefined,
  { width, palette }: ViewOptions,
): string[] {
  const attempts = audit?.attempts ?? [];
  const title = ["", palette.strong("Attempts")];
  if (attempts.length === 0) {
    const count = view.attempts === null ? "not recorded" : `${view.attempts}, without details`;
    return [...title, `  ${count}`];
  }
  const lines = tableLines(
    attempts.map(({ link, outcome, milliseconds, error }) => [
      link,
      outcome,
      milliseconds === null ? "" : `${Math.round(milliseconds)} ms`,
      error,
    ]),
    {
      columns: [
        { title: "link" },
        {
          title: "outcome",
          paint: (piece, cell) => (cell === "ok" ? palette.good : palette.bad)(piece),
        },
        { title: "took", align: "right" },
        { title: "error", narrow: "wrap" },
      ],
      width: width - 2,
      paintTitles: palette.faint,
    },
  );
  return [...title, ...lines.map((line) => `  ${line}`)];
}

function verdicts(
  view: ActionView,
  { recoveredMs, superseded }: Shown,
  { nowMs, timeZone }: ViewOptions,
): (readonly ["good" | "warn" | "bad", string])[] {
  const { validUntil, content } = view;
  const early = readAudit(content)?.expiredWhenWritten ? ", before it was written" : "";
  const matches = digestMatches(content);
  return [
    validUntil === ""
      ? ["warn", "it names no end of its validity"]
      : isStale(content, nowMs)
      ? ["bad", `stale: it was valid until ${withLocalTime(validUntil, timeZone)}${early}`]
      : ["good", `valid until ${withLocalTime(validUntil, timeZone)}`],
    matches === undefined
      ? ["warn", "it has no digest to check"]
      : matches
      ? ["good", "its digest matches id, target and action"]
      : ["bad", "altered: id, target or action are not those of its digest"],
    ...superseded === undefined ? [] : [["bad", `superseded: ${superseded}`] as const],
    ...recoveredMs === null
      ? []
      : [["warn", `${view.service} recovered ${spanInWords(nowMs - recoveredMs)} ago`] as const],
  ];
}

const TOO_LATE = "Reject it: it is stale, and a fault that is still there makes a new proposal.";
const DECIDED =
  "Reject it: it is superseded, and a fault that is still there makes a new proposal.";

function nextLines(
  { found, steps, superseded }: Shown,
  { nowMs, width, palette }: ViewOptions,
): string[] {
  const title = ["", palette.strong("Next step")];
  if (steps.length === 0) return [...title, `  none: it lies in ${found.folder}`];
  const late = found.folder === "pending" && found.read.kind === "proposal" &&
    isStale(found.read.view.content, nowMs);
  // Commands are never broken: a person copies them.
  return [
    ...title,
    ...late || superseded !== undefined
      ? wrap(late ? TOO_LATE : DECIDED, width - 2).map((line) => `  ${palette.bad(line)}`)
      : [],
    ...steps.flatMap(({ verb, command }) => [`  ${verb}:`, `    ${command}`]),
    ...wrap(NOT_THE_AGENT, width - 2).map((line) => `  ${line}`),
  ];
}
