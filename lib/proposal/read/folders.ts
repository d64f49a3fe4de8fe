/**
 * Looks through the folders under actions/, without a lock and without writing.
 *
 * @module
 */
import { join } from "node:path/posix";
import { damaged, isActionId, type ReadAction, readAction } from "./action.ts";
import type { Files, FileTimes, ReadFile } from "../../base/disk/files.ts";
import { ACTION_FOLDERS, LARGEST_PROPOSAL_BYTES } from "../../base/disk/store.ts";

export type ActionFolder = typeof ACTION_FOLDERS[number];

export type ActionFiles = ReturnType<typeof openActionFiles>;
export type FoundAction = NonNullable<Awaited<ReturnType<ActionFiles["find"]>>>;

const SUFFIX = ".json";
const DIGITS = 11;
const LATEST = 99_999_999_999; // later than any time in an id, and as many digits

export function openActionFiles(
  { root, files }: { readonly root: string; readonly files: Files },
) {
  const actions = join(root, "actions");
  const folderPath = (folder: ActionFolder) => `${actions}/${folder}`;
  // Of 50,000 files, joining the parts one character after another takes longer than reading them.
  const path = (folder: ActionFolder, id: string) => `${folderPath(folder)}/${id}${SUFFIX}`;
  return {
    folderPath,
    path,
    /**
     * Ids in a folder by the time in them, newest first; damaged files are among them. In no order
     * where there are at most `most`.
     */
    async ids(folder: ActionFolder, most = -1): Promise<string[]> {
      const ids = idsIn(await files.list(folderPath(folder)));
      if (ids.length <= most) return ids;
      // Sorted as texts: a comparison of our own takes seconds for 50,000 where there is no JIT.
      return ids.map((id) => `${String(LATEST - timeIn(id)).padStart(DIGITS, "0")}${id}`)
        .sort().map((key) => key.slice(DIGITS));
    },
    /** A file and its text, at once; undefined when it has gone. */
    readNow: (folder: ActionFolder, actionId: string) =>
      files.readNow(path(folder, actionId), LARGEST_PROPOSAL_BYTES),
    /** Reads one; undefined when it is not there, or not any more. */
    async find(folder: ActionFolder, actionId: string) {
      const found = (times: FileTimes, read: ReadAction) => ({ actionId, folder, times, read });
      try {
        const file = await files.read(path(folder, actionId), LARGEST_PROPOSAL_BYTES);
        return file && found(file, readFile(file, actionId));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const times = await files.times(path(folder, actionId));
        return times && found(times, damaged("it may not be read"));
      }
    },
  };
}

/** The ids among the names in a folder; temporary files are none. */
export const idsIn = (names: readonly string[]): string[] =>
  names.flatMap((name) => idOf(name) ?? []);

/** The id of the proposal in a file of this name; undefined for a temporary or another file. */
export function idOf(name: string): string | undefined {
  return name.endsWith(SUFFIX) && !name.startsWith(".") ? name.slice(0, -SUFFIX.length) : undefined;
}

function readFile({ kind, text, writtenMs }: ReadFile, actionId: string): ReadAction {
  if (!isActionId(actionId)) return damaged("its name is none that the agent gives");
  if (kind === "folder") return damaged("it is a folder");
  if (kind === "other") return damaged("it is a link, not a file");
  if (text === undefined) return damaged(`it is over ${LARGEST_PROPOSAL_BYTES / 1024} KiB`);
  return readAction(text, actionId, writtenMs);
}

/** Whether the operating system or the runtime refused the access. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
}

/** The epoch seconds that end an id, with or without a `-2` behind them; 0 for another name. */
export function timeIn(actionId: string): number {
  const found = /-(\d{9,11})(?:-\d{1,6})?$/.exec(actionId.slice(-20));
  return Number(found?.[1] ?? 0);
}
