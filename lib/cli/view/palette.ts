import type { Io } from "../io.ts";

type Paint = (text: string) => string;

export interface Palette {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
}

/** Colours on a terminal without NO_COLOR; everywhere else the text as it is. */
export function paletteFor(io: Pick<Io, "isTerminal" | "env">): Palette {
  const coloured = io.isTerminal && !io.env("NO_COLOR");
  const code = (n: number): Paint => (text) => coloured ? `\x1b[${n}m${text}\x1b[0m` : text;
  return { strong: code(1), faint: code(2), good: code(32), warn: code(33), bad: code(31) };
}

/** A text without its colours. */
// deno-lint-ignore no-control-regex
export const unpainted: Paint = (text) => text.replace(/\x1b\[\d+m/g, "");
