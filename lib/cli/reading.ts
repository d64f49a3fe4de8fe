import { join } from "node:path/posix";
import { type ActionFiles, isRefusal, openActionFiles } from "../proposal/read/folders.ts";
import { realFiles } from "../base/disk/files.ts";
import { historyLines, recoveries } from "../observe/history/reader.ts";
import { readFailure } from "../base/disk/read_failure.ts";
import { createActionIndex, type OutcomesFor } from "../proposal/read/action_index.ts";
import { systemClock } from "../base/clock.ts";
import { SILENT_LOG } from "../base/log/log.ts";
import { isSystemFailure } from "../base/disk/write_failure.ts";
import { parseConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { fail, type Io } from "./io.ts";

const WEEK_MS = 7 * 86_400_000;

/**
 * Where the read-only commands look: RUNTIME_PATH alone. Another setting that is wrong, and perhaps
 * why the agent does not run, must not keep a person from looking.
 *
 * @throws {ConfigError} where RUNTIME_PATH itself is wrong.
 */
export function runtimePath(env: Environment): string {
  return parseConfig((name) => name === "RUNTIME_PATH" ? env(name) : undefined).runtimePath;
}

/** Runs what reads actions/, and says so where that is not there or may not be read. */
export async function readingActions(
  io: Pick<Io, "env" | "err">,
  read: (actions: ActionFiles, root: string) => Promise<number>,
): Promise<number> {
  const root = runtimePath(io.env);
  const actions = openActionFiles({ root, files: realFiles });
  const path = actions.folderPath("pending");
  try {
    if (await realFiles.kind(path) !== "none") return await read(actions, root);
    return fail(io, `there is no ${path}; is RUNTIME_PATH right?`);
  } catch (error) {
    return unreadable(io, error, path);
  }
}

/** Says why `path` could not be read, and returns the exit status; throws any other error. */
export function unreadable(io: Pick<Io, "err">, error: unknown, path: string): number {
  if (!isSystemFailure(error)) throw error;
  return fail(io, readFailure(error, path));
}

/** What became of earlier proposals; nothing where a folder may not be read. */
export function outcomesUnder(root: string): OutcomesFor {
  const reads = { files: realFiles, clock: systemClock, log: SILENT_LOG };
  return createActionIndex({ ...reads, root, windowMs: WEEK_MS }).outcomesFor;
}

/** What the agent's history knows of recoveries; nothing where it may not be read. */
export const recoveriesUnder = (root: string) => fromHistory(root, recoveries, () => undefined);

/** When proposals were approved, as the agent's history knows; nothing where it may not be read. */
export async function approvalsUnder(root: string): Promise<ReadonlyMap<string, number>> {
  const approved = new Map<string, number>();
  return await fromHistory(root, async (place) => {
    for await (const { outcome, action_id: id, at } of historyLines(place, "approved")) {
      if (outcome === "approved" && id !== undefined) approved.set(id, Date.parse(at));
    }
    return approved;
  }, approved);
}

async function fromHistory<T>(
  root: string,
  read: (place: Parameters<typeof recoveries>[0]) => Promise<T>,
  unknown: T,
): Promise<T> {
  try {
    return await read({ state: join(root, "state"), files: realFiles });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return unknown;
  }
}
