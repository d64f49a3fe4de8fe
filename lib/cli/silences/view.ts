import { momentText, spanInWords } from "../../base/text/span.ts";
import { type Silence, silenceState } from "../../gate/silences.ts";
import { isoOrNull, type ViewOptions } from "../view/present.ts";
import { itemTable, wrap } from "../view/table.ts";

/** A silence, and how many events it kept quiet as far as the history goes back. */
export type CountedSilence = Silence & { readonly matched: number };

const ORDER = ["in force", "to come", "over"];

/** Lines for people: those in force first, and of these the one that ends first. */
export function silenceLines(
  all: readonly CountedSilence[],
  options: ViewOptions & { readonly nowMs: number },
): string[] {
  if (all.length === 0) return ["Nothing is silenced."];
  const { nowMs, width, palette, timeZone } = options;
  const rows = all
    .map((silence) => ({ ...silence, state: silenceState(silence, nowMs) }))
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.untilMs - b.untilMs);
  const paint = (piece: string, cell: string) =>
    cell === "in force" ? palette.warn(piece) : palette.faint(piece);
  return [
    ...itemTable(rows, [
      { title: "state", paint, cell: ({ state }) => state },
      { title: "", spare: 2, cell: (row) => whenOf(row, nowMs) },
      {
        title: "ends",
        narrow: "wrap",
        cell: ({ untilMs }) => momentText(untilMs / 1000, timeZone),
      },
      { title: "events of", cell: aboutWhat },
      { title: "matched", align: "right", spare: 1, cell: ({ matched }) => matched },
      { title: "reason", narrow: "wrap", cell: ({ reason }) => reason },
    ], options),
    "",
    ...wrap("matched: events that were kept quiet, as far as the history goes back", width),
  ];
}

function whenOf(
  { state, fromMs = 0, untilMs }: Silence & { readonly state: ReturnType<typeof silenceState> },
  nowMs: number,
): string {
  switch (state) {
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
  return all.map((silence) => ({
    node: silence.node ?? null,
    service: silence.service ?? null,
    type: silence.type ?? null,
    state: silenceState(silence, nowMs),
    from: isoOrNull(silence.fromMs),
    until: isoOrNull(silence.untilMs),
    reason: silence.reason,
    matched: silence.matched,
  }));
}
