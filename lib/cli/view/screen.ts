/**
 * Lines that are printed once, or drawn over the last ones again and again.
 *
 * @module
 */
import type { Io } from "../io.ts";

/** Prints lines; a watched terminal is drawn over in one go, so that nothing flickers. */
export function showScreen(
  io: Pick<Io, "out" | "isTerminal" | "height">,
  lines: readonly string[],
  watched: boolean,
): void {
  if (!watched || !io.isTerminal) {
    io.out(`${lines.join("\n")}\n${watched ? "\n" : ""}`);
    return;
  }
  // The cursor stands in the row below the last line. Home, each line cleared to its end, then all below.
  const room = Math.max(2, (io.height ?? Infinity) - 1);
  const shown = lines.length <= room
    ? lines
    : [...lines.slice(0, room - 1), `and ${lines.length - room + 1} more lines`];
  io.out(`\x1b[H${shown.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`);
}
