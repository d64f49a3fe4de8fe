/**
 * `planner-agent replay`: the same pipeline, fed from a file or standard input instead of Redis.
 *
 * @module
 */
import { type Agent, AlreadyRunningError, openAgent, openDryAgent } from "../agent.ts";
import { systemClock } from "../clock.ts";
import { type Config, parseConfig } from "../config.ts";
import type { Ending } from "../ending.ts";
import { realFiles } from "../files.ts";
import { readLines } from "../intake/ndjson.ts";
import { createLog } from "../log.ts";
import type { ActionFile } from "../proposal.ts";
import type { Command, Values } from "./command.ts";
import { endingJson, endingLine, summaryLine } from "./ending_view.ts";
import { interruptible } from "./interruptible.ts";
import { EXIT, type Io, UsageError } from "./io.ts";
import { randomHex } from "./random.ts";

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
  run: replayEvents,
};

async function replayEvents(
  io: Io,
  values: Values,
  positionals: readonly string[],
): Promise<number> {
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) {
    throw new UsageError(
      `replay takes one FILE, or - for standard input\nUsage: planner-agent replay ${replay.synopsis}`,
    );
  }
  const config = parseConfig(io.env);
  const log = createLog(io.env("LOG_LEVEL") ? config.logLevel : "warning", io.err);
  const input = path === "-" ? io.input : await openFile(path, io);
  const { signal, release } = interruptible(io, log);
  const dry = values["dry-run"] === true;
  const json = values.json === true;

  let agent: Agent;
  try {
    agent = await open({ config, log, io, dry, json });
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error;
    io.err(`planner-agent: ${error.message}. Stop it, publish to its Redis, or use --dry-run.\n`);
    return EXIT.failure;
  }
  await feed(agent, { input, channel: String(values.channel), signal });
  const left = agent.backlog.parked().length;
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
  return dry ? openDryAgent(options, print) : openAgent(options);
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
  const stopped = new Promise<"stopped">((resolve) => {
    if (signal.aborted) resolve("stopped");
    signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  const lines = readLines(input);
  for (;;) {
    const next = await Promise.race([stopped, lines.next()]);
    if (next === "stopped") return;
    if (next.done) break;
    if (next.value instanceof Uint8Array) planner.receive(next.value, channel);
    else planner.refuse(next.value, channel);
    if (await Promise.race([stopped, planner.room()]) === "stopped") return;
  }
  await Promise.race([stopped, planner.idle()]);
}
