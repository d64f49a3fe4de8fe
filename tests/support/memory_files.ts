import "./deadlines.ts";
import { basename, dirname } from "node:path/posix";
import type { Files, ReadFile } from "../../lib/base/disk/files.ts";
import { systemError } from "./system_error.ts";

type FileLook = NonNullable<Awaited<ReturnType<Files["times"]>>>;

/** Every operation consists of such steps; a crash can come before each. */
export interface Step {
  readonly op:
    | "create"
    | "write"
    | "sync"
    | "link"
    | "rename"
    | "open"
    | "append"
    | "remove"
    | "syncFolder"
    | "makeFolder"
    | "kind"
    | "list"
    | "eachName"
    | "read"
    | "touch";
  readonly path: string;
}

/** What a step meets: it works, fails with this error, or the process ends before it. */
export type Fate = "works" | "crash" | Error;

/** Files in memory that can fail, end, and lose what was not synced. */
export interface MemoryFiles extends Files {
  /** Decides on every step; at first every step works. */
  fate: (step: Step) => Fate;
  /** Resolves when a step met "crash". From then on nothing happens any more. */
  readonly crashed: Promise<void>;
  readonly dead: boolean;
  /** What the next process finds after `kill -9`: all that was done. */
  afterKill(): MemoryFiles;
  /**
   * What the next process finds after a power cut. What was synced is there; of the rest each
   * piece is there or not, as `chance` (0 to 1) decides; at 0 none is.
   */
  afterPowerCut(chance: () => number): MemoryFiles;
  /** Puts a file there, synced. */
  put(path: string, text: string): void;
  text(path: string): string | undefined;
  /** Paths of all files, sorted. */
  paths(): string[];
  /** Files that are open for appending. */
  readonly open: number;
}

interface Inode {
  text: string;
  synced: string;
  mtimeMs: number;
}

export function memoryFiles(): MemoryFiles {
  return build({ files: new Map(), folders: new Set(["/"]) });
}

interface Disk {
  readonly files: Map<string, Inode>;
  readonly folders: Set<string>;
}

