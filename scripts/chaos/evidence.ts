/**
 * What a run leaves behind, as the checks look at it.
 *
 * @module
 */
import type { FaultKind } from "./faults.ts";

/** Times are milliseconds since 1970 by the machine's clock, which all processes share. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A fault that came about. */
export interface Interruption extends Span {
  readonly kind: FaultKind;
  /** NODE_NAME; absent for what concerned all. */
  readonly planner?: string;
}

export interface StreamEvidence {
  readonly stream: string;
  /** Entries in it. */
  readonly entries: number;
  /** Entries that the group was never handed. */
  readonly unread: number;
  /** Entries that were handed out and not acknowledged. */
  readonly pending: number;
  readonly dead: readonly DeadLetter[];
}

/** An entry was handed out once more, in all so often; a try that came to nothing counts. */
export interface RedeliveryEvidence {
  readonly node: string;
  readonly service: string;
  readonly count: number;
}

export interface DeadLetter {
  readonly node: string;
  readonly service: string;
  readonly deliveries: number;
}

export interface ProposalEvidence {
  readonly actionId: string;
  readonly node: string;
  readonly service: string;
  /** When the file appeared. */
  readonly atMs: number;
  /** When its event happened. */
  readonly happenedMs: number;
  /** Of its event. */
  readonly type: string;
  readonly severity: string;
}

/** An event that a planner told Redis it was done with. */
export interface AcknowledgedEvidence {
  readonly node: string;
  readonly service: string;
  readonly type: string;
  readonly happenedMs: number;
  readonly atMs: number;
}

/** So many events of a target came to an end. */
export interface OutcomeEvidence {
  readonly node: string;
  readonly service: string;
  readonly outcome: string;
  readonly count: number;
  readonly atMs: number;
  readonly actionId?: string;
}

/** One process of a planner. */
export interface LifeEvidence {
  readonly ending: "none" | "killed" | "stopped";
  readonly code: number;
  /** Events that it took over from the life before. */
  readonly restored: number;
  /** What it said when it was stopped in good order. */
  readonly counts?: { readonly received: number; readonly outcomes: number };
}

export interface PlannerEvidence {
  readonly name: string;
  readonly lives: readonly LifeEvidence[];
  readonly proposals: readonly ProposalEvidence[];
  readonly acknowledged: readonly AcknowledgedEvidence[];
  readonly outcomes: readonly OutcomeEvidence[];
  /** Events that its history counts without naming their services. */
  readonly unnamed: number;
  /** When it said that it acts alone, as Redis could not be asked about claims. */
  readonly alone: readonly Span[];
  /** Files whose name promises JSON and which are none. */
  readonly broken: readonly string[];
  /** Temporary files that nothing will remove. */
  readonly leftovers: readonly string[];
  /** Events without an outcome at the end, by its own account. */
  readonly waiting: number;
}

export interface Evidence {
  readonly streams: readonly StreamEvidence[];
  readonly planners: readonly PlannerEvidence[];
  readonly interruptions: readonly Interruption[];
  readonly redeliveries: readonly RedeliveryEvidence[];
  /** Keys on Redis that are neither a stream's nor a claim's with an end. */
  readonly strayKeys: readonly string[];
}

/** Outcomes are in the history some time after they happened, milliseconds. */
export const RECORDED_WITHIN_MS = 1_500;

/** Whether the fault hit this planner. */
export function concerns({ planner }: Interruption, name: string): boolean {
  return planner === undefined || planner === name;
}

/** Whether it was in the span, or so many milliseconds before or after it. */
export function isWithin(
  atMs: number,
  { fromMs, toMs }: Span,
  { before, after }: { readonly before: number; readonly after: number },
): boolean {
  return atMs >= fromMs - before && atMs <= toMs + after;
}
