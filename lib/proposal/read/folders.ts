/**
 * Looks through the folders under actions/, without a lock and without writing.
 *
 * @module
 */
import { join } from "node:path/posix";
import { isActionId, type ReadAction, readAction } from "./action.ts";
import type { Files, FileTimes } from "../../base/disk/files.ts";
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
  /** Path of a folder. */
  folderPath(folder: ActionFolder): string;
  /** Path of a proposal in a folder. */
  path(folder: ActionFolder, actionId: string): string;
  /** Ids in a folder by the time in them, newest first; damaged files are among them. */
  ids(folder: ActionFolder): Promise<string[]>;
  /** When a file was written and moved; undefined when it has gone. */
  times(folder: ActionFolder, actionId: string): Promise<FileTimes | undefined>;
  /** Reads one; undefined when it is not there, or not any more. */
  find(folder: ActionFolder, actionId: string): Promise<FoundAction | undefined>;
}

const SUFFIX = ".json";

export function openActionFiles(
  { root, files }: { readonly root: string; readonly files: Files },
): ActionFiles {
  const folderPath = (folder: ActionFolder) => join(root, "actions", folder);
  const path = (folder: ActionFolder, id: string) => join(folderPath(folder), `${id}${SUFFIX}`);

  async function read(folder: ActionFolder, actionId: string): Promise<ReadAction | undefined> {
    const at = path(folder, actionId);
    try {
      const kind = await files.kind(at);
      if (kind === "none") return undefined;
      if (!isActionId(actionId)) return damaged("its name is none that the agent gives");
      if (kind !== "file") {
        return damaged(kind === "folder" ? "it is a folder" : "it is a link, not a file");
      }
      const text = await files.readText(at, LARGEST_PROPOSAL_BYTES);
      if (text !== undefined) return readAction(text, actionId);
      if (await files.kind(at) === "none") return undefined;
      return damaged(`it is over ${LARGEST_PROPOSAL_BYTES / 1024} KiB`);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return damaged("it may not be read");
    }
  }

  return {
    folderPath,
    path,
    async ids(folder) {
      const names = await files.list(folderPath(folder));
      const ids = names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith("."))
        .map((name) => name.slice(0, -SUFFIX.length));
      const times = new Map(ids.map((id) => [id, timeIn(id)]));
      return ids.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0) || (a < b ? -1 : 1));
    },
    times: (folder, actionId) => files.times(path(folder, actionId)),
    async find(folder, actionId) {
      const result = await read(folder, actionId);
      const times = result && await files.times(path(folder, actionId));
      return times && { actionId, folder, times, read: result };
    },
  };
}

const damaged = (why: string): ReadAction => ({ kind: "damaged", why });

/** The operating system's no, and the runtime's. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
}

/** The epoch seconds that end an id, with or without a `-2` behind them; 0 for another name. */
function timeIn(actionId: string): number {
  const found = /-(\d{9,11})(?:-\d{1,6})?$/.exec(actionId.slice(-20));
  return Number(found?.[1] ?? 0);
}
