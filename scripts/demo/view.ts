/**
 * What the demo prints: endings and proposals as tables.
 *
 * @module
 */
import { join } from "node:path/posix";
import { paintOutcome } from "../../lib/cli/replay/ending_view.ts";
import { tableLines } from "../../lib/cli/view/table.ts";
import { type Outcome, OUTCOMES } from "../../lib/observe/outcome.ts";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import type { ReplayedEnding } from "./replay.ts";

/** Where the output goes. */
export interface Look {
  readonly width: number;
  readonly colour: boolean;
}

const MEANINGS: Readonly<Record<Outcome, string>> = {
  malformed: "no JSON object; logged and passed over",
  unparseable: "JSON, but no event; logged and passed over",
  benign: "needs no action",
  silenced: "an operator does not want to hear of it",
  inhibited: "it flaps, and a person has been told",
  cooldown: "proposed for a short while ago",
  coalesced: "a newer event of the same service took its place",
  recovered: "well again before its turn came",
  dropped: "too many services wait",
  expired: "nothing could diagnose it in time",
  held: "a person has not decided on the last one yet",
  ignored: "diagnosed: no action needed",
  proposed: "diagnosed: a proposal waits for a person",
};

const bold = (text: string) => `\x1b[1m${text}\x1b[0m`;
const dim = (text: string) => `\x1b[2m${text}\x1b[0m`;

export const heading = (text: string, { colour }: Look) => colour ? bold(text) : text;

/** What became of each message. */
export function endingTable(endings: readonly ReplayedEnding[], { width, colour }: Look): string[] {
  const rows = endings.map((ending) => {
    const { outcome, node, service, type, severity } = ending;
    return [
      outcome,
      node === undefined ? "(not an event)" : `${node}/${service}`,
      type === undefined ? "" : `${type}, ${severity}`,
      why(ending),
    ];
  });
  const paintCell = (piece: string, cell: string) => {
    const outcome = OUTCOMES.find((known) => known === cell);
    return outcome ? paintOutcome(piece, outcome) : piece;
  };
  return tableLines(rows, {
    width,
    columns: [
      { title: "outcome", ...(colour && { paint: paintCell }) },
      { title: "node/service" },
      { title: "event", narrow: "wrap" },
      { title: "why", narrow: "wrap" },
    ],
    ...(colour && { paintTitles: dim }),
  });
}

function why({ outcome, action, detail }: ReplayedEnding): string {
  if (action !== undefined) return `${action}, if a person approves`;
  if (outcome === "ignored") return detail ?? MEANINGS[outcome];
  if (outcome === "cooldown") return `${MEANINGS[outcome]}, ${detail}`;
  return MEANINGS[outcome];
}

export interface ShownProposal {
  readonly id: string;
  readonly action: string;
  readonly risk: string;
  readonly human: string;
  readonly confidence: string;
  /** Names of the rules that changed it, or "". */
  readonly changedBy: string;
  /** The file as it is. */
  readonly text: string;
}

/** The proposals in a folder, the oldest event first. */
export async function readProposals(folder: string): Promise<ShownProposal[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const names = entries.map(({ name }) => name).filter((name) => name.endsWith(".json"));
  const read = await Promise.all(names.map(async (name) => {
    const text = await Deno.readTextFile(join(folder, name));
    // Written by the agent a moment ago.
    return { file: JSON.parse(text) as ActionFile, text };
  }));
  return read.sort((a, b) => a.file.timestamp - b.file.timestamp).map(({ file, text }) => ({
    id: file.action_id,
    action: file.payload.action,
    risk: file.risk_level,
    human: file.requires_human ? "yes" : "no",
    confidence: file.confidence.toFixed(2),
    changedBy: [...new Set(file.payload.policy?.map(({ rule }) => rule))].join(", "),
    text,
  }));
}

/** Folders and what is in them. */
export function placeTable(places: readonly [string, string][], { width, colour }: Look): string[] {
  return tableLines(places, {
    width,
    columns: [{ title: "where" }, { title: "what", narrow: "wrap" }],
    ...(colour && { paintTitles: dim }),
  });
}

export function proposalTable(
  proposals: readonly ShownProposal[],
  { width, colour }: Look,
): string[] {
  return tableLines(
    proposals.map((p) => [p.id, p.action, p.risk, p.human, p.confidence, p.changedBy]),
    {
      width,
      columns: [
        { title: "proposal" },
        { title: "action" },
        { title: "risk", spare: 2 },
        { title: "human", spare: 3 },
        { title: "conf.", align: "right", spare: 1 },
        { title: "changed by rule", narrow: "wrap", spare: 4 },
      ],
      ...(colour && { paintTitles: dim }),
    },
  );
}
