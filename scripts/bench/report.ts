/**
 * From the numbers of all runs to medians, ratios and a table.
 *
 * @module
 */
import {
  type Measure,
  MEASURES,
  type Outcome,
  type SideName,
  SIDES,
  type Values,
} from "./measures.ts";
import { median } from "./statistics.ts";

const ALL = Object.keys(MEASURES) as Measure[];

/** The runs of each side, in the order they were made. */
export type Runs = Partial<Record<SideName, readonly Outcome[]>>;

export interface Report {
  readonly medians: Partial<Record<SideName, Values>>;
  /** The agent's median divided by the other side's. */
  readonly ratios: Partial<Record<SideName, Values>>;
  readonly notes: readonly string[];
}

function medians(runs: readonly Outcome[]): Values {
  const values: Values = {};
  for (const measure of ALL) {
    const found = median(runs.map((run) => run.values[measure] ?? NaN));
    if (!Number.isNaN(found)) values[measure] = found;
  }
  return values;
}

/** Each measure that both have, divided; a division by zero is left out. */
export function ratios(dividend: Values, divisor: Values): Values {
  const values: Values = {};
  for (const measure of ALL) {
    const ratio = (dividend[measure] ?? NaN) / (divisor[measure] ?? NaN);
    if (Number.isFinite(ratio)) values[measure] = ratio;
  }
  return values;
}

/** Medians over the runs of each side, ratios between sides, and every note once. */
export function summarize(runs: Runs): Report {
  const found: Partial<Record<SideName, Values>> = {};
  const notes = new Set<string>();
  for (const side of SIDES) {
    const own = runs[side];
    if (!own || own.length === 0) continue;
    found[side] = medians(own);
    own.forEach((run, nth) =>
      run.notes.forEach((note) => notes.add(`${side} ${nth + 1}: ${note}`))
    );
  }
  const { agent, ...others } = found;
  const divided = Object.entries(others).map(([side, own]) => [side, ratios(agent ?? {}, own)]);
  return { medians: found, ratios: agent ? Object.fromEntries(divided) : {}, notes: [...notes] };
}

function written(value: number | undefined, digits: number): string {
  if (value === undefined) return "-";
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Lines of equal width: the first column to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
      .join("  ").trimEnd()
  );
}

/** The report as a table; a side or a measure that nobody has takes no room in it. */
export function formatTable(report: Report): string {
  const sides = SIDES.filter((side) => report.medians[side]);
  const others = sides.filter((side) => report.ratios[side]);
  const rows = [["measure", ...sides, ...others.map((side) => `agent/${side}`)]];
  for (const measure of ALL) {
    if (!sides.some((side) => report.medians[side]?.[measure] !== undefined)) continue;
    const { label, digits } = MEASURES[measure];
    rows.push([
      label,
      ...sides.map((side) => written(report.medians[side]?.[measure], digits)),
      ...others.map((side) => written(report.ratios[side]?.[measure], 2)),
    ]);
  }
  return [...alignColumns(rows), ...report.notes.map((note) => `note: ${note}`)].join("\n");
}
