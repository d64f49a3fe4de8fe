/**
 * Looks at what an agent left in state/ to see how it is. Reads only.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Files } from "../../base/disk/files.ts";
import { STATUS_FILE } from "../status.ts";
import { linesSince } from "../history/reader.ts";
import { OUTCOMES } from "../outcome.ts";
import type { SparseCounts } from "./minutes.ts";
import { LARGEST_STATUS_BYTES, parseStatus } from "./record.ts";
import { readSilences } from "../../gate/silences_file.ts";
import { reportStatus, type StatusReport } from "./report.ts";

export interface StatusReadOptions {
  readonly root: string;
  readonly files: Pick<Files, "readText" | "times" | "kind" | "list">;
  readonly nowMs: number;
}

const HOUR_MS = 3_600_000;
const ENDED: ReadonlySet<string> = new Set(OUTCOMES);

/** What the history knows of the last hour from before the agent was started, in seconds. */
async function earlierCounts(
  { root, files, nowMs }: StatusReadOptions,
  started: number | undefined,
): Promise<SparseCounts[]> {
  const fromMs = nowMs - HOUR_MS;
  if (started === undefined || started * 1000 <= fromMs) return [];
  // `started` is rounded to a second, and what the agent itself counted must not count twice.
  const beforeMs = started * 1000 - 500;
  const lines = await linesSince({ state: join(root, "state"), files }, fromMs);
  return lines
    .filter(({ at, outcome }) => Date.parse(at) < beforeMs && ENDED.has(outcome))
    .map(({ outcome, repeated = 1, others = repeated }) => ({
      received: others,
      outcomes: { [outcome]: others },
    }));
}

/**
 * How the agent of a RUNTIME_PATH is.
 *
 * @throws the system's error where state/ may not be read.
 */
export async function readStatus(options: StatusReadOptions): Promise<StatusReport> {
  const { root, files, nowMs } = options;
  const path = join(root, "state", STATUS_FILE);
  const heartbeat = await files.times(join(root, "state", "planner-agent.heartbeat"));
  const isThere = await files.kind(path) !== "none";
  const text = isThere ? await files.readText(path, LARGEST_STATUS_BYTES) : undefined;
  const parsed = text === undefined
    ? { problem: "it is too large, or no file" }
    : parseStatus(text);
  const record = "record" in parsed ? parsed.record : undefined;
  const silences = await readSilences(root, files);
  return reportStatus({
    silences: "problem" in silences ? silences : silences.silences,
    record,
    earlier: await earlierCounts(options, record?.started),
    unreadable: isThere && "problem" in parsed ? `${path}: ${parsed.problem}` : undefined,
    heartbeatMs: heartbeat?.writtenMs,
    nowMs,
  });
}
