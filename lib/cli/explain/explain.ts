/**
 * `planner-agent explain`: what happened to the last events of a node or service, and why.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { join } from "node:path/posix";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import {
  type HistoryAnswer,
  historyOf,
  type HistorySubject,
} from "../../observe/history/reader.ts";
import { cleanName } from "../../base/text/names.ts";
import { readStatus } from "../../observe/status/look.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";
import type { Command } from "../command.ts";
import { explainLines, type WaitingView } from "./view.ts";
import { EXIT, type Io, UsageError } from "../io.ts";
import { paletteFor } from "../view/palette.ts";
import { unreadable } from "../reading.ts";
import { runtimePath } from "../runtime_path.ts";

const MOST_LINES = 10_000;
/** Nodes that are named where there is nothing about the one that was asked for. */
const MOST_NODES = 20;

export const explain: Command = {
  name: "explain",
  summary: "tell what happened to the last events of a node or service, and why",
  synopsis: "NODE[/SERVICE] [--limit N] [--json]",
  help: `Reads the history in RUNTIME_PATH/state/history and shows the last events of a service, or
of a whole node, with what became of each and why; the newest last. Works while the agent runs and
after it ended. A service's name can have slashes: the first one ends the node's.

  --limit N   lines, at most (default 20)
  --json      print them as JSON`,
  options: { limit: { type: "string", default: "20" }, json: { type: "boolean" } },
  run: async (io, values, positionals) => {
    const subject = subjectOf(positionals);
    const limit = limitOf(String(values.limit));
    const root = runtimePath(io.env);
    const state = join(root, "state");
    let answer: HistoryAnswer;
    try {
      if (await realFiles.kind(state) === "none") {
        io.err(`planner-agent: there is no ${state}; is RUNTIME_PATH right?\n`);
        return EXIT.failure;
      }
      answer = await historyOf(subject, { state, files: realFiles, limit });
    } catch (error) {
      return unreadable(io, error, join(state, "history"));
    }
    if (values.json === true) io.out(`${asciiJson(answer.lines, 2)}\n`);
    else show(io, subject, { answer, ...await waitingFor(subject, root) });
    return EXIT.ok;
  },
};

interface Waiting {
  /** What of the subject has not ended yet, as the agent last wrote it down; the oldest first. */
  readonly waiting: readonly WaitingView[];
  /** Events that wait and that the agent did not name. */
  readonly unnamed: number;
}

async function waitingFor(
  { node, service }: HistorySubject,
  root: string,
): Promise<Waiting> {
  const nowMs = systemClock.now();
  try {
    const { queue } = await readStatus({ root, files: realFiles, nowMs });
    const waiting = queue.events
      .filter((event) => event.node === node && (service ?? event.service) === event.service)
      .map((event) => ({
        ...event,
        at: new Date(Math.max(0, nowMs - event.age_seconds * 1000)).toISOString(),
      }))
      .sort((one, other) => other.age_seconds - one.age_seconds);
    const all = queue.diagnosing + queue.queued + queue.parked;
    return { waiting, unnamed: Math.max(0, all - queue.events.length) };
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return { waiting: [], unnamed: 0 };
  }
}

function show(
  io: Io,
  subject: HistorySubject,
  { answer, waiting, unnamed }: Waiting & { readonly answer: HistoryAnswer },
): void {
  const { lines } = answer;
  if (lines.length + waiting.length > 0) {
    const palette = paletteFor(io);
    const wholeNode = subject.service === undefined;
    for (const line of explainLines(lines, { wholeNode, width: io.width, palette, waiting })) {
      io.out(`${line}\n`);
    }
  } else {
    for (const line of nothingLines(subject, answer)) io.out(`${line}\n`);
  }
  if (waiting.length === 0 && unnamed > 0) {
    io.out(`${unnamed} further events wait that the agent does not name; one may be of these.\n`);
  }
}

function nothingLines(
  { node, service }: HistorySubject,
  { nodes, others, since }: HistoryAnswer,
): string[] {
  if (since === undefined) return ["Nothing is recorded yet."];
  const name = service === undefined ? node : `${node}/${service}`;
  const known = nodes.slice(0, MOST_NODES).map((node) => cleanName(node)).join(", ");
  const counts = [...others].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  return [
    `Nothing is recorded about ${name} since ${since.slice(0, 19)}Z. ` +
    `There are events of: ${known || "no node"}`,
    ...counts === "" ? [] : [`In floods events of many more services were only counted: ${counts}`],
  ];
}

/** NODE or NODE/SERVICE. */
function subjectOf(positionals: readonly string[]): HistorySubject {
  const [text, ...more] = positionals;
  const at = text?.indexOf("/") ?? -1;
  const node = cleanName(text?.slice(0, at < 0 ? undefined : at) ?? "");
  const service = at < 0 ? undefined : cleanName(text?.slice(at + 1) ?? "");
  if (node === "" || service === "" || more.length > 0) {
    throw new UsageError(
      `explain takes one NODE or NODE/SERVICE\nUsage: planner-agent explain ${explain.synopsis}`,
    );
  }
  return { node, service };
}

function limitOf(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MOST_LINES) return limit;
  throw new UsageError(
    `explain: --limit is '${text.slice(0, 20)}'; it takes a number from 1 to ${MOST_LINES}`,
  );
}
