/**
 * `planner-agent replay`: the same pipeline, fed from a file or standard input instead of Redis.
 *
 * @module
 */
import { type Agent, openAgent, openDryAgent } from "../agent.ts";
import { systemClock } from "../clock.ts";
import { type Config, parseConfig } from "../config.ts";
import type { Ending } from "../ending.ts";
import { realFiles } from "../files.ts";
import { readLines } from "../intake/ndjson.ts";
import { createLog } from "../log.ts";
import type { ActionFile } from "../proposal.ts";
import { type Command, oneFile, type Values } from "./command.ts";
import { endingJson, endingLine, summaryLine } from "./ending_view.ts";
import { interruptible } from "./interruptible.ts";
import { EXIT, type Io, UsageError } from "./io.ts";
import { isCovered, opened } from "./opening.ts";
import { randomHex } from "./random.ts";
import { openTracer } from "./tracer.ts";

export const replay: Command = {
  name: "replay",
  summary: "run events from a file or standard input through the pipeline",
  synopsis: "FILE|- [--dry-run] [--channel NAME] [--json]",
  help: `Reads events, one JSON object a line, and exits when all are done: a way to run without
Redis, for example 'docker events --format json | jq -c … | planner-agent replay -'.

  --dry-run        print proposals to standard output and write nothing
  --channel NAME   the channel the events count as (default health_events)
  --json           print what became of each event as JSON lines

Logs go to standard error, warnings only unless LOG_LEVEL is set. The exit status is 1 when events
are left that no link of the LLM chain answered; they are kept for the next run.`,
  options: {
    "dry-run": { type: "boolean" },
    channel: { type: "string", default: "health_events" },
    json: { type: "boolean" },
  },
  completes: "files",
  run: replayEvents,
};

async function replayEvents(
  io: Io,
  values: Values,
  positionals: readonly string[],
): Promise<number> {
  const path = oneFile(replay, positionals);
  // Events of the past come as fast as they are read: nothing is to wait for, nor to ration.
  const pace = { startGraceSeconds: 0, diagnosesPerHour: 0, proposalsPerDay: 0 };
  const config = { ...parseConfig(io.env), ...pace };
  const dry = values["dry-run"] === true;
  const needs = dry ? [] : ["RUNTIME_PATH"] as const;
  if (!await isCovered(io, config, { needs })) return EXIT.usage;
  const log = createLog(io.env("LOG_LEVEL") ? config.logLevel : "warning", io.err);
  const input = path === "-" ? io.input : await openFile(path, io);
  const { signal, release } = interruptible(io, log);
  const json = values.json === true;

  const agent = await opened(io, {
    config,
    hint: ". Stop it, publish to its Redis, or use --dry-run.",
    open: () => open({ config, log, io, dry, json }),
  });
  if (!agent) return EXIT.failure;
  await feed(agent, { input, channel: String(values.channel), signal });
  const left = agent.backlog.waiting;
  await agent.stop();
  release();
  if (!json) (dry ? io.err : io.out)(`${summaryLine(agent.counters.counts(), left)}\n`);
  return left > 0 && !signal.aborted ? EXIT.failure : EXIT.ok;
}

function open(
  { config, log, io, dry, json }: {
    config: Config;
    log: ReturnType<typeof createLog>;
    io: Io;
    dry: boolean;
    json: boolean;
  },
): Promise<Agent> {
  const colour = io.isTerminal && !io.env("NO_COLOR");
  const tell = dry ? io.err : io.out;
  const onEnding = (ending: Ending) => {
    if (!json) tell(`${endingLine(ending, colour)}\n`);
    else if (!dry) io.out(`${JSON.stringify(endingJson(ending))}\n`);
  };
  const print = (file: ActionFile) => io.out(`${JSON.stringify(file, null, json ? 0 : 2)}\n`);
  const options = {
    config,
    clock: systemClock,
    log,
    files: realFiles,
    random: Math.random,
    nonce: randomHex,
    onEnding,
  };
  return dry ? openDryAgent(options, print) : openAgent({ ...options, tracer: openTracer(log) });
}

async function openFile(path: string, io: Io): Promise<ReadableStream<Uint8Array>> {
  try {
    return await io.open(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`replay: cannot read '${path}': ${message}`);
  }
}

/** Hands over every line, never faster than targets find room to wait, then waits for the end. */
async function feed(
  { planner }: Agent,
  { input, channel, signal }: {
    input: ReadableStream<Uint8Array>;
    channel: string;
    signal: AbortSignal;
  },
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    // The pipe is there to end when the agent is told to stop.
    for await (const line of readLines(input.pipeThrough(new TransformStream(), { signal }))) {
      if (line instanceof Uint8Array) planner.receive(line, channel);
      else planner.refuse(line, channel);
      if (!planner.hasRoom()) await Promise.race([stopped, planner.room()]);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await Promise.race([stopped, planner.idle()]);
}
