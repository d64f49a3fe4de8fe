import { momentText, spanInWords } from "../../base/text/span.ts";
import { type Silence, silenceState } from "../../gate/silences.ts";
import { isoOrNull } from "../pending/view.ts";
import type { Palette } from "../view/palette.ts";
import { type Column, tableLines, wrap } from "../view/table.ts";

/** A silence, and how many events it kept quiet as far as the history goes back. */
export interface CountedSilence {
  readonly silence: Silence;
  readonly matched: number;
}

const ORDER = ["in force", "to come", "over"];

/** Lines for people: those in force first, and of these the one that ends first. */
export function silenceLines(
  all: readonly CountedSilence[],
  { nowMs, width, palette, timeZone }: {
    readonly nowMs: number;
    readonly width: number;
    readonly palette: Palette;
    /** The reader's; that of this machine when it is left out. */
    readonly timeZone?: string;
  },
): string[] {
  if (all.length === 0) return ["Nothing is silenced."];
  const order = ({ silence }: CountedSilence) => ORDER.indexOf(silenceState(silence, nowMs));
  const rows = all
    .toSorted((a, b) => order(a) - order(b) || a.silence.untilMs - b.silence.untilMs)
    .map(({ silence, matched }) => [
      silenceState(silence, nowMs),
      whenOf(silence, nowMs),
      momentText(silence.untilMs / 1000, timeZone),
      aboutWhat(silence),
      String(matched),
      silence.reason,
    ]);
  const paint = (piece: string, cell: string) =>
    cell === "in force" ? palette.warn(piece) : palette.faint(piece);
  const columns: Column[] = [
    { title: "state", paint },
    { title: "", spare: 2 },
    { title: "ends", narrow: "wrap" },
    { title: "events of" },
    { title: "matched", align: "right", spare: 1 },
    { title: "reason", narrow: "wrap" },
  ];
  return [
    ...tableLines(rows, { columns, width, paintTitles: palette.faint }),
    "",
    ...wrap("matched: events that were kept quiet, as far as the history goes back", width),
  ];
}

function whenOf(silence: Silence, nowMs: number): string {
  const { fromMs = 0, untilMs } = silence;
  switch (silenceState(silence, nowMs)) {
    case "in force":
      return `for another ${spanInWords(untilMs - nowMs)}`;
    case "to come":
      return `begins in ${spanInWords(fromMs - nowMs)}`;
    case "over":
      return `${spanInWords(nowMs - untilMs)} ago`;
  }
}

/** A node, or a node and a service, with the type where one is given. */
function aboutWhat({ node = "*", service, type }: Silence): string {
  const where = service === undefined ? node : `${node}/${service}`;
  return type === undefined ? where : `${where} ${type}`;
}

/** The same as objects; keys are stable. */
export function silencesJson(all: readonly CountedSilence[], nowMs: number) {
  return all.map(({ silence, matched }) => ({
    node: silence.node ?? null,
    service: silence.service ?? null,
    type: silence.type ?? null,
    state: silenceState(silence, nowMs),
    from: isoOrNull(silence.fromMs ?? null),
    until: isoOrNull(silence.untilMs),
    reason: silence.reason,
    matched,
  }));
}
