/**
 * The file behind `state.ts`: every change is appended before the agent acts on it, so that a
 * `kill -9` loses nothing, and the whole is rewritten when it has grown.
 *
 * Appended lines reach the disk within a second; only a power cut can lose what is younger.
 *
 * @module
 */
import { basename, dirname, join } from "node:path/posix";
import type { Clock } from "../base/clock.ts";
import type { AppendFile, Files } from "../base/disk/files.ts";
import type { Log } from "../base/log/log.ts";
import { emptyState, type SavedState, type StateRecord } from "./state.ts";
import { createStateDecoder, encodeHeader, encodeRecord } from "./state_lines.ts";
import { explainWriteFailure } from "../base/disk/write_failure.ts";

const LARGEST_STATE_BYTES = 256 * 1024 * 1024;
/** In UTF-16 units; the longest have some dozen excerpts. */
const LONGEST_RECORD = 8 * 1024 * 1024;
/** What is copied goes through memory. */
const LARGEST_COPY_BYTES = 16 * 1024 * 1024;
const SYNC_AFTER_MS = 1_000;
const RETRY_AFTER_MS = 10_000;
/** Appended records before the first rewrite; then as many as four times what is live. */
const FEWEST_RECORDS = 1_000;
/** Appended characters before the first rewrite; then as many as what is live takes. */
const FEWEST_CHARACTERS = 16 * 1024 * 1024;
/** Damaged files that are kept for a person to look at. */
const KEPT_DAMAGED = 5;

interface JournalOptions {
  readonly path: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly nonce: () => string;
  /** Everything that must be remembered right now. */
  readonly snapshot: () => Iterable<StateRecord>;
}

export type Journal = Awaited<ReturnType<typeof openJournal>>;

type StateFiles = Pick<JournalOptions, "path" | "files" | "clock" | "log">;

/** Reads the state of an earlier run. A file that is damaged or too new is set aside. */
export async function loadState({ path, files, clock, log }: StateFiles): Promise<SavedState> {
  if (await files.kind(path) === "none") return emptyState();
  // A worn SD card fails to read, too: that is damage like any other.
  const decoded = await decodedFrom(path, files).catch(() => DAMAGED);
  if (decoded.kind === "state" && decoded.damagedLines === 0) return decoded.state;

  const label = decoded.kind === "later_version" ? "later-version" : "damaged";
  const aside = await freeName(`${path}.${label}-${Math.floor(clock.now() / 1000)}`, files);
  // Until a new one is written, this file is all there is of what could be read.
  if (decoded.kind === "state") await keepCopy({ path, aside, files });
  else await files.rename(path, aside);
  const kept = decoded.kind === "state" ? decoded.state : emptyState();
  log.warning("state_set_aside", {
    path,
    aside,
    reason: decoded.kind === "later_version"
      ? `written by a later version (${decoded.version}); this one starts without it`
      : "damaged; what could be read is kept",
    waiting: kept.waiting.size,
    cooldowns: kept.cooldowns.size,
  });
  await forgetOldDamage({ path, aside, files }).catch(() => {});
  return kept;
}

const DAMAGED = { kind: "damaged" } as const;

async function decodedFrom(path: string, files: Files) {
  const look = await files.times(path);
  if (look?.kind !== "file" || look.bytes > LARGEST_STATE_BYTES) return DAMAGED;
  const decoder = createStateDecoder();
  for await (const block of files.textBlocks(path, LONGEST_RECORD)) decoder.take(block);
  return decoder.decoded();
}

async function keepCopy(
  { path, aside, files }: { path: string; aside: string; files: Files },
): Promise<void> {
  try {
    await files.link(path, aside);
  } catch {
    // Without links, or on a full disk: what matters is kept with or without a copy to look at.
    const text = await files.readText(path, LARGEST_COPY_BYTES).catch(() => undefined);
    if (text === undefined) return;
    await files.writeNew(aside, text).catch(() => files.remove(aside).catch(() => {}));
  }
}

/** `name`, or `name-2`, `name-3` ... where it is taken: a clock without a battery repeats itself. */
async function freeName(name: string, files: Files): Promise<string> {
  for (let n = 1;; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (await files.kind(candidate) === "none") return candidate;
  }
}

