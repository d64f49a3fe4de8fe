import { spanInWords } from "../../base/text/span.ts";
import type { DecisionStats, StatsRow } from "../../proposal/read/decisions.ts";
import { isoOrNull, type ViewOptions } from "../view/present.ts";
import { type CellColumn, itemTable, wrap } from "../view/table.ts";

const COUNTS = {
  made: "proposed",
  wait: "pending",
  approved: "approved",
  rejected: "rejected",
  done: "completed",
  failed: "failed",
} as const;

const COLUMNS: readonly CellColumn<StatsRow>[] = [
  { title: "action", cell: ({ action }) => action },
  { title: "model", narrow: "wrap", cell: ({ model }) => model },
  ...Object.entries(COUNTS).map(([title, key]): CellColumn<StatsRow> => (
    { title, align: "right", cell: (row) => countsOf(row)[key] }
  )),
  {
    title: "decided",
    align: "right",
    cell: ({ decision: { median } }) => median === null ? "-" : spanInWords(median * 1000),
  },
];

/** Below this its columns would be too narrow for their numbers. */
const NARROW = 72;

/** What became of the proposals, for people. */
export function statsLines(
  { rows, total, damaged, unread }: DecisionStats,
  options: ViewOptions,
): string[] {
  const rest = [
    ...damaged > 0 ? [`damaged files, not counted: ${damaged}`] : [],
    ...unread > 0 ? [`older files, not read: ${unread}`] : [],
  ];
  if (rows.length === 0) return ["No proposals.", ...rest];
  const { width } = options;
  const shown = rows.length > 1 ? [...rows, total] : rows;
  const { proposed, pending, running, cancelled } = countsOf(total);
  const notes = [
    `approved: also what the executor has begun or done; running now: ${running}`,
    "decided: the median time to a decision; it is known of " +
    `${total.decision.count} of ${proposed - pending}`,
    ...cancelled > 0 ? [`cancelled: ${cancelled}`] : [],
    ...rest,
  ];
  return [
    ...width < NARROW
      ? shown.flatMap((row) => wrap(sentenceOf(row), width))
      : itemTable(shown, COLUMNS, options),
    "",
    ...notes.flatMap((note) => wrap(note, width)),
  ];
}

/** A row where there is no room for a table. */
function sentenceOf(row: StatsRow): string {
  const counts = COLUMNS.slice(2).map(({ title, cell }) => `${title} ${cell(row)}`);
  return `${[row.action, row.model].filter(Boolean).join(" by ")}: ${counts.join(", ")}`;
}

/** Keys as in the JSON. `approved` holds those the executor has taken on, too. */
function countsOf({ folders }: StatsRow) {
  const { pending, rejected, cancelled, running, completed, failed } = folders;
  const approved = folders.approved + running + completed + failed;
  const proposed = pending + approved + rejected + cancelled;
  return { proposed, pending, approved, rejected, cancelled, running, completed, failed };
}

/** The numbers as an object; keys are stable. */
export function statsJson({ rows, total, damaged, unread }: DecisionStats, sinceMs: number) {
  const sums = (row: StatsRow) => ({ ...countsOf(row), decision_seconds: row.decision });
  return {
    since: isoOrNull(sinceMs === 0 ? null : sinceMs),
    total: sums(total),
    by_action_and_model: rows.map((row) => ({
      action: row.action,
      model: row.model,
      ...sums(row),
    })),
    damaged,
    unread,
  };
}
