/**
 * When a proposal was decided, and by whom, from its file in one of the folders behind
 * actions/pending. What the file says counts more than what its times suggest.
 *
 * @module
 */
import type { ProposalOutcome } from "../../policy/earlier.ts";
import type { FileTimes } from "../../base/disk/files.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import type { Fields } from "../../event/payload.ts";
import { momentOf, transitionsOf } from "./content.ts";

/** Every folder of a proposal's life but the one where it waits, in the order of that life. */
export type DecidedFolder = ProposalOutcome["became"];
export const DECIDED = ACTION_FOLDERS.filter((name): name is DecidedFolder => name !== "pending");

/** A time that is ahead by less than this comes from a clock that is a little fast. */
const FAST_CLOCK_MS = 300_000;
/** The sender of an event may have had a clock that was ahead of an executor's by this much. */
const SKEW_MS = 3_600_000;

/** Fields in which executors and people note a time, per folder, the telling one first. */
const TIME_FIELDS: Readonly<Record<DecidedFolder, readonly string[]>> = {
  approved: ["approved_at", "decided_at"],
  running: ["started_at", "running_at"],
  completed: ["completed_at", "finished_at", "executed_at"],
  failed: ["failed_at", "finished_at", "executed_at"],
  rejected: ["rejected_at", "decided_at"],
  cancelled: ["cancelled_at", "canceled_at", "decided_at"],
};

/** People decide by moving a file, an executor writes it anew: moving leaves mtime alone. */
const MOVED: ReadonlySet<DecidedFolder> = new Set(["approved", "rejected", "cancelled"]);

/** When a proposal came to the folder it lies in, wall-clock milliseconds up to now. */
export function cameThereAt(
  folder: DecidedFolder,
  { fields, times: { writtenMs, changedMs }, nowMs }: {
    readonly fields: Fields;
    readonly times: FileTimes;
    readonly nowMs: number;
  },
): number {
  const kept = MOVED.has(folder) ? Math.max(writtenMs, changedMs) : writtenMs;
  return Math.min(toldTime(folder, fields, nowMs, ["updated_at"]) ?? kept, nowMs);
}

/** Who moved a proposal to the folder it lies in, as the file tells; "" where it does not. */
export function movedBy(folder: DecidedFolder, fields: Fields): string {
  return transitionsOf(fields).findLast(({ to }) => to === folder)?.by ?? "";
}

/**
 * When the file itself says that it came to a folder, where that can be true; milliseconds.
 *
 * @param alsoIn fields that count after those of the folder
 */
export function toldTime(
  folder: DecidedFolder,
  fields: Fields,
  nowMs: number,
  alsoIn: readonly string[] = [],
): number | undefined {
  const askedMs = momentOf(fields.timestamp) ?? momentOf(fields.created_at) ?? 0;
  const canBe = (ms: number | undefined) =>
    ms !== undefined && ms <= nowMs + FAST_CLOCK_MS && ms >= askedMs - SKEW_MS;
  const move = transitionsOf(fields).findLast((one) => one.to === folder && canBe(one.atMs));
  if (move) return move.atMs;
  const name = [...TIME_FIELDS[folder], ...alsoIn].find((each) => canBe(momentOf(fields[each])));
  return name === undefined ? undefined : momentOf(fields[name]);
}

/** How far a proposal has come that lies in a folder; each end is as far as any other. */
const STEPS: Readonly<Record<DecidedFolder, number>> = {
  approved: 0,
  running: 1,
  completed: 2,
  failed: 2,
  rejected: 2,
  cancelled: 2,
};

/**
 * Outcomes without copies that were left behind earlier in a proposal's life. Of two ends each
 * counts: one of them may be forged, to hide the other.
 */
export function withoutCopies(outcomes: readonly ProposalOutcome[]): ProposalOutcome[] {
  const furthest = new Map<string, number>();
  for (const { actionId, became } of outcomes) {
    furthest.set(actionId, Math.max(furthest.get(actionId) ?? 0, STEPS[became]));
  }
  return outcomes.filter(({ actionId, became }) => STEPS[became] === furthest.get(actionId));
}
