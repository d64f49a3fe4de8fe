/**
 * The few file operations the agent needs, as an interface so that a test can let them fail.
 *
 * @module
 */
import { dirname } from "node:path/posix";

/** A file that only grows. */
export interface AppendFile {
  /** Hands the text to the system at once: it survives the end of this process. */
  append(text: string): void;
  /** Returns once what was appended is on the disk. */
  sync(): Promise<void>;
  close(): void;
}

/** Milliseconds since 1970. */
export interface FileTimes {
  /** When its text last changed (mtime). Moving it leaves that alone. */
  readonly writtenMs: number;
  /** When anything about it last changed, its place included (ctime); whole seconds. */
  readonly changedMs: number;
}

/** What one look at a path tells, without following a link. */
interface FileLook extends FileTimes {
  readonly kind: "file" | "folder" | "other";
  readonly bytes: number;
}

/** A file with its text, which is undefined when it is not a regular file or too large. */
export interface ReadFile extends FileLook {
  readonly text: string | undefined;
}

export interface Files {
  /** Creates a file that must not exist, writes `text`, and returns once it is on the disk. */
  writeNew(path: string, text: string): Promise<void>;
  /** Creates a file without syncing it: for what need not survive a power cut. */
  writeUnsynced(path: string, text: string): Promise<void>;
  /** Makes `to` another name of `from`; fails with AlreadyExists rather than replace anything. */
  link(from: string, to: string): Promise<void>;
  /** Moves a file; replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Moves a file like `rename`, synchronously. */
  renameNow(from: string, to: string): void;
  /** Opens an existing or new file to append to. */
  openAppend(path: string): AppendFile;
  remove(path: string): Promise<void>;
  /** Returns once the folder's entries are on the disk. */
  syncFolder(path: string): Promise<void>;
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>;
  /** What is there, without following a link. */
  kind(path: string): Promise<"file" | "folder" | "other" | "none">;
  /** Names in a folder; none where it does not exist. */
  list(path: string): Promise<string[]>;
  /**
   * A file's text, or undefined where it does not exist or is longer than `maxBytes`. A link that
   * leads out of its folder is no file.
   */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /** When a file was written and moved, or undefined where it does not exist; follows no link. */
  times(path: string): Promise<FileLook | undefined>;
  /** What lies there and its text in one call, without following a link. */
  read(path: string, maxBytes: number): Promise<ReadFile | undefined>;
  /** As `read`, synchronously: a fifth of the work, for commands that read very many files. */
  readNow(path: string, maxBytes: number): ReadFile | undefined;
  /** Sets a file's modification time to now; creates the file where there is none. */
  touch(path: string, nowMs: number): Promise<void>;
}

function kindOf({ isFile, isDirectory }: Deno.FileInfo): FileLook["kind"] {
  return isFile ? "file" : isDirectory ? "folder" : "other";
}

function lookAt(info: Deno.FileInfo): FileLook {
  const writtenMs = info.mtime?.getTime() ?? 0;
  const changedMs = info.ctime?.getTime() ?? writtenMs;
  return { kind: kindOf(info), bytes: info.size, writtenMs, changedMs };
}

/** Something that must not be opened lies where one of the agent's own files belongs. */
export class NotAFileError extends Error {
  override readonly name = "NotAFileError";
  readonly code = "NOTFILE";
  constructor(path: string) {
    super(`${path} is a link, a FIFO or a device, not a file of its own; move it out of the way`);
  }
}

/** Opening a FIFO waits for its other end, and a link leads anywhere. */
function mustBeFile(path: string): void {
  try {
    if (!Deno.lstatSync(path).isFile) throw new NotAFileError(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Opens a file of the agent's own to write, and makes it where there is none. */
export async function openOwn(path: string): Promise<Deno.FsFile> {
  mustBeFile(path);
  return await Deno.open(path, { write: true, create: true });
}

/** Whether a link leads to something in the folder that it is in, or below. */
async function staysInFolder(path: string): Promise<boolean> {
  const folder = await Deno.realPath(dirname(path));
  return (await Deno.realPath(path)).startsWith(`${folder}/`);
}

export const realFiles: Files = {
  async writeNew(path, text) {
    using file = await Deno.open(path, { write: true, createNew: true });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  },
  writeUnsynced: (path, text) => Deno.writeTextFile(path, text, { createNew: true }),
  link: (from, to) => Deno.link(from, to),
  rename: (from, to) => Deno.rename(from, to),
  renameNow: (from, to) => Deno.renameSync(from, to),
  openAppend(path) {
    mustBeFile(path);
    const file = Deno.openSync(path, { append: true, create: true });
    return {
      append(text) {
        const bytes = new TextEncoder().encode(text);
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      },
      sync: () => file.syncData(),
      close: () => file.close(),
    };
  },
  remove: (path) => Deno.remove(path),
  async syncFolder(path) {
    using folder = await Deno.open(path);
    await folder.sync();
  },
  makeFolder: (path) => Deno.mkdir(path, { recursive: true }),
  async kind(path) {
    try {
      return kindOf(await Deno.lstat(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "none";
      throw error;
    }
  },
  async list(path) {
    try {
      return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  },
  async readText(path, maxBytes) {
    try {
      const isLink = (await Deno.lstat(path)).isSymlink;
      if (isLink && !await staysInFolder(path)) return undefined;
      const info = await Deno.stat(path);
      if (!info.isFile || info.size > maxBytes) return undefined;
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  async times(path) {
    try {
      return lookAt(await Deno.lstat(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  async read(path, maxBytes) {
    const look = await realFiles.times(path);
    if (look?.kind !== "file" || look.bytes > maxBytes) return look && { ...look, text: undefined };
    try {
      return { ...look, text: await Deno.readTextFile(path) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  readNow(path, maxBytes) {
    try {
      const look = lookAt(Deno.lstatSync(path));
      const whole = look.kind === "file" && look.bytes <= maxBytes;
      return { ...look, text: whole ? Deno.readTextFileSync(path) : undefined };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  async touch(path, nowMs) {
    const now = new Date(nowMs);
    mustBeFile(path);
    try {
      await Deno.utime(path, now, now);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      (await openOwn(path)).close();
    }
  },
};
