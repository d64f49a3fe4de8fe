import { basename, dirname, join } from "node:path/posix";
import type { Files } from "./files.ts";
import { publish, type Published, TEMPORARY_NAME } from "./publish.ts";

/** The folders of actions/; the agent writes to the first only. */
export const ACTION_FOLDERS = [
  "pending",
  "approved",
  "running",
  "completed",
  "failed",
  "rejected",
  "cancelled",
] as const;

/** Event files are kept in a folder for each day. */
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Proposals are small; anything larger in actions/ is not one. */
export const LARGEST_PROPOSAL_BYTES = 256 * 1024;
const LARGEST_CONFIG_BYTES = 1024 * 1024;

/** A folder of the agent is a symlink or a file: nothing is written through it. */
export class NotAFolderError extends Error {
  override readonly name = "NotAFolderError";
  constructor(path: string) {
    super(`${path} is not a folder of its own (a link or a file); move it out of the way`);
  }
}

/** A configuration file is there, and is no regular file, larger than 1 MiB, or behind a link. */
export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

/**
 * A file of config/ under a RUNTIME_PATH; undefined where there is none.
 *
 * @throws {UnreadableFileError} for what is there and must not count as not there: it may hold the
 * rules. A folder that is a symlink leads out of RUNTIME_PATH.
 */
export async function readConfig(
  { root, files }: { root: string; files: Pick<Files, "kind" | "readText"> },
  name: string,
): Promise<string | undefined> {
  const folder = join(root, "config");
  if (await files.kind(folder) === "other") {
    throw new UnreadableFileError("its folder is a link or a device; put the folder itself there");
  }
  const path = join(folder, name);
  const text = await files.readText(path, LARGEST_CONFIG_BYTES);
  if (text !== undefined || await files.kind(path) === "none") return text;
  throw new UnreadableFileError("it is no file of at most 1 MiB");
}

export type Store = ReturnType<typeof createStore>;
export type PublishedAction = Awaited<ReturnType<Store["publishAction"]>>;

/**
 * The agent's folders under RUNTIME_PATH, and what it puts into them for others.
 *
 * @param nonce a new random text for each call, for temporary names.
 */
export function createStore(
  { root, files, nonce }: { root: string; files: Files; nonce: () => string },
) {
  const pending = join(root, "actions", "pending");
  const events = join(root, "events");
  const state = join(root, "state");

  async function findAction(actionId: string): Promise<typeof ACTION_FOLDERS[number] | undefined> {
    for (const folder of ACTION_FOLDERS) {
      const path = join(root, "actions", folder, `${actionId}.json`);
      if (await files.kind(path) !== "none") return folder;
    }
    return undefined;
  }

  /** Removes leftovers; one that cannot be removed does no harm and stays. */
  async function sweepFolder(folder: string): Promise<number> {
    let swept = 0;
    for (const name of await files.list(folder)) {
      if (!TEMPORARY_NAME.test(name)) continue;
      swept += await files.remove(join(folder, name)).then(() => 1, () => 0);
    }
    return swept;
  }

  /** The folders in a folder: no files, and no symlinks, which could lead anywhere. */
  async function foldersIn(folder: string): Promise<string[]> {
    const paths = (await files.list(folder)).map((name) => join(folder, name));
    const kinds = await Promise.all(paths.map((path) => files.kind(path)));
    return paths.filter((_, nth) => kinds[nth] === "folder");
  }

  /** A folder the agent makes itself must not be a symlink planted by someone else. */
  async function makeOwnFolder(path: string): Promise<void> {
    if (await files.kind(path) === "none") {
      await files.makeFolder(path);
      // Where this fails, it fails for the file inside, too, and is reported there.
      await files.syncFolder(dirname(path)).catch(() => {});
    }
    if (await files.kind(path) !== "folder") throw new NotAFolderError(path);
  }

  /** Makes the folder again if somebody removed it; with all of actions/ gone, a disk is not mounted. */
  async function restorePending(): Promise<void> {
    if (await files.kind(pending) !== "none") return;
    if (await files.kind(dirname(pending)) !== "folder") return;
    // Where this fails, so does the write that follows, and says why.
    await files.makeFolder(pending).catch(() => {});
  }

  return {
    pending,
    events,
    state,
    findAction,
    /** Makes the folders the agent may write to; the others are the installer's. */
    async makeFolders(): Promise<void> {
      for (const folder of [pending, events, state]) {
        // Through a symlink from pending to approved the agent would approve.
        if (await files.kind(folder) === "other") throw new NotAFolderError(folder);
        await files.makeFolder(folder);
      }
    },
    /** Removes what a crashed write left behind; returns how many files. */
    async sweep(): Promise<number> {
      let swept = await sweepFolder(pending) + await sweepFolder(state);
      // A crash leaves its file in the folder of that day; older days were swept before.
      const days = (await foldersIn(events)).filter((path) => DAY.test(basename(path)));
      for (const day of days.slice(-7)) {
        for (const node of await foldersIn(day)) swept += await sweepFolder(node);
      }
      return swept;
    },
    /** Publishes a proposal; `text` gets the id that was free in all action folders. */
    async publishAction({ base, text, announce }: {
      readonly base: string;
      readonly text: (actionId: string) => string;
      readonly announce: (actionId: string) => void;
    }) {
      await restorePending();
      // An id that was approved or executed is never given to another proposal.
      const taken = async (id: string) => await findAction(id) !== undefined;
      const publication = { folder: pending, base, text, announce, taken };
      const { stem, ...rest } = await publish(files, nonce, publication);
      return { actionId: stem, path: join(pending, `${stem}.json`), ...rest };
    },
    /** Publishes an event file, `relativePath` (without `.json`) being below events/. */
    async publishEvent(relativePath: string, text: string): Promise<Published> {
      const folder = join(events, dirname(relativePath));
      await makeOwnFolder(dirname(folder));
      await makeOwnFolder(folder);
      const base = basename(relativePath);
      return await publish(files, nonce, { folder, base, text: () => text });
    },
    /** The texts of the event files in a folder below events/. */
    async *eventFiles(relativeFolder: string): AsyncGenerator<string> {
      const folder = join(events, relativeFolder);
      for (const name of await files.list(folder)) {
        if (!/^evt-.*\.json$/.test(name)) continue;
        const text = await files.readText(join(folder, name), LARGEST_PROPOSAL_BYTES);
        if (text !== undefined) yield text;
      }
    },
    readPending: (actionId: string): Promise<string | undefined> =>
      files.readText(join(pending, `${actionId}.json`), LARGEST_PROPOSAL_BYTES),
    /** When a file of config/ was last written, milliseconds since 1970; 0 where there is none. */
    configWrittenMs: async (name: string): Promise<number> =>
      (await files.times(join(root, "config", name)))?.writtenMs ?? 0,
    readConfig: (name: string) => readConfig({ root, files }, name),
    heartbeat: (nowMs: number): Promise<void> =>
      files.touch(join(state, "planner-agent.heartbeat"), nowMs),
    /** Puts a file of the agent's own into state/, in place of the one before; not synced. */
    async replaceState(name: string, text: string): Promise<void> {
      const temporary = join(state, `.${name}.${nonce()}.tmp`);
      try {
        await files.writeUnsynced(temporary, text);
        await files.rename(temporary, join(state, name));
      } catch (error) {
        await files.remove(temporary).catch(() => {});
        throw error;
      }
    },
  };
}
