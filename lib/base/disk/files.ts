import { dirname } from "node:path/posix";

/** What one look at a path tells, without following a symlink; times are milliseconds since 1970. */
function lookAt({ isFile, isDirectory, size, mtime, ctime }: Deno.FileInfo) {
  const writtenMs = mtime?.getTime() ?? 0;
  const kind: "file" | "folder" | "other" = isFile ? "file" : isDirectory ? "folder" : "other";
  return {
    kind,
    bytes: size,
    /** When its text last changed (mtime). Moving it leaves that alone. */
    writtenMs,
    /** When anything about it last changed, its place included (ctime); whole seconds. */
    changedMs: ctime?.getTime() ?? writtenMs,
  };
}

type FileLook = Readonly<ReturnType<typeof lookAt>>;
export type FileTimes = Pick<FileLook, "writtenMs" | "changedMs">;
/** The text is undefined where it is no regular file, or too large. */
export type ReadFile = FileLook & { readonly text: string | undefined };

const isReadable = (look: FileLook, maxBytes: number) =>
  look.kind === "file" && look.bytes <= maxBytes;

/** `instead` of the error that there is nothing at a path; any other is thrown. */
function unlessMissing<T>(error: unknown, instead: T): T {
  if (error instanceof Deno.errors.NotFound) return instead;
  throw error;
}

/** Looks at once: to hand a look to another thread takes longer than the look. */
function lookNow(path: string): FileLook | undefined {
  try {
    return lookAt(Deno.lstatSync(path));
  } catch (error) {
    return unlessMissing(error, undefined);
  }
}

/** Hands over the names in a folder, in no order: a list of 50,000 would take 10 MiB. */
async function eachName(path: string, take: (name: string) => void): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(path)) take(name);
  } catch (error) {
    unlessMissing(error, undefined);
  }
}

/** Something that must not be opened lies where one of the agent's own files belongs. */
export class NotAFileError extends Error {
  override readonly name = "NotAFileError";
  readonly code = "NOTFILE";
  constructor(path: string) {
    super(
      `${path} is a link, a folder, a FIFO or a device, not a file of its own`,
    );
  }
}

/**
 * How many other names a file has, which may lie anywhere. @throws NotAFileError: opening a FIFO
 * waits for its other end, and a symlink leads out of its folder.
 */
function otherNamesOf(path: string): number {
  try {
    const { isFile, nlink } = Deno.lstatSync(path);
    if (!isFile) throw new NotAFileError(path);
    return (nlink ?? 1) - 1;
  } catch (error) {
    return unlessMissing(error, 0);
  }
}

/** Opens a file of the agent's own to write, and makes it where there is none. */
export async function openOwn(path: string): Promise<Deno.FsFile> {
  otherNamesOf(path);
  return await Deno.open(path, { write: true, create: true });
}

/**
 * Takes the lock at `path` until it is released or the process ends, however that happens; undefined
 * when another process has it. One agent per RUNTIME_PATH: two would write one state file.
 */
export async function tryLock(path: string): Promise<{ release(): void } | undefined> {
  const file = await openOwn(path);
  if (!await file.tryLock(true)) {
    file.close();
    return undefined;
  }
  return {
    release() {
      // A child process that is just being started has the file open, too, and the lock by that.
      file.unlockSync();
      file.close();
    },
  };
}

export type Files = typeof realFiles;
/** A file that only grows. */
export type AppendFile = ReturnType<Files["openAppend"]>;

