/**
 * Takes up changes of config/silences.json while the agent runs.
 *
 * @module
 */
import { ConfigFileError } from "../config/operator_file.ts";
import type { Log } from "../base/log/log.ts";
import type { Silence } from "./silences.ts";
import { parseSilences } from "./silences.ts";
import { type Store, UnreadableFileError } from "../base/disk/store.ts";
import { explainWriteFailure } from "../base/disk/write_failure.ts";

export const SILENCES_FILE = "silences.json";

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
