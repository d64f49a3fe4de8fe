import { openAgent } from "../../agent.ts";
import { BUILD } from "../../permissions/build.ts";
import { systemClock } from "../../base/clock.ts";
import { type Config, heardOn, parseConfig } from "../../config/config.ts";
import { join } from "node:path/posix";
import { realFiles } from "../../base/disk/files.ts";
import { ownFolders } from "../../base/disk/own_folders.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { createLog, formatLine, type Log } from "../../base/log/log.ts";
import { queuedLines } from "../../base/log/queued_lines.ts";
import { createMetrics } from "../../observe/metrics.ts";
import { createProposalChannel } from "../../observe/announce.ts";
import { redisAddress } from "../../base/redis/address.ts";
import { VERSION } from "../../base/version.ts";
import type { Command } from "../command.ts";
import { EXIT, type Io } from "../io.ts";
import { coordinationOf, openListening } from "../../agent/listening.ts";
import { interruptible } from "../interruptible.ts";
import { isCovered, opened } from "../opening.ts";
import { randomHex } from "../../base/random.ts";
import { faultHandler } from "./faults.ts";
import { superviseBySystemd, watchdogMs } from "./supervision.ts";
import { openTraces } from "../../observe/trace/open.ts";

export const run: Command = {
  name: "run",
  summary: "listen on Redis and write proposals: the agent itself",
  synopsis: "",
  help: `Listens to CHANNELS (health_events and world_updates) on REDIS_URL and writes
a proposal for each event that needs one into RUNTIME_PATH/actions/pending. Logs
JSON lines to standard output. Keeps trying where Redis or Ollama cannot be
reached. SIGTERM or SIGINT ends it; SIGHUP makes it read config/ anew.`,
  options: {},
  async run(io) {
    const config = parseConfig(io.env);
    const needs = ["REDIS_URL", "OLLAMA_HOST", "RUNTIME_PATH"] as const;
    if (!await isCovered(io, config, { needs })) return EXIT.usage;
    if (BUILD === null) await makeActionFolders(config.runtimePath);
    const lines = queuedLines({
      stream: io.queuedOut,
      clock: systemClock,
      leftOut: (count) =>
        `${formatLine("info", "log_lines_dropped", Date.now(), { lines: count })}\n`,
    });
    const log = createLog({ level: config.logLevel, write: lines.write, clock: systemClock });
    const flush = () => lines.flush(LAST_LINES_MS);
    const endNow = (status: number) => void flush().then(() => io.exit(status));
    const { handle, count: faults } = faultHandler(log, () => endNow(EXIT.failure));
    io.onFault(handle);
    try {
      const measured = { faults, droppedLines: () => lines.dropped };
      return await listen(io, config, { log, endNow, measured });
    } finally {
      await flush();
    }
  },
};

/** What is still to be written gets this long when the agent has stopped. */
const LAST_LINES_MS = 1_000;

/**
 * From source no installer has made the folders that a person moves proposals to. Where this
 * program may not make them, `check` tells.
 */
async function makeActionFolders(runtimePath: string): Promise<void> {
  for (const folder of ACTION_FOLDERS) {
    await realFiles.makeFolder(join(runtimePath, "actions", folder)).catch(() => {});
  }
}

/** Listens until it is told to stop; resolves with the exit status. */
async function listen(
  io: Io,
  config: Config,
  { log, endNow, measured }: {
    readonly log: Log;
    readonly endNow: (status: number) => void;
    readonly measured: Pick<Parameters<typeof createMetrics>[0], "faults" | "droppedLines">;
  },
): Promise<number> {
  const { nodeName: node, runtimePath, redisUrl, proposalChannel } = config;
  const clock = systemClock;
  const { random } = Math;
  const channels = heardOn(config);
  const links = config.chain.map((link) => link.name);
  let reload = () => {};
  io.onOtherSignal((signal) => {
    if (signal === "SIGHUP") reload();
    else log.info("signal_ignored", { signal });
  });
  log.info("planner_starting", {
    version: VERSION,
    node,
    runtime_path: runtimePath,
    redis: redisAddress(redisUrl).display,
    llm_chain: links,
  });

  const commit = BUILD?.commit ?? "source";
  const build = { version: VERSION, commit, deno: Deno.version.deno, arch: Deno.build.arch };
  const metrics = createMetrics({ clock, build, channels, links, ...measured });
  const announced = proposalChannel === ""
    ? undefined
    : createProposalChannel({ url: redisUrl, channel: proposalChannel, clock, log, random });
  const coordination = await coordinationOf({ config, clock, log, random });
  const traces = openTraces({ log, clock });
  const tickMs = watchdogMs(io.env);
  const agent = await opened(io, {
    config,
    open: () =>
      openAgent({
        config,
        clock,
        log,
        files: ownFolders(realFiles, runtimePath),
        random,
        nonce: randomHex,
        metrics,
        observers: [announced, traces].filter((observer) => observer !== undefined),
        onTick: () => supervision.tick(),
        ...(coordination && { openCoordination: coordination }),
        ...(tickMs !== undefined && { tickMs }),
      }),
  });
  if (!agent) return EXIT.failure;
  const { board } = agent;
  const { record } = board;
  reload = () => void agent.reload();
  const supervision = superviseBySystemd({ env: io.env, runtimePath, record, clock, log });

  let started = false;
  let subscribed = false;
  const listening = await openListening({
    config,
    clock,
    log,
    random,
    planner: agent.planner,
    onState(state) {
      board.redis(state);
      metrics.redis(state.kind === "subscribed");
      supervision.refresh();
      if (subscribed && state.kind === "waiting") agent.redisLost();
      subscribed = state.kind === "subscribed";
      if (started || !subscribed) return;
      started = true;
      log.info("planner_started", { channels, node });
    },
  });
  const { signal, release } = interruptible(io, log, endNow);
  signal.addEventListener("abort", () => supervision.stopping());
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(agent.stop()));
  });
  const listened = listening.run(signal);
  // Not when Redis is connected: an edge node comes up without it.
  supervision.ready();
  await stopped;
  listening.leaveRest();
  await listened;
  await announced?.close();
  release();
  await supervision.close();
  const { received, outcomes } = agent.counters.counts();
  log.info("planner_stopped", { received, ...outcomes });
  return EXIT.ok;
}
