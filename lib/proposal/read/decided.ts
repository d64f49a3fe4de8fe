/**
 * What became of an earlier proposal, from its file in one of the folders behind actions/pending.
 * Those files are read as untrusted: people, an executor or a disk may have changed them.
 *
 * @module
 */
import { parseJson } from "../../base/json.ts";
import { isForTarget } from "./action_folder.ts";
import { type Action, ACTIONS } from "../../llm/diagnosis.ts";
import type { ProposalOutcome } from "../../policy/earlier.ts";
import type { FileTimes } from "../../base/disk/files.ts";
import type { Target } from "../../event/target.ts";
import { parseTimestamp } from "../../event/timestamp.ts";

/** Every folder of a proposal's life but the one where it waits. */
export type DecidedFolder = ProposalOutcome["became"];

/** What is known of a file before it is parsed. */
interface DecidedFile {
  readonly actionId: string;
  readonly folder: DecidedFolder;
  readonly text: string;
  readonly times: FileTimes;
}

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

/** The outcome in a file, or undefined where it is no proposal for `target` or is damaged. */
export function readOutcome(
  file: DecidedFile,
  { target, nowMs }: { readonly target: Target; readonly nowMs: number },
): ProposalOutcome | undefined {
  const content = parseJson(file.text);
  if (!isForTarget(content, target)) return undefined;
  const fields = content as Readonly<Record<string, unknown>>;
  const action = actionOf(fields);
  if (!action) return undefined;
  const { actionId, folder } = file;
  const atMs = cameThereAt(folder, { fields, times: file.times, nowMs });
  return { actionId, action, became: folder, atMs };
}

/** When a proposal came to the folder it lies in, wall-clock milliseconds up to now. */
export function cameThereAt(
  folder: DecidedFolder,
  { fields, times: { writtenMs, changedMs }, nowMs }: {
    readonly fields: Readonly<Record<string, unknown>>;
    readonly times: FileTimes;
    readonly nowMs: number;
  },
): number {
  const kept = MOVED.has(folder) ? Math.max(writtenMs, changedMs) : writtenMs;
  return Math.min(toldTime(folder, fields, nowMs) ?? kept, nowMs);
}

/** The action as the planner named it, else by the executor's type. */
function actionOf({ payload, type }: Readonly<Record<string, unknown>>): Action | undefined {
  const named = typeof payload === "object" && payload !== null && "action" in payload
    ? payload.action
    : type === "container_restart"
    ? "restart"
    : type;
  return ACTIONS.find((action) => action === named);
}

/** When the file itself says that it came to a folder, where that can be true; milliseconds. */
export function toldTime(
  folder: DecidedFolder,
  fields: Readonly<Record<string, unknown>>,
  nowMs: number,
): number | undefined {
  const asked = typeof fields.timestamp === "number" ? fields.timestamp * 1000 : 0;
  for (const name of [...TIME_FIELDS[folder], "updated_at"]) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined || value === null) continue;
    const { seconds, replaced } = parseTimestamp(value, nowMs);
    const ms = seconds * 1000;
    if (!replaced && ms <= nowMs + FAST_CLOCK_MS && ms >= asked - SKEW_MS) return ms;
  }
  return undefined;
}
