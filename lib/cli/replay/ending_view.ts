import type { ActionFile } from "../../proposal/action_file.ts";
import type { ViewOptions } from "../view/present.ts";
import { itemTable } from "../view/table.ts";
import type { Ending } from "../../observe/ending.ts";
import type { Counts, Outcome } from "../../observe/outcome.ts";

/** Terminal codes (ECMA-48, SGR). */
const COLOURS: Readonly<Record<Outcome, number>> = {
  ...{ malformed: 31, unparseable: 31, dropped: 31, expired: 31 },
  ...{ benign: 90, silenced: 90, ignored: 90 },
  ...{ inhibited: 36, cooldown: 36, coalesced: 36 },
  ...{ recovered: 32, proposed: 32, held: 33 },
};

const OUTCOME_WIDTH = 11;

/** Text in the colour of an outcome. */
export function paintOutcome(text: string, outcome: Outcome): string {
  return `\x1b[${COLOURS[outcome]}m${text}\x1b[0m`;
}

/** For people: the outcome, the event, and what there is to say about it. */
export function endingLine(
  { outcome, event, channel, proposal, detail }: Ending,
  colour: boolean,
): string {
  const padded = outcome.padEnd(OUTCOME_WIDTH);
  const shown = colour ? paintOutcome(padded, outcome) : padded;
  const subject = event
    ? `${event.node}/${event.service} ${event.type} (${event.severity})`
    : `a message on ${channel}`;
  const more = proposal
    ? ` -> ${proposal.payload.action} by ${proposal.llm_model}, ${proposal.action_id}`
    : detail && ` (${detail})`;
  return `${shown} ${subject}${more ?? ""}`;
}

/** The ending as an object; keys are stable. */
export function endingJson({ outcome, event, channel, proposal, detail }: Ending) {
  const { node, service, type, severity, timestamp } = event ?? {};
  return {
    outcome,
    channel,
    ...(event && { node, service, type, severity, timestamp }),
    ...(proposal && { action_id: proposal.action_id, action: proposal.payload.action }),
    ...(detail !== undefined && { detail }),
  };
}

/** What a dry run would propose, for a person; a program takes the JSON. */
export function proposalLines(
  files: readonly ActionFile[],
  options: Pick<ViewOptions, "width" | "palette">,
): string[] {
  if (files.length === 0) return [];
  return itemTable(files, [
    { title: "proposal", cell: ({ action_id }) => action_id },
    { title: "action", cell: ({ payload }) => payload.action },
    { title: "conf.", align: "right", spare: 1, cell: ({ confidence }) => confidence.toFixed(2) },
    { title: "reason", narrow: "wrap", spare: 2, cell: ({ payload }) => payload.reason },
  ], options);
}

/** The counts in a sentence; outcomes that did not occur are left out. */
export function summaryLine({ received, outcomes }: Counts, parked: number): string {
  const parts = Object.entries(outcomes).filter(([, n]) => n > 0).map(([o, n]) => `${n} ${o}`);
  if (parked > 0) parts.push(`${parked} waiting for another try`);
  return `${received} received: ${parts.join(", ") || "nothing"}`;
}