async function forgetOldDamage(
  { path, aside, files }: { path: string; aside: string; files: Files },
): Promise<void> {
  const prefix = `${basename(path)}.damaged-`;
  const older = (await files.list(dirname(path))).filter((name) =>
    name.startsWith(prefix) && name !== basename(aside)
  );
  for (const name of older.slice(0, 1 - KEPT_DAMAGED)) {
    await files.remove(join(dirname(path), name));
  }
}

/** Opens the journal by writing the snapshot as its first state. */
export async function openJournal(options: JournalOptions) {
  const { path, files, clock, log, nonce, snapshot } = options;
  let file: AppendFile | undefined;
  let records = 0;
  let characters = 0;
  let rewriteAt = { records: FEWEST_RECORDS, characters: FEWEST_CHARACTERS };
  let rewriting: Promise<void> | undefined;
  /** Appended since a rewrite took its snapshot: they belong into the new file, too. */
  let meanwhile: string[] | undefined;
  let cancelSync: (() => void) | undefined;
  let cancelRetry: (() => void) | undefined;
  let failing = false;
  let closed = false;

  /** What is open stays open: until a rewrite succeeds, it is all that outlives a `kill -9`. */
  function failed(error: unknown) {
    if (!failing) log.error("state_write_failed", { path, ...explainWriteFailure(error) });
    failing = true;
    if (closed) return;
    cancelRetry ??= clock.after(RETRY_AFTER_MS, () => {
      cancelRetry = undefined;
      void rewrite();
    });
  }

  function syncSoon() {
    cancelSync ??= clock.after(SYNC_AFTER_MS, () => {
      cancelSync = undefined;
      const syncing = file;
      // A file that was replaced meanwhile needs no sync any more.
      syncing?.sync().catch((error) => syncing === file && failed(error));
    });
  }

  async function rewriteOnce() {
    const temporary = join(dirname(path), `.${basename(path)}.${nonce()}.tmp`);
    try {
      const live = [...snapshot()].map(encodeRecord);
      const since: string[] = meanwhile = [];
      const text = encodeHeader() + live.join("");
      await files.writeNew(temporary, text);
      const fresh = files.openAppend(temporary);
      try {
        if (since.length > 0) fresh.append(since.join(""));
        files.renameNow(temporary, path);
      } catch (error) {
        fresh.close();
        throw error;
      }
      file?.close();
      file = fresh;
      meanwhile = undefined;
      records = since.length;
      characters = 0;
      rewriteAt = {
        records: Math.max(FEWEST_RECORDS, 4 * live.length),
        characters: Math.max(FEWEST_CHARACTERS, text.length),
      };
      if (since.length > 0) syncSoon();
      await files.syncFolder(dirname(path));
      if (failing) log.info("state_written_again", { path });
      failing = false;
      cancelRetry?.();
      cancelRetry = undefined;
    } catch (error) {
      meanwhile = undefined;
      await files.remove(temporary).catch(() => {});
      failed(error);
    }
  }

  /** Rewrites the file from the snapshot. */
  function rewrite(): Promise<void> {
    rewriting ??= rewriteOnce().finally(() => rewriting = undefined);
    return rewriting;
  }

  await rewrite();
  return {
    /** Remembers a change. Never throws: a full disk is logged, and the whole is written later. */
    append(record: StateRecord) {
      const line = encodeRecord(record);
      meanwhile?.push(line);
      if (!file) return;
      try {
        file.append(line);
      } catch (error) {
        // It may end in half a line, which the next one would spoil.
        file.close();
        file = undefined;
        return failed(error);
      }
      syncSoon();
      characters += line.length;
      const grown = ++records >= rewriteAt.records || characters >= rewriteAt.characters;
      if (grown && !rewriting && !failing) void rewrite();
    },
    /** Resolves with whether all that was appended before is on the disk. */
    async sync(): Promise<boolean> {
      await rewriting;
      const syncing = file;
      // Closed in good order, the whole is written and synced.
      if (!syncing) return closed && !failing;
      try {
        await syncing.sync();
      } catch (error) {
        if (syncing === file) failed(error);
        return false;
      }
      // One that took its place meanwhile is looked at the next time.
      return syncing === file;
    },
    rewrite,
    async close() {
      closed = true;
      await rewriting;
      await rewrite();
      cancelSync?.();
      cancelRetry?.();
      file?.close();
      file = undefined;
    },
  };
}
