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
import type { Target } from "../../event/target.ts";
import { similarNames } from "../../base/text/similar.ts";
import { cleanName } from "../../base/text/names.ts";
import { readStatus } from "../../observe/status/look.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";
import type { Command } from "../command.ts";
import { explainLines } from "./view.ts";
import { EXIT, fail, type Io, UsageError } from "../io.ts";
import { paletteFor } from "../view/palette.ts";
import { runtimePath, unreadable } from "../reading.ts";

const MOST_LINES = 10_000;
const MOST_SHOWN = 20;
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

  --limit N   lines, at most (default ${MOST_SHOWN})
  --list      print every NODE and NODE/SERVICE of the history, a line each
  --json      print the lines as JSON`,
  options: {
    limit: { type: "string" },
    list: { type: "boolean" },
    json: { type: "boolean" },
  },
  completes: "targets",
  run: async (io, values, positionals) => {
    const isList = values.list === true;
    if (isList && (positionals.length > 0 || Object.keys(values).length > 1)) {
      throw new UsageError("explain: --list takes neither arguments nor other options");
    }
    const subject = isList ? undefined : subjectOf(positionals);
    const limit = isList ? 0 : limitOf(String(values.limit ?? MOST_SHOWN));
    const root = runtimePath(io.env);
    const source = { state: join(root, "state"), files: realFiles };
    try {
      if (!subject) return print(io, completableNames(await targetsIn(source)));
      if (await realFiles.kind(source.state) === "none") {
        return fail(io, `there is no ${source.state}; is RUNTIME_PATH right?`);
      }
      const found = await historyOf(subject, { ...source, limit });
      if (values.json === true) return print(io, [asciiJson(found.lines, 2)]);
      const { waiting, unnamed } = await waitingFor(subject, root);
      const options = { wholeNode: subject.service === undefined, width: io.width, waiting };
      return print(io, [
        ...found.lines.length + waiting.length > 0
          ? explainLines(found.lines, { ...options, palette: paletteFor(io) })
          : nothingLines(subject, found),
        ...waiting.length === 0 && unnamed > 0
          ? [`${unnamed} further events wait that the agent does not name; one may be of these.`]
          : [],
        ...found.lines.length === 0 ? similarLines(subject, await targetsIn(source)) : [],
      ]);
    } catch (error) {
      return unreadable(io, error, join(source.state, "history"));
    }
  },
};

function print(io: Io, lines: readonly string[]): number {
  for (const line of lines) io.out(`${line}\n`);
  return EXIT.ok;
}

/** What a shell can complete: other names could be read as commands by it. */
const SAFE = /^[A-Za-z0-9._/-]+$/;

function completableNames(targets: readonly Target[]): string[] {
  const names = targets.flatMap(({ node, service }) => [node, `${node}/${service}`]);
  return [...new Set(names)].filter((name) => SAFE.test(name)).sort();
}

/** Names of the history that may have been meant. */
function similarLines({ node, service }: HistorySubject, targets: readonly Target[]): string[] {
  const nameOf = (target: Target) => `${target.node}/${target.service}`;
  const same = targets.filter((target) => target.service === (service ?? node));
  const near = same.length > 0
    ? same.slice(0, MOST_NEAR).map(nameOf)
    : service === undefined
    ? similarNames(node, [...new Set(targets.map((target) => target.node))])
    : similarNames(`${node}/${service}`, targets.map(nameOf));
  const names = near.map((name) => cleanName(name)).join(" or ");
  return near.length > 0 ? [`Did you mean ${names}?`] : [];
}

/**
 * What of the subject has not ended yet, as the agent last wrote it down, the oldest first; and how
 * many events wait that it did not name.
 */
async function waitingFor({ node, service }: HistorySubject, root: string) {
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
    throw new UsageError("explain takes one NODE or NODE/SERVICE");
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
