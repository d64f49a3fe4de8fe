import { sleep, systemClock } from "../../base/clock.ts";
import { EXIT, type Io } from "../io.ts";

const REDRAW_MS = 2_000;

/** Draws every 2 s, until SIGINT or SIGTERM. */
export async function redrawn(
  io: Pick<Io, "onSignal">,
  draw: () => Promise<unknown>,
): Promise<number> {
  const stopping = new AbortController();
  const release = io.onSignal(() => stopping.abort());
  try {
    while (!stopping.signal.aborted) {
      await draw();
      await sleep(systemClock, REDRAW_MS, stopping.signal);
    }
    return EXIT.ok;
  } finally {
    release();
  }
}

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
  // Home, each line cleared to its end, then all below.
  const shown = fitHeight(lines, io.height).map((line) => `${line}\x1b[K\n`).join("");
  io.out(`\x1b[H${shown}\x1b[J`);
}

/** As many lines as a screen has room for: the cursor stands in the row below the last one. */
export function fitHeight(lines: readonly string[], height = Infinity): readonly string[] {
  const room = Math.max(2, height - 1);
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), `and ${lines.length - room + 1} more lines`];
}
