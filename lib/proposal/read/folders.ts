/**
 * Looks through the folders under actions/, without a lock and without writing.
 *
 * @module
 */
import { join } from "node:path/posix";
import { isActionId, type ReadAction, readAction } from "./action.ts";
import type { Files, FileTimes, ReadFile } from "../../base/disk/files.ts";
import { ACTION_FOLDERS, LARGEST_PROPOSAL_BYTES } from "../../base/disk/store.ts";

export type ActionFolder = typeof ACTION_FOLDERS[number];

/** One file in a folder under actions/. */
export interface FoundAction {
  readonly actionId: string;
  readonly folder: ActionFolder;
  readonly times: FileTimes;
  readonly read: ReadAction;
}

export interface ActionFiles {
  folderPath(folder: ActionFolder): string;
  path(folder: ActionFolder, actionId: string): string;
  /**
   * Ids in a folder by the time in them, newest first; damaged files are among them. In no order
   * where there are at most `most`.
   */
  ids(folder: ActionFolder, most?: number): Promise<string[]>;
  /** A file and its text, at once; undefined when it has gone. */
  readNow(folder: ActionFolder, actionId: string): ReadFile | undefined;
  /** Reads one; undefined when it is not there, or not any more. */
  find(folder: ActionFolder, actionId: string): Promise<FoundAction | undefined>;
}

const SUFFIX = ".json";
/** Later than any time in an id, and as many digits. */
const LATEST = 99_999_999_999;
const DIGITS = 11;

export function openActionFiles(
  { root, files }: { readonly root: string; readonly files: Files },
): ActionFiles {
  const actions = join(root, "actions");
  const folderPath = (folder: ActionFolder) => `${actions}/${folder}`;
  // Of 50,000 files, joining the parts one character after another takes longer than reading them.
  const path = (folder: ActionFolder, id: string) => `${folderPath(folder)}/${id}${SUFFIX}`;

  async function find(folder: ActionFolder, actionId: string): Promise<FoundAction | undefined> {
    const found = (times: FileTimes, read: ReadAction) => ({ actionId, folder, times, read });
    try {
      const file = await files.read(path(folder, actionId), LARGEST_PROPOSAL_BYTES);
      if (!file) return undefined;
      if (!isActionId(actionId)) {
        return found(file, damaged("its name is none that the agent gives"));
      }
      if (file.kind !== "file") {
        const why = file.kind === "folder" ? "it is a folder" : "it is a link, not a file";
        return found(file, damaged(why));
      }
      return found(
        file,
        file.text === undefined
          ? damaged(`it is over ${LARGEST_PROPOSAL_BYTES / 1024} KiB`)
          : readAction(file.text, actionId, file.writtenMs),
      );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const times = await files.times(path(folder, actionId));
      return times && found(times, damaged("it may not be read"));
    }
  }

  return {
    folderPath,
    path,
    async ids(folder, most) {
      const names = await files.list(folderPath(folder));
      const ids = names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith("."))
        .map((name) => name.slice(0, -SUFFIX.length));
      if (most !== undefined && ids.length <= most) return ids;
      // Sorted as texts: a comparison of our own takes seconds for 50,000 where there is no JIT.
      return ids.map((id) => `${String(LATEST - timeIn(id)).padStart(DIGITS, "0")}${id}`)
        .sort().map((key) => key.slice(DIGITS));
    },
    readNow: (folder, actionId) => files.readNow(path(folder, actionId), LARGEST_PROPOSAL_BYTES),
    find,
  };
}

const damaged = (why: string): ReadAction => ({ kind: "damaged", why });

/** Whether the operating system or the runtime refused the access. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
}

/** The epoch seconds that end an id, with or without a `-2` behind them; 0 for another name. */
function timeIn(actionId: string): number {
  const found = /-(\d{9,11})(?:-\d{1,6})?$/.exec(actionId.slice(-20));
  return Number(found?.[1] ?? 0);
}