/** The few file operations the agent needs, in one object so that a test can let them fail. */
export const realFiles = {
  /** Creates a file that must not exist, writes `text`, and returns once it is on the disk. */
  async writeNew(path: string, text: string): Promise<void> {
    using file = await Deno.open(path, { write: true, createNew: true });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  },
  /** Creates a file without syncing it: for what need not survive a power cut. */
  writeUnsynced: (path: string, text: string): Promise<void> =>
    Deno.writeTextFile(path, text, { createNew: true }),
  /** Makes `to` another name of `from`; fails with AlreadyExists rather than replace anything. */
  link: (from: string, to: string): Promise<void> => Deno.link(from, to),
  /** Moves a file; replaces what is at `to`. */
  rename: (from: string, to: string): Promise<void> => Deno.rename(from, to),
  renameNow: (from: string, to: string): void => Deno.renameSync(from, to),
  openAppend(path: string) {
    if (otherNamesOf(path) > 0) throw new NotAFileError(path);
    const file = Deno.openSync(path, { append: true, create: true });
    return {
      /** Hands the text to the system at once: it survives the end of this process. */
      append(text: string): void {
        const bytes = new TextEncoder().encode(text);
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      },
      /** Returns once what was appended is on the disk. */
      sync: (): Promise<void> => file.syncData(),
      close: (): void => file.close(),
    };
  },
  remove: (path: string): Promise<void> => Deno.remove(path),
  /** Returns once the folder's entries are on the disk. */
  async syncFolder(path: string): Promise<void> {
    using folder = await Deno.open(path);
    await folder.sync();
  },
  makeFolder: (path: string): Promise<void> => Deno.mkdir(path, { recursive: true }),
  /** What is there, without following a symlink. */
  kind: async (path: string): Promise<FileLook["kind"] | "none"> =>
    (await realFiles.times(path))?.kind ?? "none",
  /** Names in a folder, sorted; none where it does not exist. */
  async list(path: string): Promise<string[]> {
    const names: string[] = [];
    await eachName(path, (name) => names.push(name));
    return names.sort();
  },
  eachName,
  /** A file's text; undefined where there is none, it is too long, or a symlink out of its folder. */
  async readText(path: string, maxBytes: number): Promise<string | undefined> {
    try {
      if ((await Deno.lstat(path)).isSymlink) {
        const folder = await Deno.realPath(dirname(path));
        if (!(await Deno.realPath(path)).startsWith(`${folder}/`)) return undefined;
      }
      const look = lookAt(await Deno.stat(path));
      return isReadable(look, maxBytes) ? await Deno.readTextFile(path) : undefined;
    } catch (error) {
      return unlessMissing(error, undefined);
    }
  },
  /**
   * A file's text in pieces that end where a line does; only the last may not. Of a line without an
   * end the first `longest` UTF-16 units or some more are given, so that no file takes up memory.
   */
  async *textBlocks(path: string, longest: number): AsyncGenerator<string> {
    const file = await Deno.open(path);
    let rest = "";
    for await (const piece of file.readable.pipeThrough(new TextDecoderStream())) {
      const end = piece.lastIndexOf("\n") + 1;
      if (end > 0) {
        yield rest + piece.slice(0, end);
        rest = "";
      }
      if (rest.length < longest) rest += piece.slice(end);
    }
    if (rest !== "") yield rest;
  },
  /** When a file was written and moved; undefined where there is none. Follows no symlink. */
  times: (path: string): Promise<FileLook | undefined> => Promise.try(lookNow, path),
  /** What lies there, and its text. Follows no symlink. */
  async read(path: string, maxBytes: number): Promise<ReadFile | undefined> {
    try {
      const look = lookAt(await Deno.lstat(path));
      const text = isReadable(look, maxBytes) ? await Deno.readTextFile(path) : undefined;
      return { ...look, text };
    } catch (error) {
      return unlessMissing(error, undefined);
    }
  },
  /** As `read`, synchronously: a fifth of the work, for commands that read very many files. */
  readNow(path: string, maxBytes: number): ReadFile | undefined {
    try {
      const look = lookAt(Deno.lstatSync(path));
      const text = isReadable(look, maxBytes) ? Deno.readTextFileSync(path) : undefined;
      return { ...look, text };
    } catch (error) {
      return unlessMissing(error, undefined);
    }
  },
  /** Sets a file's modification time; creates the file where there is none of its own. */
  async touch(path: string, nowMs: number): Promise<void> {
    if (otherNamesOf(path) > 0) await Deno.remove(path);
    try {
      await Deno.utime(path, new Date(nowMs), new Date(nowMs));
    } catch (error) {
      unlessMissing(error, undefined);
      (await openOwn(path)).close();
    }
  },
};
