/**
 * What became of proposals, counted by action and model.
 *
 * @module
 */
import type { ActionFiles, ActionFolder, FoundAction } from "./folders.ts";
import { readAudit } from "./audit.ts";
import { cameThereAt, toldTime } from "./decided.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";

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

/** Counts the proposals in all folders, those proposed at or after `sinceMs` where it is given. */
export async function decisionStats(
  actions: ActionFiles,
  { nowMs, sinceMs = 0, mostFiles = MOST_FILES }: {
    readonly nowMs: number;
    readonly sinceMs?: number;
    readonly mostFiles?: number;
  },
): Promise<DecisionStats> {
  const tallies = new Map<string, Tally>();
  const total = newTally("all", "");
  let damaged = 0;
  let unread = 0;
  for (const folder of ACTION_FOLDERS) {
    const ids = await actions.ids(folder);
    unread += Math.max(0, ids.length - mostFiles);
    for (const actionId of ids.slice(0, mostFiles)) {
      // A file that last changed before then holds no younger proposal.
      if (sinceMs > 0 && await changedBefore(actions, { folder, actionId, sinceMs })) continue;
      const found = await actions.find(folder, actionId);
      if (!found) continue;
      if (found.read.kind === "damaged") {
        damaged++;
        continue;
      }
      const { action, model } = found.read.view;
      const proposedMs = proposedAt(found);
      if (proposedMs < sinceMs) continue;
      for (const tally of [tallyFor(tallies, action, model), total]) {
        count(tally, found, { proposedMs, nowMs });
      }
    }
  }
  const rows = [...tallies.values()].map(rowOf).sort((a, b) =>
    sum(b) - sum(a) || (a.action < b.action ? -1 : 1)
  );
  return { rows, total: rowOf(total), damaged, unread };
}

async function changedBefore(
  actions: ActionFiles,
  { folder, actionId, sinceMs }: {
    readonly folder: ActionFolder;
    readonly actionId: string;
    readonly sinceMs: number;
  },
): Promise<boolean> {
  const times = await actions.times(folder, actionId);
  return times !== undefined && Math.max(times.changedMs + 1000, times.writtenMs) < sinceMs;
}

/** When a proposal was written, else its event's time; milliseconds since 1970. */
function proposedAt({ read }: FoundAction): number {
  if (read.kind === "damaged") return 0;
  const { content, timestamp } = read.view;
  return readAudit(content)?.proposedMs ?? timestamp * 1000;
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

function count(
  tally: Tally,
  { folder, times, read }: FoundAction,
  { proposedMs, nowMs }: { readonly proposedMs: number; readonly nowMs: number },
): void {
  tally.folders[folder]++;
  if (read.kind === "damaged") return;
  const decidedMs = decidedAt(folder, { fields: read.view.content, times, nowMs });
  if (decidedMs === undefined) return;
  tally.decisions.push(Math.max(0, Math.round((decidedMs - proposedMs) / 1000)));
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
      return toldTime("approved", { ...about.fields, updated_at: undefined }, about.nowMs);
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
