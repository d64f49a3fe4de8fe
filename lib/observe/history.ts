/**
 * Writes down what becomes of every event, in bounded files that people can ask later.
 *
 * Lines are collected and written once a second, unsynced: a crash can cost the last second and
 * the counts of what repeated, never a moment of the pipeline. What a disk does not take is kept
 * and tried again.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Clock } from "../base/clock.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { Decided, Diagnosed, Ending } from "./ending.ts";
import type { Files } from "../base/disk/files.ts";
import { HISTORY_FOLDER, historyFiles } from "./history/files.ts";
import { historyFold } from "./history/fold.ts";
import {
  decidedRecord,
  endingRecord,
  exhaustedRecord,
  type HistoryLine,
  historyText,
  noticeRecord,
} from "./history/line.ts";
import type { Log } from "../base/log/log.ts";
import { explainWriteFailure } from "../base/disk/write_failure.ts";

const BATCH_MS = 1_000;
const RETRY_MS = 10_000;
/** Lines that can wait to be written; more are lost. */
const MOST_WAITING = 10_000;

export function createHistory({ state, files, clock, log }: {
  readonly state: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}) {
  const folder = join(state, HISTORY_FOLDER);
  const disk = historyFiles({ folder, files });
  const fold = historyFold({ clock, emit });
  let waiting: string[] = [];
  let writing = Promise.resolve();
  let cancelTimer: (() => void) | undefined;
  let lost = 0;
  let failing = false;

  function emit(line: HistoryLine) {
    if (waiting.length >= MOST_WAITING) {
      lost++;
      return;
    }
    waiting.push(historyText(line));
    writeAfter(failing ? RETRY_MS : BATCH_MS);
  }

  function writeAfter(ms: number) {
    cancelTimer ??= clock.after(ms, () => void flush());
  }

  async function writeBatch() {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await disk.append(batch.join(""));
      if (failing || lost > 0) log.info("history_written_again", { folder, lost_lines: lost });
      failing = false;
      lost = 0;
    } catch (error) {
      if (!failing) log.warning("history_write_failed", { folder, ...explainWriteFailure(error) });
      failing = true;
      const kept = [...batch, ...waiting];
      waiting = kept.slice(0, MOST_WAITING);
      lost += kept.length - waiting.length;
      writeAfter(RETRY_MS);
    }
  }

  /**
   * Writes the lines that are not written yet; resolves with whether they are. What repeats a line
   * stays counted in memory: its first line is written, and a flush for each receipt must not make
   * a line of every event.
   */
  async function flush(): Promise<boolean> {
    cancelTimer?.();
    cancelTimer = undefined;
    writing = writing.then(writeBatch);
    await writing;
    return !failing;
  }

  return {
    onEnding(ending: Ending): void {
      const { outcome, event } = ending;
      // What took a diagnosis is told one by one.
      if (outcome !== "proposed" && outcome !== "ignored") return fold.note(ending);
      if (event) fold.interrupt(event);
      emit(endingRecord(ending, clock.now()));
    },
    onDiagnosed(diagnosed: Diagnosed): void {
      if (diagnosed.modelUsed !== undefined) return;
      fold.interrupt(diagnosed.event);
      emit(exhaustedRecord(diagnosed, clock.now()));
    },
    onProposed(file: ActionFile): void {
      // Of those that have an event, the ending tells more.
      if (file.payload.audit.event.channel === "") emit(noticeRecord(file, clock.now()));
    },
    onDecided(decided: Decided): void {
      fold.interrupt(decided);
      emit(decidedRecord(decided));
    },
    flush,
    /** Writes what is not written yet, the counts included. */
    async close(): Promise<void> {
      fold.flush();
      await flush();
      cancelTimer?.();
      disk.close();
    },
  };
}
