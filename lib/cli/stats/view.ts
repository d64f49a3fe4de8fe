/**
 * What became of the proposals, for people and as JSON.
 *
 * @module
 */
import type { DecisionStats, StatsRow } from "../../proposal/read/decisions.ts";
import type { Palette } from "../view/palette.ts";
import { isoOrNull } from "../pending/view.ts";
import { spanInWords } from "../../base/text/span.ts";
import { type Column, tableLines, wrap } from "../view/table.ts";

const COLUMNS: readonly Column[] = [
  { title: "action" },
  { title: "model", narrow: "wrap" },
  ...["made", "wait", "approved", "rejected", "done", "failed", "decided"]
    .map((title): Column => ({ title, align: "right" })),
];

/** Below this its columns would be too narrow for their numbers. */
const NARROW = 72;

/** Lines for people. */
export function statsLines(
  { rows, total, damaged, unread }: DecisionStats,
  { width, palette }: { readonly width: number; readonly palette: Palette },
): string[] {
  if (rows.length === 0) return ["No proposals.", ...restLines(damaged, unread)];
  const shown = rows.length > 1 ? [...rows, total] : rows;
  const { proposed, pending, running, cancelled } = countsOf(total);
  const notes = [
    `approved: also what the executor has begun or done; running now: ${running}`,
    "decided: the median time to a decision; it is known of " +
    `${total.decision.count} of ${proposed - pending}`,
    ...cancelled > 0 ? [`cancelled: ${cancelled}`] : [],
    ...restLines(damaged, unread),
  ];
  const table = width < NARROW
    ? shown.flatMap((row) => wrap(sentenceOf(row), width))
    : tableLines(shown.map(cellsOf), { columns: COLUMNS, width, paintTitles: palette.faint });
  return [...table, "", ...notes.flatMap((note) => wrap(note, width))];
}

/** A row where there is no room for a table. */
function sentenceOf(row: StatsRow): string {
  const [action, model, ...cells] = cellsOf(row);
  const counts = cells.map((cell, i) => `${COLUMNS[i + 2]?.title ?? ""} ${cell}`);
  return `${[action, model].filter(Boolean).join(" by ")}: ${counts.join(", ")}`;
}

function restLines(damaged: number, unread: number): string[] {
  return [
    ...damaged > 0 ? [`damaged files, not counted: ${damaged}`] : [],
    ...unread > 0 ? [`older files, not read: ${unread}`] : [],
  ];
}

function cellsOf(row: StatsRow): string[] {
  const { action, model, decision } = row;
  const { proposed, pending, approved, rejected, completed, failed } = countsOf(row);
  const span = decision.median === null ? "-" : spanInWords(decision.median * 1000);
  const counts = [proposed, pending, approved, rejected, completed, failed];
  return [action, model, ...counts.map(String), span];
}

/** Keys as in the JSON. `approved` holds those the executor has taken on, too. */
function countsOf({ folders }: StatsRow) {
  const { pending, rejected, cancelled, running, completed, failed } = folders;
  const approved = folders.approved + running + completed + failed;
  const proposed = pending + approved + rejected + cancelled;
  return { proposed, pending, approved, rejected, cancelled, running, completed, failed };
}

/** The numbers as an object; keys are stable. */
export function statsJson(
  { rows, total, damaged, unread }: DecisionStats,
  sinceMs: number,
): Record<string, unknown> {
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
