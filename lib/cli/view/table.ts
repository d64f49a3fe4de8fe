import { cut } from "../../base/text/cut.ts";
import { visibleText } from "../../base/text/visible.ts";
import type { Palette } from "./palette.ts";
import type { ViewOptions } from "./present.ts";
import { headOf, textWidth } from "./width.ts";

interface Column {
  readonly title: string;
  /** Numbers read better aligned to the right. @default {"left"} */
  readonly align?: "left" | "right" | undefined;
  /**
   * What happens to the text where the table is wider than the terminal: it goes on in the next
   * line, or ends in `…`. A column without it keeps its width, for it holds what a person copies:
   * an id, a path or a name. Others give way to it, and where that is not enough it is wrapped.
   */
  readonly narrow?: "wrap" | "cut";
  /** The column is left out where there is no room; the highest number goes first. */
  readonly spare?: number;
  /** Colours a piece of a cell; `cell` is the whole cell's text. */
  readonly paint?: (piece: string, cell: string) => string;
}

/** A column that knows what stands in it. */
export interface CellColumn<Item> extends Column {
  readonly cell: (item: Item) => string | number;
}

/** The rows of a table of such columns. */
export function cellsOf<Item>(
  items: readonly Item[],
  columns: readonly CellColumn<Item>[],
): string[][] {
  return items.map((item) => columns.map(({ cell }) => String(cell(item))));
}

/** A table of such columns: a row for each item below the titles. */
export function itemTable<Item>(
  items: readonly Item[],
  columns: readonly CellColumn<Item>[],
  { width, palette }: Pick<ViewOptions, "width" | "palette">,
): string[] {
  return tableLines(cellsOf(items, columns), { columns, width, paintTitles: palette.faint });
}

/** A name and what there is to say; where that is nothing the row is left out. */
export type NamedRow = readonly [name: string, text: string | false | null | undefined];

/** Rows of a name and a text that goes on in the next line. */
export function namedLines(
  rows: readonly NamedRow[],
  { width, paintName }: { readonly width: number; readonly paintName?: Palette["faint"] },
): string[] {
  const said = rows.flatMap(([name, text]) => text ? [[name, text]] : []);
  const name = { title: "", ...paintName && { paint: paintName } };
  return tableLines(said, { columns: [name, { title: "", narrow: "wrap" }], width }).slice(1);
}

interface TableOptions {
  readonly columns: readonly Column[];
  /** Columns of the terminal. */
  readonly width: number;
  /** Colours the line of titles. */
  readonly paintTitles?: (line: string) => string;
}

const GAP = 2;
/** A column that can be narrowed keeps this much while others can still give. */
const READABLE = 12;
const NARROWEST = 4;
/** Longest text of a cell, in UTF-16 units; the rest is cut off before anything looks at it. */
const LONGEST_CELL = 2_000;

/**
 * The lines of a table, titles first, each at most `width` columns wide unless that is too narrow
 * for any table. Terminal codes and invisible characters in cells are removed.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const { titles, bodies } = tableRows(rows, options);
  return [titles, ...bodies.flat()];
}

/** As {@linkcode tableLines}, with the lines of each row by themselves. */
export function tableRows(
  rows: readonly (readonly string[])[],
  { columns: all, width, paintTitles = (line) => line }: TableOptions,
): { readonly titles: string; readonly bodies: readonly (readonly string[])[] } {
  const cells = rows.map((row) => all.map((_, i) => oneLine(row[i] ?? "")));
  const wanted = all.map(({ title }, i) =>
    Math.max(textWidth(title), ...cells.map((row) => textWidth(row[i] ?? "")))
  );
  const kept = keptColumns(wanted, all, width);
  const columns = kept.flatMap((i) => all[i] ?? []);
  const natural = kept.map((i) => Math.min(width, wanted[i] ?? 0));
  const widths = fit(natural, columns, width - GAP * (columns.length - 1));
  const heads = columns.map(({ align }): Column => ({ title: "", align, narrow: "cut" }));
  const [titles = ""] = rowLines(columns.map(({ title }) => title), heads, widths);
  return {
    titles: paintTitles(titles),
    bodies: cells.map((row) => rowLines(kept.map((i) => row[i] ?? ""), columns, widths)),
  };
}

/** Indices of the columns that stay: spare ones go until what must not be broken has room. */
function keptColumns(
  wanted: readonly number[],
  columns: readonly Column[],
  width: number,
): number[] {
  const least = columns.map(({ narrow }, i) =>
    narrow === undefined ? wanted[i] ?? 0 : Math.min(READABLE, wanted[i] ?? 0)
  );
  const spares = columns.flatMap(({ spare }, i) => spare === undefined ? [] : [{ i, spare }])
    .sort((a, b) => b.spare - a.spare);
  let kept = columns.map((_, i) => i);
  const needs = () => kept.reduce((sum, i) => sum + (least[i] ?? 0) + GAP, -GAP);
  while (needs() > width) {
    const first = spares.shift();
    if (first === undefined) break;
    kept = kept.filter((i) => i !== first.i);
  }
  return kept;
}

function rowLines(row: readonly string[], columns: readonly Column[], widths: readonly number[]) {
  const pieces = columns.map(({ narrow, align }, i) => {
    const [cell = "", width = 0] = [row[i], widths[i]];
    // A number broken over two lines would read as two numbers.
    const isCut = narrow === "cut" || narrow === undefined && align === "right";
    return isCut ? [cutToWidth(cell, width)] : wrap(cell, width);
  });
  const height = Math.max(...pieces.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const last = pieces.findLastIndex((lines) => (lines[line] ?? "") !== "");
    return columns.slice(0, last + 1).map(({ align, paint }, i) => {
      const piece = pieces[i]?.[line] ?? "";
      const painted = paint && piece !== "" ? paint(piece, row[i] ?? "") : piece;
      const blanks = " ".repeat(Math.max(0, (widths[i] ?? 0) - textWidth(piece)));
      // No blanks at the end of a line.
      return align === "right" ? blanks + painted : i === last ? painted : painted + blanks;
    }).join(" ".repeat(GAP));
  });
}

/** Takes from the widest column until all fit: first from those that may be narrowed. */
function fit(natural: readonly number[], columns: readonly Column[], room: number): number[] {
  const widths = [...natural];
  const takeFrom = (may: (column: Column | undefined) => boolean, least: number) => {
    for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
      const widest = widths.reduce((best, width, i) => {
        return may(columns[i]) && width > least && width > (widths[best] ?? 0) ? i : best;
      }, -1);
      if (widest < 0) return;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  };
  const mayNarrow = (column: Column | undefined) => column?.narrow !== undefined;
  takeFrom(mayNarrow, READABLE);
  takeFrom(mayNarrow, NARROWEST);
  takeFrom(() => true, NARROWEST);
  return widths;
}

function oneLine(text: string): string {
  return visibleText(cut(text, LONGEST_CELL)).replace(/[\t\n]+/g, " ");
}

/** The text in lines of at most `width` columns, broken at blanks, else behind `/`, `-` or `_`. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (textWidth(line) > width) {
      const full = headOf(line, width);
      const head = /^.*[/_-]/s.exec(full)?.[0] ?? full;
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

/** The start of a text that fits into `width` columns, with `…` where something is left out. */
export function cutToWidth(text: string, width: number): string {
  return textWidth(text) <= width ? text : `${headOf(text, width - 1).trimEnd()}…`;
}
