/**
 * Looks at what an agent left in state/ to see how it is. Reads only.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Files } from "../../base/disk/files.ts";
import { STATUS_FILE } from "../status.ts";
import { LARGEST_STATUS_BYTES, parseStatus } from "./read.ts";
import { reportStatus, type StatusReport } from "./report.ts";

export interface StatusReadOptions {
  readonly root: string;
  readonly files: Pick<Files, "readText" | "times" | "kind">;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * How the agent of a RUNTIME_PATH is.
 *
 * @throws the system's error where state/ may not be read.
 */
export async function readStatus(
  { root, files, nowMs }: StatusReadOptions,
): Promise<StatusReport> {
  const path = join(root, "state", STATUS_FILE);
  const heartbeat = await files.times(join(root, "state", "planner-agent.heartbeat"));
  const there = await files.kind(path);
  const text = there === "none" ? undefined : await files.readText(path, LARGEST_STATUS_BYTES);
  const parsed = there === "none"
    ? undefined
    : text === undefined
    ? { problem: "it is too large, or no file" }
    : parseStatus(text);
  return reportStatus({
    record: parsed && "record" in parsed ? parsed.record : undefined,
    unreadable: parsed && "problem" in parsed ? `${path}: ${parsed.problem}` : undefined,
    heartbeatMs: heartbeat?.writtenMs,
    nowMs,
  });
}
