import { sleep, systemClock } from "../../base/clock.ts";
import { asciiJson } from "../../base/json.ts";
import type { Values } from "../command.ts";
import { EXIT, type Io } from "../io.ts";
import { type Palette, paletteFor, unpainted } from "./palette.ts";
import { textWidth } from "./width.ts";

/** How a person looks at something. */
export interface ViewOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Rows of a terminal that is watched. */
  readonly height?: number | undefined;
  readonly palette: Palette;
  /** The reader's zone; that of this machine when it is left out. */
  readonly timeZone?: string | undefined;
}

/** What a command found. */
interface Found {
  /** For programs; its keys are stable. */
  readonly object: unknown;
  /** For people. */
  lines(options: ViewOptions): readonly string[];
  /** The exit status. @default {EXIT.ok} */
  readonly status?: number;
}

const REDRAW_MS = 2_000;

/** Prints what `look` finds, as `--json` and `--watch` ask; resolves with the exit status. */
export async function present(
  io: Io,
  { json, watch }: Values,
  look: () => Found | Promise<Found>,
): Promise<number> {
  const watched = watch === true;
  return await repeated(io, watched, async () => {
    const { object, lines, status = EXIT.ok } = await look();
    if (json === true) {
      io.out(`${asciiJson(object, watched ? 0 : 2)}\n`);
      return status;
    }
    const height = watched && io.isTerminal ? io.height : undefined;
    const shown = lines({ width: io.width, palette: paletteFor(io), height });
    if (watched && io.isTerminal) {
      // Drawn over in one go, so that nothing flickers: home, each line cleared to its end, then
      // all below.
      const fitting = fitHeight(shown, { width: io.width, height }).map((line) => `${line}\x1b[K\n`)
        .join("");
      io.out(`\x1b[H${fitting}\x1b[J`);
    } else {
      io.out(`${shown.join("\n")}\n${watched ? "\n" : ""}`);
    }
    return status;
  });
}

/** Does it once, or when it is `watched` every 2 s, until SIGINT or SIGTERM. */
export async function repeated(
  io: Pick<Io, "onSignal">,
  watched: boolean,
  draw: () => Promise<number>,
): Promise<number> {
  if (!watched) return await draw();
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

/** As many lines as a screen has room for: the cursor stands in the row below the last one. */
export function fitHeight(
  lines: readonly string[],
  { width, height = Infinity }: Pick<ViewOptions, "width" | "height">,
): readonly string[] {
  const room = Math.max(2, height - 1);
  // A command that is never broken goes on in further rows.
  const ends: number[] = [];
  for (const line of lines) {
    ends.push((ends.at(-1) ?? 0) + Math.max(1, Math.ceil(textWidth(unpainted(line)) / width)));
  }
  if ((ends.at(-1) ?? 0) <= room) return lines;
  const shown = lines.slice(0, ends.filter((end) => end < room).length);
  const rest = lines.length - shown.length;
  return [...shown, rest === 1 ? "and 1 more line" : `and ${rest} more lines`];
}

/** Milliseconds since 1970 in ISO 8601, as `--json` has them. */
export function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString();
}
