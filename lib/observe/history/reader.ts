/**
 * Reads the history, while the agent runs or after it ended.
 *
 * @module
 */
import { join } from "node:path/posix";
import { putLast } from "../../base/bounded_map.ts";
import type { Files } from "../../base/disk/files.ts";
import { cures } from "../../event/cures.ts";
import { HISTORY_FOLDER, historyNames, LARGEST_FILE_BYTES } from "./files.ts";
import { type HistoryLine, parseHistoryLine } from "./line.ts";
import { type Target, targetKey } from "../../event/target.ts";

/** A file can be a little larger than where the next one begins. */
const MOST_READ_BYTES = 2 * LARGEST_FILE_BYTES;

interface HistorySource {
  /** The agent's state/ folder. */
  readonly state: string;
  readonly files: Pick<Files, "list" | "readText" | "kind">;
}

export type HistorySubject = Pick<Target, "node"> & { readonly service?: string | undefined };
export type HistoryAnswer = Awaited<ReturnType<typeof historyOf>>;

/**
 * The last `limit` lines about a subject, the newest last, and when the oldest line of all was
 * written (ISO 8601). Where there is none about it: the nodes of the whole history, and the events
 * that a flood left without a line, by outcome.
 */
export async function historyOf(
  { node, service }: HistorySubject,
  { limit, ...source }: HistorySource & { readonly limit: number },
) {
  let lines: HistoryLine[] = [];
  const nodes = new Set<string>();
  const others = new Map<string, number>();
  let since: string | undefined;
  for await (const all of newestFirst(source)) {
    for (const { node, outcome, others: count = 0 } of all) {
      if (node !== undefined) nodes.add(node);
      if (count > 0) others.set(outcome, (others.get(outcome) ?? 0) + count);
    }
    since = all[0]?.at ?? since;
    const found = all.filter((line) =>
      line.node === node && (service === undefined || line.service === service)
    );
    lines = [...found, ...lines].slice(-limit);
    if (lines.length >= limit) break;
  }
  if (lines.length > 0) return { lines, nodes: [], others: new Map<string, number>(), since };
  return { lines, nodes: [...nodes].sort(), others, since };
}

/** All lines, the oldest first; only those with `word` in their text, which is quicker to find. */
export async function* historyLines(
  source: HistorySource,
  word = "",
): AsyncGenerator<HistoryLine> {
  for (const name of await namesIn(source)) yield* await linesOf(name, source, word);
}

/** The lines since a moment (milliseconds since 1970), in no order; older files are not read. */
export async function linesSince(source: HistorySource, sinceMs: number): Promise<HistoryLine[]> {
  const found: HistoryLine[] = [];
  for await (const lines of newestFirst(source)) {
    found.push(...lines.filter(({ at }) => Date.parse(at) > sinceMs));
    const [oldest] = lines;
    if (oldest && Date.parse(oldest.at) <= sinceMs) break;
  }
  return found;
}

/** Every target of the history, as its nodes' and services' names. */
export async function targetsIn(source: HistorySource): Promise<Target[]> {
  const targets = new Map<string, Target>();
  for await (const { node, service } of historyLines(source)) {
    if (node === undefined || service === undefined) continue;
    targets.set(targetKey({ node, service }), { node, service });
  }
  return [...targets.values()];
}

/** Kinds of good news of one target that are remembered: those heard last. */
const MOST_NEWS = 16;

/**
 * When what a target complained of was last heard to be over, in milliseconds since 1970; undefined
 * where it was not, or where that fault was heard again since.
 */
export async function recoveries(
  source: HistorySource,
): Promise<(fault: Target & { readonly sourceEvent: string }) => number | undefined> {
  const well = new Map<string, Map<string, number>>();
  for await (const line of historyLines(source)) {
    const { node, service, type, outcome } = line;
    if (node === undefined || service === undefined || type === undefined) continue;
    const key = targetKey({ node, service });
    const news = well.get(key) ?? new Map<string, number>();
    if (outcome === "benign") {
      putLast(news, type, heardMs(line), MOST_NEWS);
      well.set(key, news);
    } else if (outcome !== "recovered") {
      for (const [good, at] of news) {
        if (heardMs(line) >= at && cures(good, type)) news.delete(good);
      }
    }
  }
  return (fault) => {
    const news = [...well.get(targetKey(fault)) ?? []];
    const times = news.flatMap(([good, at]) => cures(good, fault.sourceEvent) ? [at] : []);
    return times.length > 0 ? Math.max(...times) : undefined;
  };
}

/** When the event of a line was heard; of lines of earlier versions, as near as they tell. */
function heardMs({ at, heard, waited_ms = 0, diagnosis_ms = 0 }: HistoryLine): number {
  return heard === undefined ? Date.parse(at) - waited_ms - diagnosis_ms : Date.parse(heard);
}

/** The lines of each file; files are read only when it is their turn. */
async function* newestFirst(source: HistorySource): AsyncGenerator<HistoryLine[]> {
  for (const name of (await namesIn(source)).toReversed()) yield await linesOf(name, source);
}

const namesIn = ({ state, files }: HistorySource) =>
  historyNames(join(state, HISTORY_FOLDER), files);

/** The lines of one file; none where it was removed meanwhile, or is no file of ours. */
async function linesOf(
  name: string,
  { state, files }: HistorySource,
  word = "",
): Promise<HistoryLine[]> {
  const path = join(state, HISTORY_FOLDER, name);
  if (await files.kind(path) !== "file") return [];
  const text = await files.readText(path, MOST_READ_BYTES) ?? "";
  return text.split("\n").flatMap((line) =>
    line !== "" && line.includes(word) ? parseHistoryLine(line) ?? [] : []
  );
}
