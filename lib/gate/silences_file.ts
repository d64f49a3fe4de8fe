/**
 * The file config/silences.json: taken up while the agent runs, and read by those who look at it
 * beside the agent.
 *
 * @module
 */
import { join } from "node:path/posix";
import { whyUnread } from "../base/disk/read_failure.ts";
import type { Files } from "../base/disk/files.ts";
import type { Log } from "../base/log/log.ts";
import { readConfig, type Store, UnreadableFileError } from "../base/disk/store.ts";
import { explainWriteFailure, isSystemFailure } from "../base/disk/write_failure.ts";
import { ConfigFileError } from "../config/operator_file.ts";
import { parseSilences, type Silence } from "./silences.ts";

export const SILENCES_FILE = "silences.json";

/** The file's text is "" where there is no file. */
type SilencesFile =
  | {
    readonly path: string;
    readonly text: string;
    /** Milliseconds since 1970; 0 where there is no file. */
    readonly writtenMs: number;
    readonly silences: readonly Silence[];
  }
  | { readonly path: string; readonly problem: string };

/** Reads the file under a RUNTIME_PATH. */
export async function readSilences(
  root: string,
  files: Pick<Files, "kind" | "readText" | "times">,
): Promise<SilencesFile> {
  const path = join(root, "config", SILENCES_FILE);
  try {
    const text = await readConfig({ root, files }, SILENCES_FILE);
    if (text === undefined) return { path, text: "", writtenMs: 0, silences: [] };
    const writtenMs = (await files.times(path))?.writtenMs ?? 0;
    return { path, text, writtenMs, silences: parseSilences(text, writtenMs) };
  } catch (error) {
    if (error instanceof UnreadableFileError) return { path, problem: error.message };
    if (error instanceof ConfigFileError) return { path, problem: error.problems.join("; ") };
    if (isSystemFailure(error)) return { path, problem: whyUnread(error) };
    throw error;
  }
}

interface SilencesWatchOptions {
  readonly store: Pick<Store, "readConfig" | "configWrittenMs">;
  readonly log: Log;
  readonly use: (silences: readonly Silence[]) => void;
}

/**
 * Makes the function that looks at the file. A file that is wrong, or cannot be read, is one log
 * line, and what was in force stays so; without a file there are no silences.
 */
export function silencesWatcher({ store, log, use }: SilencesWatchOptions): () => Promise<void> {
  let seen: string | undefined;
  let unread = false;

  function complain(error: unknown) {
    log.warning("silences_invalid", {
      file: `config/${SILENCES_FILE}`,
      error: error instanceof ConfigFileError || error instanceof UnreadableFileError
        ? error.message
        : explainWriteFailure(error).error,
    });
  }

  return async () => {
    let text: string | undefined;
    let writtenMs = 0;
    try {
      text = await store.readConfig(SILENCES_FILE);
      writtenMs = await store.configWrittenMs(SILENCES_FILE);
      unread = false;
    } catch (error) {
      if (!unread) complain(error);
      unread = true;
      return;
    }
    const state = text === undefined ? undefined : `${writtenMs} ${text}`;
    if (state === seen) return;
    // A wrong text is logged once: it stays `seen` until the file is written again.
    seen = state;
    try {
      const silences = text === undefined ? [] : parseSilences(text, writtenMs);
      use(silences);
      log.info("silences_loaded", { silences: silences.length });
    } catch (error) {
      complain(error);
    }
  };
}
