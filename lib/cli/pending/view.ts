import { spanInWords } from "../../base/text/span.ts";
import {
  foldByNode,
  type WaitingProposal,
  type WaitingProposals,
} from "../../proposal/read/waiting.ts";
import { moveCommand } from "../show/next_step.ts";
import { isoOrNull, type ViewOptions } from "../view/present.ts";
import { type CellColumn, cellsOf, cutToWidth, itemTable, tableRows, wrap } from "../view/table.ts";
import type { Superseded } from "./superseded.ts";

/** What the list is made with beside the proposals. */
interface PendingOptions extends ViewOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly superseded: Superseded;
  /** How many wait beside those that were asked for. */
  readonly others?: number;
  /** Path of a folder under actions/. */
  readonly folder: (name: "pending" | "rejected") => string;
}

/** More are not put into one command. */
const MOST_IN_A_COMMAND = 200;

/** Lines for people: nodes, a row for each fold, and below it its id and reason. */
export function pendingLines(
  { proposals, damaged, unread }: WaitingProposals,
  options: PendingOptions,
): string[] {
  const columns: CellColumn<typeof damaged[number]>[] = [
    { title: "damaged file", paint: options.palette.bad, cell: fileName },
    { title: "why", narrow: "wrap", cell: ({ why }) => why },
  ];
  return [
    countLine(proposals.length, unread, options.others),
    ...proposals.length > 0 ? ["", ...proposalLines(proposals, options)] : [],
    ...damaged.length > 0 ? ["", ...itemTable(damaged, columns, options)] : [],
    ...rejectLines(proposals, options),
  ];
}

const fileName = ({ actionId }: { readonly actionId: string }) => `${actionId}.json`;

function countLine(count: number, unread: number, others = 0): string {
  if (unread > 0) return `${count} proposals, and ${unread} older files that were not read`;
  const rest = others === 1 ? "1 other does" : `${others} others do`;
  if (count === 0 && others > 0) return `No proposal that was asked for waits; ${rest}.`;
  if (count === 0) return "No proposal waits for a person.";
  return count === 1 ? "1 proposal waits for a person" : `${count} proposals wait for a person`;
}

function proposalLines(
  proposals: readonly WaitingProposal[],
  options: PendingOptions,
): string[] {
  const { nowMs, width, palette } = options;
  const nodes = foldByNode(proposals);
  const rows = nodes.flatMap(({ folds }) =>
    folds.map(({ newest, count }) => ({ ...newest, count }))
  );
  const columns: readonly CellColumn<typeof rows[number]>[] = [
    {
      title: "age",
      align: "right",
      cell: ({ timestamp }) => spanInWords(nowMs - timestamp * 1000),
    },
    { title: "action", cell: ({ action }) => action },
    { title: "service", cell: ({ service }) => service },
    { title: "risk", spare: 2, cell: ({ riskLevel }) => riskLevel },
    {
      title: "approver",
      spare: 1,
      cell: ({ requiresHuman: human }) => human === null ? "-" : human ? "person" : "either",
    },
    {
      title: "conf.",
      align: "right",
      spare: 3,
      cell: ({ confidence }) => confidence?.toFixed(2) ?? "-",
    },
    { title: "note", narrow: "wrap", paint: palette.warn, cell: (row) => notes(row, options) },
  ];
  const { titles, bodies } = tableRows(cellsOf(rows, columns), {
    columns,
    width,
    paintTitles: palette.faint,
  });
  let row = 0;
  return [
    titles,
    ...nodes.flatMap(({ node, folds }) => [
      ...wrap(node, width).map(palette.strong),
      ...folds.flatMap(({ newest }) => [...bodies[row++] ?? [], reasonLine(newest, width)]),
    ]),
    ...rows.some(({ requiresHuman }) => requiresHuman === false)
      ? ["", ...wrap(EITHER, width).map(palette.faint)]
      : [],
  ];
}

const EITHER =
  "either: a person, or an executor whose own settings allow that. Nothing runs before " +
  "its file is in actions/approved.";

/** The id whole, to be copied, and as much of the reason as there is room for. */
function reasonLine({ actionId, reason }: WaitingProposal, width: number): string {
  const start = `  ${actionId}`;
  const room = width - start.length - 2;
  return room < 8 || reason === "" ? start : `${start}  ${cutToWidth(reason, room)}`;
}

function notes(
  { count, actionId, altered, stale, recoveredMs, proposedBy, location }: WaitingProposal & {
    readonly count: number;
  },
  { nowMs, superseded }: PendingOptions,
): string {
  const why = superseded.get(actionId);
  return [
    count > 1 && `x${count}`,
    proposedBy !== "planner-agent" && `by ${proposedBy}`,
    location,
    altered && "altered",
    why !== undefined && `superseded: ${why}`,
    stale && "stale",
    recoveredMs !== null && `recovered ${spanInWords(nowMs - recoveredMs)} ago`,
  ].filter(Boolean).join(", ");
}

/** Whether nothing is known that speaks against approving a proposal. */
export function isReady(
  { actionId, altered, stale, recoveredMs }: WaitingProposal,
  superseded: Superseded,
): boolean {
  return !altered && !stale && recoveredMs === null && !superseded.has(actionId);
}

/** One command for all that were superseded; never broken, since a person copies it. */
function rejectLines(
  proposals: readonly WaitingProposal[],
  { superseded, folder, width }: PendingOptions,
): string[] {
  const ids = proposals.map(({ actionId }) => actionId).filter((id) => superseded.has(id));
  if (ids.length === 0) return [];
  const those = ids.length > MOST_IN_A_COMMAND ? `${MOST_IN_A_COMMAND} of them` : "them";
  const said = ids.length === 1
    ? "1 proposal is superseded. This rejects it:"
    : `${ids.length} proposals are superseded. This rejects ${those}:`;
  const paths = ids.slice(0, MOST_IN_A_COMMAND).map((id) => `${folder("pending")}/${id}.json`);
  return ["", ...wrap(said, width), `  ${moveCommand(paths, folder("rejected"))}`];
}

/** The list as an object; keys are stable, each proposal is an entry of its own. */
export function pendingJson(
  { proposals, damaged, unread }: WaitingProposals,
  { nowMs, superseded }: Pick<PendingOptions, "nowMs" | "superseded">,
) {
  return {
    pending: proposals.map((proposal) => ({
      action_id: proposal.actionId,
      node: proposal.node,
      service: proposal.service,
      action: proposal.action,
      proposed_by: proposal.proposedBy,
      type: proposal.type,
      risk_level: proposal.riskLevel,
      requires_human: proposal.requiresHuman,
      confidence: proposal.confidence,
      reason: proposal.reason,
      source_event: proposal.sourceEvent,
      ...(proposal.location !== "" && { location_tag: proposal.location }),
      timestamp: proposal.timestamp,
      age_seconds: Math.max(0, Math.floor(nowMs / 1000 - proposal.timestamp)),
      llm_model: proposal.model,
      valid_until: proposal.validUntil || null,
      stale: proposal.stale,
      altered: proposal.altered,
      recovered_at: isoOrNull(proposal.recoveredMs),
      superseded: superseded.get(proposal.actionId) ?? null,
    })),
    damaged: damaged.map(({ actionId, why }) => ({ file: fileName({ actionId }), why })),
    unread,
  };
}
