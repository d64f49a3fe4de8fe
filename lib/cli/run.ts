/**
 * `planner-agent run`: listens on Redis until it is told to stop.
 *
 * @module
 */
import { AlreadyRunningError, openAgent } from "../agent.ts";
import { systemClock } from "../clock.ts";
import { parseConfig } from "../config.ts";
import { realFiles } from "../files.ts";
import { createRedisIntake } from "../intake/redis.ts";
import { redisEndpoint } from "../intake/redis_endpoint.ts";
import { createLog } from "../log.ts";
import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";
import { EXIT, type Io } from "./io.ts";
import { interruptible } from "./interruptible.ts";
import { randomHex } from "./random.ts";

/** The channels that node agents and observers publish on (the seed's). */
const CHANNELS = ["health_events", "world_updates"];

export const run: Command = {
  name: "run",
  summary: "listen on Redis and write proposals (the default)",
  synopsis: "",
  help: `Subscribes to ${CHANNELS.join(" and ")} on REDIS_URL and writes a proposal for each event
that needs one into RUNTIME_PATH/actions/pending. Logs JSON lines to standard output. Keeps trying
where Redis or Ollama cannot be reached. SIGTERM or SIGINT ends it.`,
  options: {},
  run: runAgent,
};

async function runAgent(io: Io): Promise<number> {
  const config = parseConfig(io.env);
  const log = createLog(config.logLevel, io.out);
  const clock = systemClock;
  log.info("planner_starting", {
    version: VERSION,
    node: config.nodeName,
    runtime_path: config.runtimePath,
    redis: redisEndpoint(config.redisUrl).display,
    llm_chain: config.chain.map((link) => link.name),
  });

  let agent;
  try {
    agent = await openAgent({
      config,
      clock,
      log,
      files: realFiles,
      random: Math.random,
      nonce: randomHex,
    });
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error;
    io.err(`planner-agent: ${error.message}\n`);
    return EXIT.failure;
  }

  let started = false;
  const intake = createRedisIntake({
    url: config.redisUrl,
    channels: CHANNELS,
    clock,
    log,
    random: Math.random,
    onMessage: agent.planner.receive,
    onState(state) {
      if (started || state.kind !== "subscribed") return;
      started = true;
      log.info("planner_started", { channels: CHANNELS, node: config.nodeName });
    },
  });
  const { signal, release } = interruptible(io, log);
  await intake.run(signal);
  await agent.stop();
  release();
  const { received, outcomes } = agent.counters.counts();
  log.info("planner_stopped", { received, ...outcomes });
  return EXIT.ok;
}
