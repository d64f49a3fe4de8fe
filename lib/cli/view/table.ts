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
  { columns, width, paintTitles = (line) => line }: TableOptions,
): { readonly titles: string; readonly bodies: readonly (readonly string[])[] } {
  const measured = columns.map((column, i) => {
    const cells = rows.map((row) => oneLine(row[i] ?? ""));
    const wanted = Math.max(textWidth(column.title), ...cells.map(textWidth));
    return { ...column, cells, wanted, width: Math.min(width, wanted) };
  });
  const kept = withoutSpares(measured, width);
  fit(kept, width - GAP * (kept.length - 1));
  const [titles = ""] = rowLines(
    kept.map(({ title, align, width }) => ({ cell: title, align, width, narrow: "cut" })),
  );
  const bodies = rows.map((_, n) =>
    rowLines(kept.map(({ cells, ...column }) => ({ ...column, cell: cells[n] ?? "" })))
  );
  return { titles: paintTitles(titles), bodies };
}

/** The columns that stay: spare ones go until what must not be broken has room. */
function withoutSpares<C extends Column & { readonly wanted: number }>(
  columns: readonly C[],
  width: number,
): C[] {
  const spares = columns.filter(({ spare }) => spare !== undefined)
    .sort((a, b) => (b.spare ?? 0) - (a.spare ?? 0));
  let kept = [...columns];
  const least = ({ narrow, wanted }: C) =>
    narrow === undefined ? wanted : Math.min(READABLE, wanted);
  while (spares.length > 0 && kept.reduce((sum, each) => sum + least(each) + GAP, -GAP) > width) {
    const first = spares.shift();
    kept = kept.filter((column) => column !== first);
  }
  return kept;
}

/** Takes from the widest column until all fit: first from those that may be narrowed. */
function fit(columns: readonly (Pick<Column, "narrow"> & { width: number })[], room: number): void {
  const takeFrom = (some: typeof columns, least: number) => {
    for (let over = columns.reduce((sum, { width }) => sum + width, 0) - room; over > 0; over--) {
      const most = Math.max(least, ...some.map(({ width }) => width));
      const widest = some.find(({ width }) => width === most && width > least);
      if (!widest) return;
      widest.width--;
    }
  };
  const narrowed = columns.filter(({ narrow }) => narrow !== undefined);
  takeFrom(narrowed, READABLE);
  takeFrom(narrowed, NARROWEST);
  takeFrom(columns, NARROWEST);
}

interface Cell extends Omit<Column, "title"> {
  readonly cell: string;
  readonly width: number;
}

function rowLines(cells: readonly Cell[]): string[] {
  const pieces = cells.map(({ cell, width, narrow, align }) => {
    // A number broken over two lines would read as two numbers.
    const isCut = narrow === "cut" || narrow === undefined && align === "right";
    return isCut ? [cutToWidth(cell, width)] : wrap(cell, width);
  });
  const height = Math.max(...pieces.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const last = pieces.findLastIndex((lines) => (lines[line] ?? "") !== "");
    return cells.slice(0, last + 1).map(({ cell, width, align, paint }, i) => {
      const piece = pieces[i]?.[line] ?? "";
      const painted = paint && piece !== "" ? paint(piece, cell) : piece;
      const blanks = " ".repeat(Math.max(0, width - textWidth(piece)));
      // No blanks at the end of a line.
      return align === "right" ? blanks + painted : i === last ? painted : painted + blanks;
    }).join(" ".repeat(GAP));
  });
}

function oneLine(text: string): string {
  return visibleText(cut(text, LONGEST_CELL)).replace(/[\t\n]+/g, " ");
}

/** The text in lines of at most `width` columns, broken at blanks, else behind `/`, `-` or `_`. */
export function wrap(text: string, room: number): string[] {
  // A terminal may be narrower than what it is indented by.
  const width = Math.max(1, room);
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
