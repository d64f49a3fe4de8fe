/**
 * Reads, and never writes, what became of the proposals for a target.
 *
 * Which files those are is told by their names, so that of ten thousand a handful is read; the
 * names of a folder are read again when it has changed.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Clock } from "../../base/clock.ts";
import type { Files } from "../../base/disk/files.ts";
import type { Log } from "../../base/log/log.ts";
import { actionIdPrefix } from "../action_file.ts";
import type { ProposalOutcome } from "../../policy/earlier.ts";
import { type DecidedFolder, readOutcome } from "./decided.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import type { Target } from "../../event/target.ts";

/** The newest names that are kept of a folder. */
const MOST_NAMES = 20_000;
/** The newest files that are read for one target, per folder. */
const MOST_FILES = 32;
const LARGEST_FILE_BYTES = 256 * 1024;
/** Text read for one target, per folder, in UTF-16 units. */
const MOST_TEXT = 1024 * 1024;
/** A folder that changed this shortly before it was listed may change again under the same time. */
const COARSE_MS = 2_500;

/** The end of a proposal's file name: the event's epoch seconds, and a number where it was taken. */
const NAME_END = /-(\d{1,20})(?:-(\d{1,9}))?\.json$/;

/** In the order of a proposal's life: a copy that was left behind counts less. */
const DECIDED = ACTION_FOLDERS.filter((name): name is DecidedFolder => name !== "pending");

interface OutcomesOptions {
  /** RUNTIME_PATH. */
  readonly root: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** What became of earlier proposals for exactly this target, newest first; never rejects. */
export type OutcomesFor = (target: Target) => Promise<readonly ProposalOutcome[]>;

interface Listing {
  readonly names: readonly string[];
  /** The folder's own time, or undefined where a later look cannot tell whether it changed. */
  readonly folderMs: number | undefined;
}

export function createOutcomes({ root, files, clock, log }: OutcomesOptions): OutcomesFor {
  const listings = new Map<DecidedFolder, Listing>();
  const complained = new Set<DecidedFolder>();

  async function namesIn(folder: DecidedFolder, path: string): Promise<readonly string[]> {
    // The time of a link is not that of the folder it leads to.
    const folderMs = await files.kind(path) === "folder"
      ? (await files.times(path))?.writtenMs
      : undefined;
    const known = listings.get(folder);
    if (known && folderMs !== undefined && known.folderMs === folderMs) return known.names;
    const settled = folderMs !== undefined && Math.abs(clock.now() - folderMs) > COARSE_MS;
    const names = newestOf(await files.list(path), MOST_NAMES);
    listings.set(folder, { names, folderMs: settled ? folderMs : undefined });
    return names;
  }

  async function inFolder(folder: DecidedFolder, target: Target): Promise<ProposalOutcome[]> {
    const folderPath = join(root, "actions", folder);
    const prefix = actionIdPrefix(target);
    const names = (await namesIn(folder, folderPath)).filter((name) =>
      name.startsWith(prefix) && NAME_END.exec(name)?.index === prefix.length - 1
    );
    const outcomes: ProposalOutcome[] = [];
    let read = 0;
    for (const name of newestOf(names, MOST_FILES)) {
      const path = join(folderPath, name);
      if (read > MOST_TEXT) break;
      if (await files.kind(path) !== "file") continue;
      const text = await files.readText(path, LARGEST_FILE_BYTES);
      const times = await files.times(path);
      // The executor may have moved it on meanwhile.
      if (text === undefined || times === undefined) continue;
      read += text.length;
      const actionId = name.slice(0, -".json".length);
      const found = readOutcome({ actionId, folder, text, times }, { target, nowMs: clock.now() });
      if (found) outcomes.push(found);
    }
    return outcomes;
  }

  async function inFolderOrNone(folder: DecidedFolder, target: Target) {
    try {
      const outcomes = await inFolder(folder, target);
      complained.delete(folder);
      return outcomes;
    } catch (error) {
      if (!complained.has(folder)) {
        log.warning("outcomes_unreadable", {
          folder,
          error: String(error),
          remedy: "Let the agent's user read it: run the installer again to set owners and modes.",
        });
      }
      complained.add(folder);
      return [];
    }
  }

  return async (target) => {
    const found = await Promise.all(DECIDED.map((folder) => inFolderOrNone(folder, target)));
    const byId = new Map(found.flat().map((outcome) => [outcome.actionId, outcome]));
    return [...byId.values()].sort((one, other) => other.atMs - one.atMs);
  };
}

/** The `most` names with the latest times in them, newest first. */
function newestOf(names: readonly string[], most: number): string[] {
  return names
    .flatMap((name) => {
      const found = NAME_END.exec(name);
      return found ? [{ name, epoch: Number(found[1]), nth: Number(found[2] ?? 1) }] : [];
    })
    .sort((one, other) => other.epoch - one.epoch || other.nth - one.nth)
    .slice(0, most)
    .map(({ name }) => name);
}
