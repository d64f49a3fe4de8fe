/**
 * What became of a target's last events, for people.
 *
 * @module
 */
import { localTime, spanInWords } from "../../base/text/span.ts";
import { DECISIONS, type HistoryLine, type HistoryOutcome } from "../../observe/history/line.ts";
import type { Palette } from "../view/palette.ts";
import type { StatusReport } from "../../observe/status/report.ts";
import { type Column, tableLines, tableRows } from "../view/table.ts";

interface ExplainViewOptions {
  /** Whether the lines are about a node, so that each has to name its service. */
  readonly wholeNode: boolean;
  readonly width: number;
  readonly palette: Palette;
  /** The reader's zone; that of this machine when it is left out. */
  readonly timeZone?: string | undefined;
  /** What has not ended yet. */
  readonly waiting?: readonly WaitingView[];
}

/** An event that waits, as the agent last wrote it down. */
export type WaitingView = StatusReport["queue"]["events"][number] & {
  /** When it came, ISO 8601. */
  readonly at: string;
};

interface Row {
  readonly at: string;
  readonly outcome: string;
  readonly service: string;
  readonly event: string;
  readonly why: string;
}

const INDENT = "    ";
/** Below this what happened is told below the line, so that the line can be read. */
const NARROW = 60;

/** A line for each event with its explanation below it, the newest event last. */
export function explainLines(
  lines: readonly HistoryLine[],
  { wholeNode, width, palette, timeZone, waiting = [] }: ExplainViewOptions,
): string[] {
  const rows = [...lines.map(endedRow), ...waiting.map(waitingRow)];
  const narrow = width < NARROW;
  const local = rows.map(({ at }) => localTime(Date.parse(at), timeZone));
  const isElsewhere = local.some((time) => time !== undefined);
  const columns: Column[] = [
    { title: "when (UTC)" },
    ...(isElsewhere ? [{ title: "local", spare: 1 }] : []),
    { title: "outcome", paint: paintOutcome(palette) },
    ...(wholeNode && !narrow ? [{ title: "service" }] : []),
    ...(narrow ? [] : [{ title: "event", narrow: "wrap" as const }]),
  ];
  const cells = rows.map(({ at, outcome, service, event }, i) => [
    at.slice(0, 19).replace("T", " "),
    ...(isElsewhere ? [local[i] ?? ""] : []),
    outcome,
    ...(wholeNode && !narrow ? [service] : []),
    event,
  ]);
  const { titles, bodies } = tableRows(cells, {
    columns,
    width,
    paintTitles: palette.strong,
  });
  const about = ({ service, event }: Row) => wholeNode ? `${service}: ${event}` : event;
  return [
    titles,
    ...rows.flatMap((row, i) => [
      ...bodies[i] ?? [],
      ...narrow ? paragraph(about(row), width) : [],
      ...paragraph(row.why, width),
    ]),
  ];
}

function endedRow(line: HistoryLine): Row {
  const { at, outcome, service = "", type, severity } = line;
  const event = [type, severity].filter((part) => part !== undefined).join(", ");
  return { at, outcome, service, event, why: why(line) };
}

function waitingRow(event: WaitingView): Row {
  const { at, service, type, severity } = event;
  return { at, outcome: "waits", service, event: `${type}, ${severity}`, why: whyItWaits(event) };
}

/** What an event waits for, in a sentence. */
function whyItWaits({ state, failures, next_try_seconds, why }: WaitingView): string {
  const span = spanInWords((next_try_seconds ?? 0) * 1000);
  const because = why === undefined ? "" : `: ${why}`;
  switch (state) {
    case "diagnosing":
      return "it is being diagnosed";
    case "queued":
      return "it is diagnosed when its turn comes";
    case "parked":
      return `no model answered${
        failures > 1 ? ` (${failures} times)` : ""
      }, tried again in ${span}${because}`;
    case "held":
      return `held for ${span} at most${because}`;
  }
}

/** Text in as many lines as it takes. */
function paragraph(text: string, width: number): string[] {
  const columns: Column[] = [{ title: "", narrow: "wrap" }];
  return tableLines([[text]], { columns, width: width - INDENT.length }).slice(1)
    .map((line) => INDENT + line);
}

function paintOutcome(palette: Palette): (piece: string, outcome: string) => string {
  return (piece, outcome) => {
    switch (outcome) {
      case "proposed":
      case "completed":
        return palette.good(piece);
      case "failed":
      case "exhausted":
      case "expired":
      case "dropped":
        return palette.bad(piece);
      case "held":
      case "inhibited":
      case "waits":
        return palette.warn(piece);
      default:
        return palette.faint(piece);
    }
  };
}

/** The planner's own name for a diagnosis, which errors begin with. */
const LABEL = /^planner\.\S+: /;

/** One line's explanation in a sentence or two. */
export function why(line: HistoryLine): string {
  const { outcome, repeated, detail, action, action_id, by } = line;
  if (repeated !== undefined) return `${repeated} more like the one before, until then`;
  const said = DECISIONS.some((known) => known === outcome)
    ? `${action}: ${sentence(outcome, detail)}${by === undefined ? "" : `, by ${by}`}`
    : outcome === "proposed" && action !== undefined
    ? `${action}${line.requires_human ? ", a person is required" : ""}: ${detail ?? ""}`
    : outcome === "exhausted"
    ? detail?.replace(LABEL, "")
    : outcome === "ignored"
    ? detail
    : sentence(outcome, detail);
  const about = provenance(line);
  const id = action_id === undefined ? "" : ` -> ${action_id}`;
  return `${said ?? ""}${about === "" ? "" : ` (${about})`}${id}`.trim();
}

function sentence(outcome: HistoryOutcome, detail: string | undefined): string {
  const words = WORDS[outcome];
  return detail === undefined || detail === words ? words : `${words}: ${detail}`;
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
function provenance({ model, diagnosis_ms, waited_ms, attempts = [], rules = [] }: HistoryLine) {
  const parts: string[] = [];
  if (model !== undefined) parts.push(`by ${model}`);
  if (diagnosis_ms !== undefined && diagnosis_ms >= 1_000) {
    parts.push(`in ${spanInWords(diagnosis_ms)}`);
  }
  if (waited_ms !== undefined && waited_ms >= 1_000) {
    parts.push(`waited ${spanInWords(waited_ms)}`);
  }
  const failed = attempts.filter(({ outcome }) => outcome !== "ok");
  // Of an exhausted chain the text tells each attempt already.
  if (model !== undefined && failed.length > 0) {
    parts.push(`before it ${failed.map(({ link, outcome }) => `${link}: ${outcome}`).join(", ")}`);
  }
  if (rules.length > 0) parts.push(`changed by ${rules.join(", ")}`);
  return parts.join("; ");
}
