/**
 * What became of a target's last events, for people.
 *
 * @module
 */
import { spanInWords } from "../age.ts";
import type { HistoryLine, HistoryOutcome } from "../history_line.ts";
import type { Palette } from "./palette.ts";
import { type Column, tableLines } from "./table.ts";

export interface ExplainViewOptions {
  /** Whether the lines are about a node, so that each has to name its service. */
  readonly wholeNode: boolean;
  readonly width: number;
  readonly palette: Palette;
}

const INDENT = "    ";
/** Below this a line would be broken in places that nobody can read. */
const NARROWEST = 60;

/** A line for each event with its explanation below it, the newest event last. */
export function explainLines(
  lines: readonly HistoryLine[],
  { wholeNode, width, palette }: ExplainViewOptions,
): string[] {
  const columns: Column[] = [
    { title: "when (UTC)" },
    { title: "outcome", paint: paintOutcome(palette) },
    ...(wholeNode ? [{ title: "service", narrow: "cut" as const }] : []),
    { title: "event", narrow: "cut" },
  ];
  const rows = lines.map((line) => [
    line.at.slice(0, 19).replace("T", " "),
    line.outcome,
    ...(wholeNode ? [line.service ?? ""] : []),
    [line.type, line.severity].filter((part) => part !== undefined).join(", "),
  ]);
  const [titles = "", ...heads] = tableLines(rows, {
    columns,
    width: Math.max(NARROWEST, width),
    paintTitles: palette.strong,
  });
  return [
    titles,
    ...lines.flatMap((line, i) => [heads[i] ?? "", ...paragraph(why(line), width)]),
  ];
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
        return palette.good(piece);
      case "exhausted":
      case "expired":
      case "dropped":
        return palette.bad(piece);
      case "held":
      case "inhibited":
        return palette.warn(piece);
      default:
        return palette.faint(piece);
    }
  };
}

/** One line's explanation in a sentence or two. */
export function why(line: HistoryLine): string {
  const { outcome, repeated, detail, action, action_id } = line;
  if (repeated !== undefined) return `${repeated} more like the one before, until then`;
  const said = outcome === "proposed" && action !== undefined
    ? `${action}${line.requires_human ? ", a person is required" : ""}: ${detail ?? ""}`
    : outcome === "ignored" || outcome === "exhausted"
    ? detail
    : sentence(outcome, detail);
  const about = provenance(line);
  const id = action_id === undefined ? "" : ` -> ${action_id}`;
  return `${said ?? ""}${about === "" ? "" : ` (${about})`}${id}`.trim();
}

function sentence(outcome: HistoryOutcome, detail: string | undefined): string {
  const words = WORDS[outcome];
  return detail === undefined ? words : `${words}: ${detail}`;
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
