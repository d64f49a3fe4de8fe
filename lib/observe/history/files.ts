/**
 * The files of the history: `state/history/history-00000001.ndjson` and so on, the highest number
 * is the newest. Each is bounded, and so is their number.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type AppendFile, type Files, NotAFileError } from "../../base/disk/files.ts";
import { NotAFolderError } from "../../base/disk/store.ts";

export const HISTORY_FOLDER = "history";

const NAME = /^history-(\d{8,15})\.ndjson$/;
/** All ASCII, so that characters are bytes. */
export const LARGEST_FILE_BYTES = 2 * 1024 * 1024;
const MOST_FILES = 8;

/** Appends text to the newest file, and makes a new one when that is full. */
export function historyFiles(
  { folder, files }: { readonly folder: string; readonly files: Files },
) {
  let file: AppendFile | undefined;
  let size = 0;

  function close(): void {
    file?.close();
    file = undefined;
  }

  async function openNewest(): Promise<AppendFile> {
    if (await files.kind(folder) === "none") await files.makeFolder(folder);
    if (await files.kind(folder) !== "folder") throw new NotAFolderError(folder);
    const newest = (await historyNames(folder, files)).at(-1);
    const path = newest && join(folder, newest);
    // A link could lead anywhere, and a file without an end is not ours.
    const text = path && await files.kind(path) === "file"
      ? await files.readText(path, LARGEST_FILE_BYTES - 1)
      : undefined;
    const opened = path && text !== undefined && openAlone(path);
    if (!opened) return await openNext();
    size = text.length;
    if (size > 0 && !text.endsWith("\n")) {
      opened.append("\n");
      size++;
    }
    return opened;
  }

  /** Undefined for one that has another name, under which somebody else may keep it. */
  function openAlone(path: string): AppendFile | undefined {
    try {
      return files.openAppend(path);
    } catch (error) {
      if (error instanceof NotAFileError) return undefined;
      throw error;
    }
  }

  async function openNext(): Promise<AppendFile> {
    const names = await historyNames(folder, files);
    let number = Number(NAME.exec(names.at(-1) ?? "")?.[1] ?? 0);
    let path: string;
    do path = join(folder, `history-${String(++number).padStart(8, "0")}.ndjson`); while (
      await files.kind(path) !== "none"
    );
    const opened = files.openAppend(path);
    size = 0;
    for (const name of names.slice(0, Math.max(0, names.length - MOST_FILES + 1))) {
      // One that is gone, or cannot be removed now, is looked at again with the next file.
      await files.remove(join(folder, name)).catch(() => {});
    }
    return opened;
  }

  return {
    /** @throws what the system says; then nothing, or only a part, was written. */
    async append(text: string): Promise<void> {
      try {
        file ??= await openNewest();
        if (size > 0 && size + text.length > LARGEST_FILE_BYTES) {
          close();
          file = await openNext();
        }
        file.append(text);
        size += text.length;
      } catch (error) {
        // It may end in half a line: opening it again mends that.
        close();
        throw error;
      }
    },
    close,
  };
}

/** The names of the files in the folder, the oldest first. */
export async function historyNames(folder: string, files: Pick<Files, "list">): Promise<string[]> {
  const names = (await files.list(folder)).filter((name) => NAME.test(name));
  // Sorted already; past 99,999,999 a number is longer.
  return names.sort((one, other) => one.length - other.length);
}
