/**
 * The agent's folders under RUNTIME_PATH, and what it puts into them for others: proposals, event
 * files and the heartbeat. Its own memory is in `journal.ts`.
 *
 * @module
 */
import { basename, dirname, join } from "node:path/posix";
import type { Files } from "./files.ts";
import { publish, type Published, TEMPORARY_NAME } from "./publish.ts";

/** Where a proposal can be in its life; the agent writes to the first only. */
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

/** The folder an event file belongs in is a link or a file: nothing is written through it. */
export class NotAFolderError extends Error {
  override readonly name = "NotAFolderError";
  constructor(path: string) {
    super(`${path} is not a folder of its own (a link or a file); move it out of the way`);
  }
}

/** A configuration file is there and cannot be read: it is no regular file, or larger than 1 MiB. */
export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

interface StoreOptions {
  readonly root: string;
  readonly files: Files;
  /** A new random text for each call, for temporary names. */
  readonly nonce: () => string;
}

export interface PublishedAction {
  readonly actionId: string;
  readonly path: string;
  /** See {@linkcode Published.unsynced}. */
  readonly unsynced?: unknown;
}

export interface Store {
  readonly pending: string;
  readonly events: string;
  readonly state: string;
  /**
   * Makes the folders the agent may write to. The others are the installer's.
   *
   * @throws {NotAFolderError} where one is a link.
   */
  makeFolders(): Promise<void>;
  /** Removes what a crashed write left behind; returns how many files. */
  sweep(): Promise<number>;
  /** Publishes a proposal; `text` gets the id that was free in all action folders. */
  publishAction(publication: {
    readonly base: string;
    readonly text: (actionId: string) => string;
    readonly announce: (actionId: string) => void;
  }): Promise<PublishedAction>;
  /** Publishes an event file, `relativePath` (without `.json`) being below events/. */
  publishEvent(relativePath: string, text: string): Promise<Published>;
  /** The texts of the event files in a folder below events/. */
  eventFiles(relativeFolder: string): AsyncGenerator<string>;
  /** Where a proposal of this id is now, or undefined. */
  findAction(actionId: string): Promise<typeof ACTION_FOLDERS[number] | undefined>;
  /** The text of a proposal that waits for a person. */
  readPending(actionId: string): Promise<string | undefined>;
  /** An operator's configuration file under config/, or undefined. */
  readConfig(name: string): Promise<string | undefined>;
  /** When that file was last written, milliseconds since 1970; 0 where there is none. */
  configWrittenMs(name: string): Promise<number>;
  heartbeat(nowMs: number): Promise<void>;
  /** Puts a file of the agent's own into state/, in place of the one before; not synced. */
  replaceState(name: string, text: string): Promise<void>;
}

export function createStore({ root, files, nonce }: StoreOptions): Store {
  const pending = join(root, "actions", "pending");
  const events = join(root, "events");
  const state = join(root, "state");

  async function findAction(actionId: string) {
    for (const folder of ACTION_FOLDERS) {
      if (await files.kind(join(root, "actions", folder, `${actionId}.json`)) !== "none") {
        return folder;
      }
    }
    return undefined;
  }

  const readPending = (actionId: string) =>
    files.readText(join(pending, `${actionId}.json`), LARGEST_PROPOSAL_BYTES);

  /** Removes leftovers; one that cannot be removed does no harm and stays. */
  async function sweepFolder(folder: string): Promise<number> {
    let swept = 0;
    for (const name of await files.list(folder)) {
      if (!TEMPORARY_NAME.test(name)) continue;
      swept += await files.remove(join(folder, name)).then(() => 1, () => 0);
    }
    return swept;
  }

  /** The folders in a folder: no files, and no links, which could lead anywhere. */
  async function foldersIn(folder: string): Promise<string[]> {
    const folders: string[] = [];
    for (const name of await files.list(folder)) {
      const path = join(folder, name);
      if (await files.kind(path) === "folder") folders.push(path);
    }
    return folders;
  }

  /** A folder the agent makes itself must not be a link planted by someone else. */
  async function makeOwnFolder(path: string) {
    if (await files.kind(path) === "none") {
      await files.makeFolder(path);
      // Where this fails, it fails for the file inside, too, and is reported there.
      await files.syncFolder(dirname(path)).catch(() => {});
    }
    if (await files.kind(path) !== "folder") throw new NotAFolderError(path);
  }

  /** Makes the folder again if somebody removed it; with all of actions/ gone, a disk is not mounted. */
  async function restorePending() {
    if (await files.kind(pending) !== "none" || await files.kind(dirname(pending)) !== "folder") {
      return;
    }
    // Where this fails, so does the write that follows, and says why.
    await files.makeFolder(pending).catch(() => {});
  }

  return {
    pending,
    events,
    state,
    async makeFolders() {
      for (const folder of [pending, events, state]) {
        // Through a link from pending to approved the agent would approve.
        if (await files.kind(folder) === "other") throw new NotAFolderError(folder);
        await files.makeFolder(folder);
      }
    },
    async sweep() {
      let swept = await sweepFolder(pending) + await sweepFolder(state);
      // A crash leaves its file in the folder of that day; older days were swept before.
      const days = (await foldersIn(events)).filter((path) => DAY.test(basename(path)));
      for (const day of days.slice(-7)) {
        for (const node of await foldersIn(day)) swept += await sweepFolder(node);
      }
      return swept;
    },
    async publishAction({ base, text, announce }) {
      await restorePending();
      const { stem, ...rest } = await publish(files, nonce, {
        folder: pending,
        base,
        text,
        announce,
        // An id that was approved or executed is never given to another proposal.
        taken: async (id) => await findAction(id) !== undefined,
      });
      return { actionId: stem, path: join(pending, `${stem}.json`), ...rest };
    },
    async publishEvent(relativePath, text) {
      const folder = join(events, dirname(relativePath));
      await makeOwnFolder(dirname(folder));
      await makeOwnFolder(folder);
      const base = basename(relativePath);
      return await publish(files, nonce, { folder, base, text: () => text });
    },
    async *eventFiles(relativeFolder) {
      const folder = join(events, relativeFolder);
      for (const name of await files.list(folder)) {
        if (!/^evt-.*\.json$/.test(name)) continue;
        const text = await files.readText(join(folder, name), LARGEST_PROPOSAL_BYTES);
        if (text !== undefined) yield text;
      }
    },
    findAction,
    readPending,
    configWrittenMs: async (name) =>
      (await files.times(join(root, "config", name)))?.writtenMs ?? 0,
    async readConfig(name) {
      const path = join(root, "config", name);
      const text = await files.readText(path, LARGEST_CONFIG_BYTES);
      if (text !== undefined || await files.kind(path) === "none") return text;
      // What is there and is not read must not count as not there: it may hold the rules.
      throw new UnreadableFileError("it is no file of at most 1 MiB");
    },
    heartbeat: (nowMs) => files.touch(join(state, "planner-agent.heartbeat"), nowMs),
    async replaceState(name, text) {
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
