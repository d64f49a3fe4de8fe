/**
 * What became of proposals, counted by action and model.
 *
 * @module
 */
import { parseObject } from "../../base/json.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { type ActionFiles, type ActionFolder, isRefusal } from "./folders.ts";
import { deedIn, momentOf, nameIn, objectIn, sinceIn } from "./content.ts";
import { cameThereAt, toldTime } from "./decided.ts";

const MOST_ROWS = 100; // what would be more is counted in one row, `(others)`
const MOST_FILES = 100_000; // the newest of a folder

export type StatsRow = ReturnType<typeof rowOf>;
export type DecisionStats = Awaited<ReturnType<typeof decisionStats>>;

interface StatsOptions {
  readonly nowMs: number;
  /** When a proposal was approved, as the history knows; executors need not note it. */
  readonly approvedAt?: (actionId: string) => number | undefined;
  readonly sinceMs?: number;
  readonly mostFiles?: number;
}

/**
 * Counts the proposals in all folders, those proposed at or after `sinceMs` where it is given; the
 * most frequent first. Files past the bound of a folder are `unread`.
 */
export async function decisionStats(actions: ActionFiles, options: StatsOptions) {
  const { mostFiles = MOST_FILES } = options;
  const tallies = new Map<string, ReturnType<typeof newTally>>();
  const total = newTally("all", "");
  let damaged = 0;
  let unread = 0;

  function tallyFor(action: string, model: string): typeof total {
    const key = `${action}\0${model}`;
    const known = tallies.get(key);
    if (known) return known;
    if (tallies.size >= MOST_ROWS && key !== "(others)\0") return tallyFor("(others)", "");
    const tally = newTally(action, model);
    tallies.set(key, tally);
    return tally;
  }

  for (const folder of ACTION_FOLDERS) {
    const ids = await actions.ids(folder, mostFiles);
    unread += Math.max(0, ids.length - mostFiles);
    for (const id of ids.slice(0, mostFiles)) {
      const counted = look(actions, folder, id, options);
      if (counted === "damaged") damaged++;
      if (counted === "damaged" || counted === undefined) continue;
      for (const tally of [total, tallyFor(counted.action, counted.model)]) {
        tally.folders[folder]++;
        if (counted.decisionSeconds !== undefined) tally.decisions.push(counted.decisionSeconds);
      }
    }
  }
  const rows = [...tallies.values()].map(rowOf).sort((a, b) =>
    sum(b) - sum(a) || (a.action < b.action ? -1 : 1)
  );
  return { rows, total: rowOf(total), damaged, unread };
}

/** What counts of one file; undefined where it has gone, or was proposed before `sinceMs`. */
function look(
  actions: ActionFiles,
  folder: ActionFolder,
  id: string,
  { nowMs, sinceMs = 0, approvedAt }: StatsOptions,
) {
  try {
    const times = actions.readNow(folder, id);
    // A file that last changed before then holds no younger proposal.
    if (!times || Math.max(times.changedMs + 1000, times.writtenMs) < sinceMs) return undefined;
    const fields = parseObject(times.text ?? "");
    if (!fields || nameIn(fields.node) === "" || (fields.action_id ?? id) !== id) return "damaged";
    const { proposed_at } = objectIn(objectIn(fields, "payload"), "audit");
    const proposedMs = momentOf(proposed_at) ?? sinceIn(fields) ?? times.writtenMs;
    if (proposedMs < sinceMs) return undefined;
    const decidedMs = folder === "pending"
      ? undefined
      : decidedAt(folder, { fields, times, nowMs }) ?? approvedAt?.(id);
    const { remedy, word, own, by } = deedIn(fields);
    return {
      action: remedy ?? word,
      // A proposal that no model made is counted under the program that made it.
      model: own ? nameIn(fields.llm_model) : by || "another program",
      // From the proposal being written to a decision; undefined where that is not known.
      decisionSeconds: decidedMs === undefined
        ? undefined
        : Math.max(0, Math.round((decidedMs - proposedMs) / 1000)),
    };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return "damaged";
  }
}

function newTally(action: string, model: string) {
  const folders = Object.fromEntries(ACTION_FOLDERS.map((folder) => [folder, 0]));
  return {
    action,
    model,
    folders: folders as Record<ActionFolder, number>,
    decisions: [] as number[],
  };
}

/** When a person decided: of what the executor has taken on, only what its file notes of that. */
function decidedAt(
  folder: Exclude<ActionFolder, "pending">,
  about: Parameters<typeof cameThereAt>[1],
): number | undefined {
  return folder === "approved" || folder === "rejected" || folder === "cancelled"
    ? cameThereAt(folder, about)
    : toldTime("approved", about.fields, about.nowMs);
}

const sum = ({ folders }: StatsRow) => Object.values(folders).reduce((a, b) => a + b, 0);

/** How many lie in each folder now, and how long decisions took, in seconds. */
function rowOf({ decisions, ...row }: ReturnType<typeof newTally>) {
  const sorted = decisions.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  return { ...row, decision: { count: sorted.length, median: at(0.5), p90: at(0.9) } };
}
