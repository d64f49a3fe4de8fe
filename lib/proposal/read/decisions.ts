/**
 * What became of proposals, counted by action and model.
 *
 * @module
 */
import { isObject, parseObject } from "../../base/json.ts";
import { cleanName } from "../../base/text/names.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { type ActionFiles, type ActionFolder, isRefusal } from "./folders.ts";
import { cameThereAt, toldTime } from "./decided.ts";
import { proposedBy } from "./proposed.ts";
import { momentOf } from "./transitions.ts";

/** Rows; what would be more is counted in one row, `(others)`. */
const MOST_ROWS = 100;
/** The newest files of a folder that are read. */
const MOST_FILES = 100_000;

/** Spans in seconds. */
interface Spans {
  readonly count: number;
  /** Null where there are none. */
  readonly median: number | null;
  /** Nine of ten are at most this long. */
  readonly p90: number | null;
}

export interface StatsRow {
  readonly action: string;
  readonly model: string;
  /** How many lie in each folder now. */
  readonly folders: Readonly<Record<ActionFolder, number>>;
  /**
   * From the proposal being written to a person's decision: when its file was moved to approved,
   * rejected or cancelled; of those the executor has taken on, what they note as `approved_at` or
   * `decided_at`.
   */
  readonly decision: Spans;
}

export interface DecisionStats {
  /** The most frequent first. */
  readonly rows: readonly StatsRow[];
  readonly total: StatsRow;
  readonly damaged: number;
  /** Files past the bound of a folder, not counted. */
  readonly unread: number;
}

interface Tally {
  readonly action: string;
  readonly model: string;
  readonly folders: Record<ActionFolder, number>;
  readonly decisions: number[];
}

/** What is counted of one file. */
interface Counted {
  readonly folder: ActionFolder;
  readonly action: string;
  readonly model: string;
  readonly proposedMs: number;
  /** From the proposal being written to a decision; undefined where that is not known. */
  readonly decisionSeconds: number | undefined;
}

/** Counts the proposals in all folders, those proposed at or after `sinceMs` where it is given. */
export async function decisionStats(
  actions: ActionFiles,
  { nowMs, sinceMs = 0, approvedAt = () => undefined, mostFiles = MOST_FILES }: {
    readonly nowMs: number;
    /** When a proposal was approved, as the history knows; executors need not note it. */
    readonly approvedAt?: (actionId: string) => number | undefined;
    readonly sinceMs?: number;
    readonly mostFiles?: number;
  },
): Promise<DecisionStats> {
  const tallies = new Map<string, Tally>();
  const total = newTally("all", "");
  let damaged = 0;
  let unread = 0;
  for (const folder of ACTION_FOLDERS) {
    const ids = await actions.ids(folder, mostFiles);
    unread += Math.max(0, ids.length - mostFiles);
    for (const id of ids.slice(0, mostFiles)) {
      const counted = look(actions, { folder, id, sinceMs, nowMs, approvedAt });
      if (counted === "damaged") damaged++;
      else if (counted) {
        count(tallyFor(tallies, counted.action, counted.model), counted);
        count(total, counted);
      }
    }
  }
  const rows = [...tallies.values()].map(rowOf).sort((a, b) =>
    sum(b) - sum(a) || (a.action < b.action ? -1 : 1)
  );
  return { rows, total: rowOf(total), damaged, unread };
}

/** Undefined for what is not there any more, or was proposed before `sinceMs`. */
function look(
  actions: ActionFiles,
  { folder, id, sinceMs, nowMs, approvedAt }: {
    readonly folder: ActionFolder;
    readonly id: string;
    readonly sinceMs: number;
    readonly nowMs: number;
    readonly approvedAt: (actionId: string) => number | undefined;
  },
): Counted | "damaged" | undefined {
  try {
    const times = actions.readNow(folder, id);
    // A file that last changed before then holds no younger proposal.
    if (!times || Math.max(times.changedMs + 1000, times.writtenMs) < sinceMs) return undefined;
    const fields = parseObject(times.text ?? "");
    const proposed = fields && proposedBy(fields);
    if (!fields || !proposed || (fields.action_id ?? id) !== id) return "damaged";
    const proposedMs = writtenAt(fields) ?? proposed.sinceMs ?? times.writtenMs;
    if (proposedMs < sinceMs) return undefined;
    const decidedMs = decidedAt(folder, { fields, times, nowMs }) ??
      (folder === "pending" ? undefined : approvedAt(id));
    return {
      folder,
      proposedMs,
      action: proposed.remedy ?? proposed.word,
      // A proposal that no model made is counted under the program that made it.
      model: proposed.own ? modelOf(fields) : proposed.by || "another program",
      decisionSeconds: decidedMs === undefined
        ? undefined
        : Math.max(0, Math.round((decidedMs - proposedMs) / 1000)),
    };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return "damaged";
  }
}

const modelOf = ({ llm_model }: Readonly<Record<string, unknown>>) =>
  typeof llm_model === "string" ? cleanName(llm_model) : "";

/** When a proposal was written, as its audit says. */
function writtenAt({ payload }: Readonly<Record<string, unknown>>): number | undefined {
  const audit = isObject(payload) ? payload.audit : undefined;
  return isObject(audit) ? momentOf(audit.proposed_at) : undefined;
}

function tallyFor(tallies: Map<string, Tally>, action: string, model: string): Tally {
  const key = `${action}\0${model}`;
  const known = tallies.get(key);
  if (known) return known;
  if (tallies.size >= MOST_ROWS && key !== "(others)\0") return tallyFor(tallies, "(others)", "");
  const tally = newTally(action, model);
  tallies.set(key, tally);
  return tally;
}

function newTally(action: string, model: string): Tally {
  const folders = Object.fromEntries(ACTION_FOLDERS.map((folder) => [folder, 0]));
  return { action, model, folders: folders as Tally["folders"], decisions: [] };
}

function count(tally: Tally, { folder, decisionSeconds }: Counted): void {
  tally.folders[folder]++;
  if (decisionSeconds !== undefined) tally.decisions.push(decisionSeconds);
}

function decidedAt(
  folder: ActionFolder,
  about: Parameters<typeof cameThereAt>[1],
): number | undefined {
  switch (folder) {
    case "pending":
      return undefined;
    case "approved":
    case "rejected":
    case "cancelled":
      return cameThereAt(folder, about);
    case "running":
    case "completed":
    case "failed":
      return toldTime("approved", about.fields, about.nowMs, []);
  }
}

const sum = ({ folders }: StatsRow) => Object.values(folders).reduce((a, b) => a + b, 0);

function rowOf({ action, model, folders, decisions }: Tally): StatsRow {
  return { action, model, folders, decision: spansOf(decisions) };
}

function spansOf(spans: readonly number[]): Spans {
  const sorted = spans.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  return { count: sorted.length, median: at(0.5), p90: at(0.9) };
}
