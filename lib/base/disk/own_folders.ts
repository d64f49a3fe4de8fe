import { dirname, join } from "node:path/posix";
import type { Files } from "./files.ts";
import { NotAFolderError } from "./store.ts";

/** One of the agent's folders was replaced by another since the start. */
class FolderReplacedError extends Error {
  override readonly name = "FolderReplacedError";
  constructor(path: string) {
    super(
      `${path} is another folder than at the start, and nothing is written to it: put the former ` +
        "one back, or restart the agent if this is the right one",
    );
  }
}

/** Folders that stay the same while the agent runs; those below come and go. */
const LASTING = ["actions", "actions/pending", "events", "state"];

/** What tells a folder from all others; undefined where there is nothing. */
function idOf(path: string): string | undefined {
  try {
    const { isDirectory, dev, ino } = Deno.lstatSync(path);
    if (!isDirectory) throw new NotAFolderError(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * `files`, whose every change below `root` is refused where a folder on the way is a symlink, or
 * another one than when it was used first: Deno compares a path as it is written with what a program
 * may write, not where it leads. A folder that it makes itself takes the former's place.
 *
 * A symlink that appears between this look and the write is not seen: Deno opens by path alone. That
 * the folders' owner is root, and the unit's read-only mounts, are what holds then.
 */
export function ownFolders(files: Files, root: string): Files {
  const top = root.replace(/\/+$/, "");
  const lasting = LASTING.map((name) => join(top, name));
  const first = new Map<string, string>();

  function look(folder: string): void {
    const id = idOf(folder);
    if (id === undefined || !lasting.includes(folder)) return;
    if ((first.get(folder) ?? id) !== id) throw new FolderReplacedError(folder);
    first.set(folder, id);
  }

  function lookAbove(path: string): void {
    for (let at = dirname(path); at.startsWith(`${top}/`); at = dirname(at)) look(at);
  }

  /** Looks, and then makes an asynchronous change; a refusal rejects. */
  async function above<T>(path: string, change: () => Promise<T>): Promise<T> {
    lookAbove(path);
    return await change();
  }

  return {
    ...files,
    writeNew: (path, text) => above(path, () => files.writeNew(path, text)),
    writeUnsynced: (path, text) => above(path, () => files.writeUnsynced(path, text)),
    link: (from, to) => above(to, () => files.link(from, to)),
    rename: (from, to) => above(to, () => files.rename(from, to)),
    renameNow(from, to) {
      lookAbove(to);
      files.renameNow(from, to);
    },
    openAppend(path) {
      lookAbove(path);
      return files.openAppend(path);
    },
    remove: (path) => above(path, () => files.remove(path)),
    makeFolder: (path) =>
      above(path, async () => {
        const isNew = idOf(path) === undefined;
        await files.makeFolder(path);
        if (isNew) first.delete(path);
        look(path);
      }),
    touch: (path, nowMs) => above(path, () => files.touch(path, nowMs)),
  };
}