function build(disk: Disk): MemoryFiles {
  const { files, folders } = disk;
  const durable: Disk = { files: new Map(files), folders: new Set(folders) };
  let dead = false;
  let open = 0;
  const { promise: crashed, resolve: crash } = Promise.withResolvers<void>();

  /** Undefined when the step works. */
  function meet(op: Step["op"], path: string): Error | "dead" | undefined {
    const fate = dead ? "crash" : memory.fate({ op, path });
    if (fate === "works") return undefined;
    if (fate !== "crash") return fate;
    dead = true;
    crash();
    return "dead";
  }
  async function step(op: Step["op"], path: string): Promise<void> {
    const met = meet(op, path);
    if (met === "dead") await new Promise(() => {});
    if (met instanceof Error) throw met;
    await Promise.resolve();
  }
  function stepNow(op: Step["op"], path: string): void {
    const met = meet(op, path);
    if (met === "dead") throw new Error("the process has ended");
    if (met) throw met;
  }
  function inode(path: string): Inode {
    const found = files.get(path);
    if (!found) throw systemError("ENOENT", path);
    return found;
  }
  function vacant(path: string) {
    if (files.has(path) || folders.has(path)) throw systemError("EEXIST", path);
  }
  function inFolder(path: string) {
    if (files.has(dirname(path))) throw systemError("ENOTDIR", path);
    if (!folders.has(dirname(path))) throw systemError("ENOENT", path);
  }
  function create(path: string): Inode {
    inFolder(path);
    const created = { text: "", synced: "", mtimeMs: 0 };
    files.set(path, created);
    return created;
  }
  function move(from: string, to: string) {
    inFolder(to);
    if (folders.has(from)) {
      vacant(to);
      folders.delete(from);
      folders.add(to);
      return;
    }
    const moved = inode(from);
    files.set(to, moved);
    files.delete(from);
  }

  const memory: MemoryFiles = {
    fate: () => "works",
    crashed,
    get dead() {
      return dead;
    },
    get open() {
      return open;
    },
    async writeNew(path, text) {
      await step("create", path);
      vacant(path);
      const file = create(path);
      await step("write", path);
      file.text = text.slice(0, text.length >> 1);
      await step("write", path);
      file.text = text;
      await step("sync", path);
      file.synced = text;
    },
    async writeUnsynced(path, text) {
      await step("create", path);
      vacant(path);
      const file = create(path);
      await step("write", path);
      file.text = text;
    },
    async link(from, to) {
      await step("link", to);
      inFolder(to);
      vacant(to);
      files.set(to, inode(from));
    },
    async rename(from, to) {
      await step("rename", to);
      move(from, to);
    },
    renameNow(from, to) {
      stepNow("rename", to);
      move(from, to);
    },
    openAppend(path) {
      stepNow("open", path);
      const file = files.get(path) ?? create(path);
      open++;
      let closed = false;
      return {
        append(text) {
          if (closed) throw new Deno.errors.BadResource("closed");
          stepNow("append", path);
          file.text += text.slice(0, text.length >> 1);
          stepNow("append", path);
          file.text += text.slice(text.length >> 1);
        },
        async sync() {
          const { text } = file;
          await step("sync", path);
          file.synced = text;
        },
        close() {
          if (closed) throw new Deno.errors.BadResource("closed twice");
          closed = true;
          open--;
        },
      };
    },
    async remove(path) {
      await step("remove", path);
      inode(path);
      files.delete(path);
    },
    async syncFolder(path) {
      await step("syncFolder", path);
      for (const map of [files, durable.files]) {
        for (const entry of map.keys()) {
          if (dirname(entry) !== path) continue;
          const now = files.get(entry);
          if (now) durable.files.set(entry, now);
          else durable.files.delete(entry);
        }
      }
      for (const folder of folders) if (dirname(folder) === path) durable.folders.add(folder);
    },
    async makeFolder(path) {
      await step("makeFolder", path);
      for (let folder = path; !folders.has(folder); folder = dirname(folder)) {
        if (files.has(folder)) throw systemError("ENOTDIR", folder);
        folders.add(folder);
      }
    },
    async kind(path) {
      await step("kind", path);
      return files.has(path) ? "file" : folders.has(path) ? "folder" : "none";
    },
    async list(path) {
      await step("list", path);
      if (files.has(path)) throw systemError("ENOTDIR", path);
      return [...files.keys(), ...folders]
        .filter((entry) => entry !== "/" && dirname(entry) === path).map((entry) => basename(entry))
        .sort();
    },
    async eachName(path, take) {
      for (const name of await this.list(path)) take(name);
    },
    async readText(path, maxBytes) {
      await step("read", path);
      const text = files.get(path)?.text;
      return text !== undefined && text.length <= maxBytes ? text : undefined;
    },
    async *textBlocks(path) {
      await step("read", path);
      yield inode(path).text;
    },
    async times(path) {
      await step("kind", path);
      const file = files.get(path);
      return file && lookAt(file);
    },
    async read(path, maxBytes) {
      await step("read", path);
      return readFile(files.get(path), maxBytes);
    },
    readNow(path, maxBytes) {
      stepNow("read", path);
      return readFile(files.get(path), maxBytes);
    },
    async touch(path, nowMs) {
      await step("touch", path);
      (files.get(path) ?? create(path)).mtimeMs = nowMs;
    },
    afterKill: () =>
      build({
        files: copies([...files], (file) => file.text),
        folders: new Set(folders),
      }),
    afterPowerCut(chance) {
      const reached = () => chance() > 0.5;
      const kept = new Set([...folders].filter((f) => durable.folders.has(f) || reached()));
      // A folder that is lost takes what is below it along.
      for (const folder of [...kept].sort()) {
        if (folder !== "/" && !kept.has(dirname(folder))) kept.delete(folder);
      }
      const survivors = [...new Set([...files.keys(), ...durable.files.keys()])].flatMap((path) => {
        const [now, before] = [files.get(path), durable.files.get(path)];
        const file = now === before || reached() ? now : before;
        return file && kept.has(dirname(path)) ? [[path, file] as const] : [];
      });
      const afterCut = ({ text, synced }: Inode) =>
        synced + text.slice(synced.length, synced.length + Math.floor(text.length * chance()));
      return build({ files: copies(survivors, afterCut), folders: kept });
    },
    put(path, text) {
      for (let folder = dirname(path); !durable.folders.has(folder); folder = dirname(folder)) {
        folders.add(folder);
        durable.folders.add(folder);
      }
      const file = { text, synced: text, mtimeMs: 0 };
      files.set(path, file);
      durable.files.set(path, file);
    },
    text: (path) => files.get(path)?.text,
    paths: () => [...files.keys()].sort(),
  };
  return memory;
}

function lookAt({ text, mtimeMs }: Inode): FileLook {
  return { kind: "file", bytes: text.length, writtenMs: mtimeMs, changedMs: mtimeMs };
}

function readFile(file: Inode | undefined, maxBytes: number): ReadFile | undefined {
  const text = file && file.text.length <= maxBytes ? file.text : undefined;
  return file && { ...lookAt(file), text };
}

/** Copies files, links between them included. */
function copies(
  entries: readonly (readonly [string, Inode])[],
  textOf: (file: Inode) => string,
): Map<string, Inode> {
  const made = new Map<Inode, Inode>();
  return new Map(entries.map(([path, file]) => {
    const text = textOf(file);
    const copy = made.get(file) ?? { text, synced: text, mtimeMs: file.mtimeMs };
    made.set(file, copy);
    return [path, copy];
  }));
}
