import { localTime, spanInWords } from "../../base/text/span.ts";
import type { HistoryLine } from "../../observe/history/line.ts";
import type { ViewOptions } from "../view/present.ts";
import type { StatusReport } from "../../observe/status/report.ts";
import { type CellColumn, cellsOf, tableRows } from "../view/table.ts";
import { why } from "./why.ts";

interface ExplainViewOptions extends ViewOptions {
  /** Whether the lines are about a node, so that each has to name its service. */
  readonly wholeNode: boolean;
  /** What has not ended yet. */
  readonly waiting?: readonly WaitingView[];
}

/** An event that waits, as the agent last wrote it down. */
type WaitingView = StatusReport["queue"]["events"][number] & {
  /** When it came, ISO 8601. */
  readonly at: string;
};

/** How an outcome is painted; others are faint. */
const PAINTS: ReadonlyMap<string, "good" | "bad" | "warn"> = new Map([
  ...["proposed", "completed"].map((outcome) => [outcome, "good"] as const),
  ...["failed", "exhausted", "expired", "dropped"].map((outcome) => [outcome, "bad"] as const),
  ...["held", "inhibited", "waits"].map((outcome) => [outcome, "warn"] as const),
]);
const INDENT = "    ";
/** On a narrower terminal what happened goes below the line, so that the line can be read. */
const NARROW = 60;

/** A line for each event with its explanation below it, the newest event last. */
export function explainLines(
  lines: readonly HistoryLine[],
  { wholeNode, width, palette, timeZone, waiting = [] }: ExplainViewOptions,
): string[] {
  const rows = [...lines.map(endedRow), ...waiting.map(waitingRow)]
    .map((row) => ({ ...row, local: localTime(Date.parse(row.at), timeZone) }));
  type Row = typeof rows[number];
  const narrow = width < NARROW;
  const columns: CellColumn<Row>[] = [
    { title: "when (UTC)", cell: ({ at }) => at.slice(0, 19).replace("T", " ") },
    ...rows.some(({ local }) => local !== undefined)
      ? [{ title: "local", spare: 1, cell: ({ local = "" }: Row) => local }]
      : [],
    {
      title: "outcome",
      cell: ({ outcome }) => outcome,
      paint: (piece, outcome) => palette[PAINTS.get(outcome) ?? "faint"](piece),
    },
    ...wholeNode && !narrow ? [{ title: "service", cell: ({ service }: Row) => service }] : [],
    ...narrow ? [] : [{ title: "event", narrow: "wrap" as const, cell: ({ event }: Row) => event }],
  ];
  const options = { columns, width, paintTitles: palette.strong };
  const { titles, bodies } = tableRows(cellsOf(rows, columns), options);
  return [
    titles,
    ...rows.flatMap(({ service, event, why }, i) => [
      ...bodies[i] ?? [],
      ...narrow ? paragraph(wholeNode ? `${service}: ${event}` : event, width) : [],
      ...paragraph(why, width),
    ]),
  ];
}

function endedRow(line: HistoryLine) {
  const { at, outcome, service = "", type, severity } = line;
  const event = [type, severity].filter((part) => part !== undefined).join(", ");
  return { at, outcome, service, event, why: why(line) };
}

function waitingRow(event: WaitingView) {
  const { at, service, type, severity } = event;
  return { at, outcome: "waits", service, event: `${type}, ${severity}`, why: whyItWaits(event) };
}

/** What an event waits for, in a sentence. */
function whyItWaits({ state, failures, next_try_seconds, why }: WaitingView): string {
  const span = spanInWords((next_try_seconds ?? 0) * 1000);
  const times = failures > 1 ? ` (${failures} times)` : "";
  const because = why === undefined ? "" : `: ${why}`;
  switch (state) {
    case "diagnosing":
      return "it is being diagnosed";
    case "queued":
      return "it is diagnosed when its turn comes";
    case "parked":
      return `no model answered${times}, tried again in ${span}${because}`;
    case "held":
      return `held for ${span} at most${because}`;
  }
}

/** Text in as many lines as it takes. */
function paragraph(text: string, width: number): string[] {
  const columns = [{ title: "", narrow: "wrap" as const }];
  const { bodies } = tableRows([[text]], { columns, width: width - INDENT.length });
  return bodies.flat().map((line) => INDENT + line);
}
