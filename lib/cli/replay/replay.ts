import { asciiJson } from "../../base/json.ts";
import { type Agent, openAgent, openDryAgent } from "../../agent.ts";
import { systemClock } from "../../base/clock.ts";
import { parseConfig } from "../../config/config.ts";
import type { Ending } from "../../observe/ending.ts";
import { errorMessage } from "../../base/error_message.ts";
import { realFiles } from "../../base/disk/files.ts";
import { ownFolders } from "../../base/disk/own_folders.ts";
import { createLog } from "../../base/log/log.ts";
import type { ActionFile } from "../../proposal/action_file.ts";
import type { Command, Values } from "../command.ts";
import { endingJson, endingLine, proposalLines, summaryLine } from "./ending_view.ts";
import { interruptible } from "../interruptible.ts";
import { EXIT, fail, type Io, UsageError } from "../io.ts";
import { coordinationOf } from "../../agent/listening.ts";
import { isCovered, opened } from "../opening.ts";
import { paletteFor } from "../view/palette.ts";
import { randomHex } from "../../base/random.ts";
import { feed, fromLines, fromStream } from "./feed.ts";
import { DEFAULT_SINCE, replayPlan } from "./plan.ts";
import { openTraces } from "../../observe/trace/open.ts";

export const replay: Command = {
  name: "replay",
  summary: "run events from a file or a Redis stream",
  synopsis: `FILE|- [--dry-run] [--channel NAME] [--json]
       planner-agent replay --from-stream NAME [--since SPAN] [--write]
                     [--channel NAME] [--json]`,
  help: `Runs events, one JSON object a line, through the same steps as 'run', without
Redis, and exits when all are done. An agent that runs on this RUNTIME_PATH has
to be stopped, unless it is a dry run.

With --from-stream it reads what a stream on REDIS_URL holds of the last hour,
or of SPAN, until now. Then the newest event of each service is diagnosed,
unless the service is well again. Nothing is written unless --write is given,
and neither the stream nor its groups change.

  --dry-run           print proposals to standard output and write nothing
  --from-stream NAME  read this Redis stream; dry unless --write is given
  --since SPAN        how far back: 30m, 2h, 7d (also s, w; default ${DEFAULT_SINCE})
  --write             write proposals, as for a file
  --channel NAME      the channel the events count as (default health_events,
                      or the stream's name where that is a channel)
  --json              print what became of each event as JSON lines; of a dry
                      run, the proposals

Logs go to standard error, warnings only unless LOG_LEVEL is set. The exit
status is 1 when no model answered for some events; unless it is a dry run,
they are kept for the next run. It is 1 as well when the stream could not be
read to its end.`,
  options: {
    "dry-run": { type: "boolean" },
    "from-stream": { type: "string" },
    since: { type: "string" },
    write: { type: "boolean" },
    channel: { type: "string" },
    json: { type: "boolean" },
  },
  completes: "files",
  run: replayEvents,
};

// Past events are read at full speed: there is no time to wait for and no budget to keep.
const PACE = { startGraceSeconds: 0, stormServices: 0, diagnosesPerHour: 0, proposalsPerDay: 0 };
// Both depend on when events arrive, and two hours of a stream arrive at once.
const AT_ONCE = { flapChanges: 0, inhibit: false };

async function replayEvents(
  io: Io,
  values: Values,
  positionals: readonly string[],
): Promise<number> {
  const { source, channel, dry } = replayPlan(replay, { values, positionals });
  const isStream = source.kind === "stream";
  const config = { ...parseConfig(io.env), ...PACE, ...isStream && AT_ONCE };
  const needs = [
    ...isStream ? ["REDIS_URL"] as const : [],
    ...dry ? [] : ["RUNTIME_PATH"] as const,
  ];
  if (!await isCovered(io, config, { needs, keys: isStream })) return EXIT.usage;
  const clock = systemClock;
  const level = io.env("LOG_LEVEL") ? config.logLevel : "warning";
  const log = createLog({ level, write: io.err, clock });
  const input = isStream ? io.input : await openInput(source.path, io);
  const { signal, release } = interruptible(io, log);
  const json = values.json === true;

  const tell = dry ? io.err : io.out;
  const colour = io.isTerminal && !io.env("NO_COLOR");
  const onEnding = (ending: Ending) => {
    if (!json) tell(`${endingLine(ending, colour)}\n`);
    else if (!dry) io.out(`${asciiJson(endingJson(ending))}\n`);
  };
  const options = {
    config,
    clock,
    log,
    files: ownFolders(realFiles, config.runtimePath),
    random: Math.random,
    nonce: randomHex,
    observers: [{ onEnding }],
    // All that a stream holds is known before the first diagnosis: what is well again needs none.
    startsLater: isStream,
  };
  const proposed: ActionFile[] = [];
  const print = (file: ActionFile) => {
    // On a terminal, fifty lines of JSON for each proposal are too much.
    if (io.isTerminal && !json) proposed.push(file);
    else io.out(`${asciiJson(file, json ? 0 : 2)}\n`);
  };
  const agent = await opened(io, {
    config,
    hint: isStream
      ? ". Stop it, or leave --write out."
      : ". Stop it, publish to its Redis, or use --dry-run.",
    open: async (): Promise<Agent> =>
      dry ? await openDryAgent(options, print) : await openWriting(options, isStream),
  });
  if (!agent) return EXIT.failure;
  let status: number = EXIT.ok;
  const onFailure = (message: string) => void (status = fail(io, message));
  const messages = isStream
    ? fromStream(source, { url: config.redisUrl, clock, signal, onFailure })
    : fromLines(input, signal);
  await feed(agent, { messages, channel, signal });
  const left = agent.backlog.waiting;
  await agent.stop();
  release();
  const counts = agent.counters.counts();
  if (isStream && counts.received === 0 && status === EXIT.ok && !signal.aborted) {
    fail(
      io,
      `the stream ${source.stream} holds nothing of the last ${source.since}. Is that its name, ` +
        "and are events added to it (XADD) or only published?",
    );
  }
  const shown = proposalLines(proposed, { width: io.width, palette: paletteFor(io) });
  if (shown.length > 0) io.out(`\n${shown.join("\n")}\n\n`);
  if (!json) tell(`${summaryLine(counts, left)}\n`);
  return left > 0 && !signal.aborted ? EXIT.failure : status;
}

async function openWriting(
  options: Parameters<typeof openAgent>[0],
  isStream: boolean,
): Promise<Agent> {
  // A file is replayed where there may be no Redis.
  const openCoordination = isStream ? await coordinationOf(options) : undefined;
  const traces = openTraces({ log: options.log, clock: options.clock });
  return await openAgent({
    ...options,
    observers: [...options.observers ?? [], ...traces ? [traces] : []],
    ...(openCoordination && { openCoordination }),
  });
}

async function openInput(path: string, io: Io): Promise<ReadableStream<Uint8Array>> {
  try {
    return path === "-" ? io.input : await io.open(path);
  } catch (error) {
    throw new UsageError(`replay: cannot read '${path}': ${errorMessage(error)}`);
  }
}
