import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path/posix";
import { errorMessage } from "../../base/error_message.ts";
import type { Files } from "../../base/disk/files.ts";
import { about, type Finding } from "../../observe/health.ts";
import { readFailure } from "../../base/disk/read_failure.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { shellWord } from "../../base/text/shell_word.ts";
import { explainWriteFailure, isSystemFailure } from "../../base/disk/write_failure.ts";

const WRITTEN = ["actions/pending", "events", "state"] as const;
/** The agent looks into these for ids that were given; none of them is its to write. */
const READ = ACTION_FOLDERS.filter((name) => name !== "pending").map((name) => `actions/${name}`);

/** Size of the file that is written to see whether there is room. */
const PROBE_BYTES = 64 * 1024;
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
const LEAST_FREE_INODES = 10_000;

interface FoldersOptions {
  readonly root: string;
  readonly files: Pick<Files, "kind" | "list" | "writeNew" | "remove">;
  /** A new random text for each call. */
  readonly nonce: () => string;
  /** Whether an installer made the folders, or `run` does, from source. */
  readonly installed?: boolean;
  /** Asks the system for room. A compiled agent may not: it needs `--allow-sys=statfs`. */
  readonly room?: (path: string) => Promise<Pick<StatsFs, "bavail" | "bsize" | "ffree" | "files">>;
}

/** Are the folders there, can the agent write where it must, and is there room? */
export async function checkFolders(options: FoldersOptions): Promise<Finding[]> {
  const written = await Promise.all(WRITTEN.map((name) => checkWritten(name, options)));
  const read = await Promise.all(READ.map((name) => checkRead(name, options)));
  const unwell = read.filter((finding) => finding !== undefined);
  const well = about("folder", "actions").fine(`${READ.length} folders are there`);
  return [...written, ...unwell.length > 0 ? unwell : [well], await checkRoom(options)];
}

async function checkWritten(name: string, options: FoldersOptions): Promise<Finding> {
  const { root, files, nonce } = options;
  const path = join(root, name);
  const folder = about("folder", name);
  // The agent sweeps a file of this name, should this program be killed right now.
  const probe = join(path, `.planner-agent.check.${nonce()}.tmp`);
  try {
    const kind = await files.kind(path);
    if (kind !== "folder") {
      const is = { none: "not there", file: "a file", other: "a link, not a folder" }[kind];
      return folder.problem("folder_missing", `${path} is ${is}`, makingOf(path, options));
    }
    try {
      await files.writeNew(probe, "x".repeat(PROBE_BYTES));
    } finally {
      await files.remove(probe).catch(() => {});
    }
    await files.list(path);
    return folder.fine(`writable: ${PROBE_BYTES / 1024} KiB written, synced and removed`);
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    const { error: said, remedy } = explainWriteFailure(error);
    return folder.problem("folder_not_writable", said, remedy);
  }
}

async function checkRead(name: string, options: FoldersOptions): Promise<Finding | undefined> {
  const { root, files } = options;
  const path = join(root, name);
  const folder = about("folder", name);
  try {
    if (await files.kind(path) === "none") {
      return folder.problem("folder_unused", `${path} is not there`, makingOf(path, options));
    }
    await files.list(path);
    return undefined;
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return folder.problem("folder_not_readable", readFailure(error, path));
  }
}

/** What makes a folder from source, where there is no installer to run again. */
function makingOf(path: string, { installed = true }: FoldersOptions): string | undefined {
  return installed ? undefined : `'planner-agent run' makes it, or: mkdir -p ${shellWord(path)}`;
}

async function checkRoom({ root, room = statfs }: FoldersOptions): Promise<Finding> {
  const disk = about("disk", "disk");
  try {
    const { bavail, bsize, ffree, files } = await room(join(root, "state"));
    const bytes = bavail * bsize;
    const size = bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.floor(bytes / 1e6)} MB`;
    // Some filesystems make inodes as they need them, and count none.
    const detail = files > 0 ? `${size} and ${ffree} inodes free` : `${size} free`;
    if (bytes < LEAST_FREE_BYTES) return disk.problem("disk_nearly_full", detail);
    const isShort = files > 0 && ffree < LEAST_FREE_INODES;
    return isShort ? disk.problem("inodes_nearly_out", detail) : disk.fine(detail);
  } catch (error) {
    return disk.skipped(
      error instanceof Deno.errors.NotCapable
        ? "this program may not ask for free space; that files could be written shows some"
        : errorMessage(error),
    );
  }
}
