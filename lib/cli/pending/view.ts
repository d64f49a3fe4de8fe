/**
 * What waits for a person, as a table and as JSON.
 *
 * @module
 */
import {
  foldByNode,
  type WaitingProposal,
  type WaitingProposals,
} from "../../proposal/read/waiting.ts";
import type { Palette } from "../view/palette.ts";
import { spanText } from "../span.ts";
import { type Column, cut, tableLines } from "../view/table.ts";

export interface ViewOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Columns of the terminal. */
  readonly width: number;
  readonly palette: Palette;
}

/** Lines for people: nodes, a row for each fold, and below it its id and reason. */
export function pendingLines(
  { proposals, damaged, unread }: WaitingProposals,
  { nowMs, width, palette }: ViewOptions,
): string[] {
  const lines = [countLine(proposals.length, unread)];
  if (proposals.length > 0) lines.push("", ...proposalLines(proposals, { nowMs, width, palette }));
  if (damaged.length > 0) {
    const table = tableLines(damaged.map(({ actionId, why }) => [`${actionId}.json`, why]), {
      columns: [{ title: "damaged file", paint: palette.bad }, { title: "why", narrow: "wrap" }],
      width,
      paintTitles: palette.faint,
    });
    lines.push("", ...table);
  }
  return lines;
}

function countLine(count: number, unread: number): string {
  if (unread > 0) return `${count} proposals, and ${unread} older files that were not read`;
  if (count === 0) return "No proposal waits for a person.";
  return count === 1 ? "1 proposal waits for a person" : `${count} proposals wait for a person`;
}

function proposalLines(
  proposals: readonly WaitingProposal[],
  { nowMs, width, palette }: ViewOptions,
): string[] {
  const nodes = foldByNode(proposals);
  const folds = nodes.flatMap((node) => node.folds);
  const columns: readonly Column[] = [
    { title: "age", align: "right" },
    { title: "action" },
    { title: "service" },
    { title: "risk" },
    { title: "human" },
    { title: "conf.", align: "right" },
    { title: "note", paint: palette.warn },
  ].map((column) => ({ ...column, narrow: "cut" }) as Column);
  const [titles = "", ...rows] = tableLines(
    folds.map(({ newest, count }) => [
      spanText(nowMs - newest.timestamp * 1000),
      newest.action,
      newest.service,
      newest.riskLevel,
      newest.requiresHuman ? "yes" : "no",
      newest.confidence.toFixed(2),
      notes(newest, { count, nowMs }),
    ]),
    { columns, width, paintTitles: palette.faint },
  );
  // Every column is cut rather than wrapped, so that each fold is one row.
  const lines = [titles];
  let row = 0;
  for (const { node, folds } of nodes) {
    lines.push(palette.strong(cut(node, width)));
    for (const { newest } of folds) lines.push(rows[row++] ?? "", reasonLine(newest, width));
  }
  return lines;
}

/** The id whole, to be copied, and as much of the reason as there is room for. */
function reasonLine({ actionId, reason }: WaitingProposal, width: number): string {
  const start = `  ${actionId}`;
  const room = width - start.length - 2;
  return room < 8 || reason === "" ? start : `${start}  ${cut(reason, room)}`;
}

function notes(
  { altered, stale, recoveredMs }: WaitingProposal,
  { count, nowMs }: { readonly count: number; readonly nowMs: number },
): string {
  return [
    count > 1 && `x${count}`,
    altered && "altered",
    stale && "stale",
    recoveredMs !== null && `recovered ${spanText(nowMs - recoveredMs)} ago`,
  ].filter(Boolean).join(", ");
}

/** The same as an object; keys are stable, each proposal is an entry of its own. */
export function pendingJson(
  { proposals, damaged, unread }: WaitingProposals,
  nowMs: number,
): Record<string, unknown> {
  return {
    pending: proposals.map((proposal) => ({
      action_id: proposal.actionId,
      node: proposal.node,
      service: proposal.service,
      action: proposal.action,
      type: proposal.type,
      risk_level: proposal.riskLevel,
      requires_human: proposal.requiresHuman,
      confidence: proposal.confidence,
      reason: proposal.reason,
      source_event: proposal.sourceEvent,
      timestamp: proposal.timestamp,
      age_seconds: Math.max(0, Math.floor(nowMs / 1000 - proposal.timestamp)),
      llm_model: proposal.model,
      valid_until: proposal.validUntil || null,
      stale: proposal.stale,
      altered: proposal.altered,
      recovered_at: isoOrNull(proposal.recoveredMs),
    })),
    damaged: damaged.map(({ actionId, why }) => ({ file: `${actionId}.json`, why })),
    unread,
  };
}

/** ISO 8601 in UTC, or null. */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
