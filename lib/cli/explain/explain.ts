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
  targetsIn,
} from "../../observe/history/reader.ts";
import { similarNames } from "../../base/text/similar.ts";
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
const MOST_NEAR = 3;

export const explain: Command = {
  name: "explain",
  summary: "tell what became of the last events of a service, and why",
  synopsis: "NODE[/SERVICE] [--limit N] [--json]\n       planner-agent explain --list",
  help: `Tells what became of the last events of a service, or of a whole node, and why;
the newest last. It reads the history in RUNTIME_PATH/state/history, while the
agent runs and after it ended. A service's name can have slashes: the first one
ends the node's.

  --limit N   lines, at most (default 20)
  --list      print every NODE and NODE/SERVICE of the history, a line each
  --json      print the lines as JSON`,
  options: {
    limit: { type: "string", default: "20" },
    list: { type: "boolean" },
    json: { type: "boolean" },
  },
  completes: "targets",
  run: async (io, values, positionals) => {
    if (values.list === true) return await list(io, positionals);
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
    if (values.json === true) {
      io.out(`${asciiJson(answer.lines, 2)}
`);
    } else {
      show(io, subject, { answer, ...await waitingFor(subject, root) });
      if (answer.lines.length === 0) await suggest(io, subject, state);
    }
    return EXIT.ok;
  },
};

/** What a shell can complete: other names could be read as commands by it. */
const SAFE = /^[A-Za-z0-9._/-]+$/;

async function list(io: Io, positionals: readonly string[]): Promise<number> {
  if (positionals.length > 0) throw new UsageError("explain: --list takes no argument");
  const state = join(runtimePath(io.env), "state");
  try {
    const targets = await targetsIn({ state, files: realFiles });
    const names = targets.flatMap(({ node, service }) => [node, `${node}/${service}`]);
    for (const name of [...new Set(names)].filter((name) => SAFE.test(name)).sort()) {
      io.out(`${name}\n`);
    }
    return EXIT.ok;
  } catch (error) {
    return unreadable(io, error, join(state, "history"));
  }
}

/** Names of the history that may have been meant. */
async function suggest(io: Io, { node, service }: HistorySubject, state: string): Promise<void> {
  const targets = await targetsIn({ state, files: realFiles });
  const wanted = service ?? node;
  const same = targets.filter((target) => target.service === wanted);
  const near = same.length > 0
    ? same.slice(0, MOST_NEAR).map((target) => `${target.node}/${target.service}`)
    : service === undefined
    ? similarNames(node, [...new Set(targets.map((target) => target.node))])
    : similarNames(
      `${node}/${service}`,
      targets.map((target) => `${target.node}/${target.service}`),
    );
  if (near.length > 0) {
    io.out(`Did you mean ${near.map((name) => cleanName(name)).join(" or ")}?\n`);
  }
}

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
