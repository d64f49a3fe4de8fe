import { statfs } from "node:fs/promises";
import { join } from "node:path/posix";
import { errorMessage } from "../../base/error_message.ts";
import type { Files } from "../../base/disk/files.ts";
import { about, type Finding } from "../../observe/health.ts";
import { readFailure } from "../../base/disk/read_failure.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { shellWord } from "../../base/text/shell_word.ts";
import { explainWriteFailure, isSystemFailure } from "../../base/disk/write_failure.ts";

/** Folders that the agent writes to, under RUNTIME_PATH. */
const WRITTEN = ["actions/pending", "events", "state"] as const;
/** It looks into these for ids that were given; none of them is its to write. */
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
  /** What is left for a user without privileges; throws where that may not be asked. */
  readonly room?: (path: string) => Promise<Room>;
}

interface Room {
  readonly bytes: number;
  readonly inodes: number;
  /** 0 on a filesystem that makes inodes as it needs them. */
  readonly allInodes: number;
}

/** Asks the system. A compiled agent may not: it needs `--allow-sys=statfs`. */
async function systemRoom(path: string): Promise<Room> {
  const { bavail, bsize, ffree, files } = await statfs(path);
  return { bytes: bavail * bsize, inodes: ffree, allInodes: files };
}

/** Are the folders there, can the agent write where it must, and is there room? */
export async function checkFolders(options: FoldersOptions): Promise<Finding[]> {
  const { root, installed = true } = options;
  const written = await Promise.all(WRITTEN.map((name) => checkWritten(name, options)));
  const read = await Promise.all(READ.map((name) => checkRead(name, options)));
  const unwell = read.filter((finding) => finding !== undefined);
  const folders = [
    ...written,
    ...unwell.length > 0
      ? unwell
      : [about("folder", "actions").fine(`${READ.length} folders are there`)],
  ];
  return [
    ...installed ? folders : folders.map((finding) => remediedFromSource(finding, root)),
    await checkRoom(options),
  ];
}

/** From source there is no installer to run again. */
function remediedFromSource(finding: Finding, root: string): Finding {
  if (finding.code !== "folder_missing" && finding.code !== "folder_unused") return finding;
  const path = shellWord(join(root, finding.subject));
  return { ...finding, remedy: `'planner-agent run' makes it, or: mkdir -p ${path}` };
}

async function checkWritten(
  name: string,
  { root, files, nonce }: FoldersOptions,
): Promise<Finding> {
  const path = join(root, name);
  const folder = about("folder", name);
  // The agent sweeps a file of this name, should this program be killed right now.
  const probe = join(path, `.planner-agent.check.${nonce()}.tmp`);
  try {
    const kind = await files.kind(path);
    if (kind !== "folder") {
      const is = { none: "not there", file: "a file", other: "a link, not a folder" }[kind];
      return folder.problem("folder_missing", `${path} is ${is}`);
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

async function checkRead(
  name: string,
  { root, files }: FoldersOptions,
): Promise<Finding | undefined> {
  const path = join(root, name);
  const folder = about("folder", name);
  try {
    if (await files.kind(path) === "none") {
      return folder.problem("folder_unused", `${path} is not there`);
    }
    await files.list(path);
    return undefined;
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return folder.problem("folder_not_readable", readFailure(error, path));
  }
}

async function checkRoom({ root, room = systemRoom }: FoldersOptions): Promise<Finding> {
  const disk = about("disk", "disk");
  try {
    const { bytes, inodes, allInodes } = await room(join(root, "state"));
    const size = bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.floor(bytes / 1e6)} MB`;
    const detail = allInodes > 0 ? `${size} and ${inodes} inodes free` : `${size} free`;
    if (bytes < LEAST_FREE_BYTES) return disk.problem("disk_nearly_full", detail);
    const isShort = allInodes > 0 && inodes < LEAST_FREE_INODES;
    return isShort ? disk.problem("inodes_nearly_out", detail) : disk.fine(detail);
  } catch (error) {
    return disk.skipped(
      error instanceof Deno.errors.NotCapable
        ? "this program may not ask for free space; that files could be written shows some"
        : errorMessage(error),
    );
  }
}
