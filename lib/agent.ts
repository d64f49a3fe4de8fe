/**
 * Puts the agent together: folders, state, chain, policy and pipeline, for whatever feeds it
 * events.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type AgentOptions, createPipeline, openParts } from "./agent/parts.ts";
import { sleep } from "./base/clock.ts";
import { ConfigError } from "./config/config.ts";
import { type Coordination, NO_COORDINATION, shareCooldowns } from "./coordination/coordination.ts";
import { instanceOf } from "./coordination/instance.ts";
import { observers } from "./observe/ending.ts";
import { followDecisions } from "./observe/decisions.ts";
import { tryLock } from "./base/disk/files.ts";
import { createHistory } from "./observe/history.ts";
import { settleProposals } from "./agent/resume.ts";
import type { Metrics } from "./observe/metrics.ts";
import { keepMetricsFile } from "./observe/metrics/file.ts";
import type { ActionFile } from "./proposal/action_file.ts";
import { announceOnce, createProposer, dryProposer } from "./proposal/proposer.ts";
import { createReceipts } from "./observe/receipts.ts";
import { createStatusBoard } from "./observe/status.ts";
import { emptyState, type StateRecord } from "./queue/state.ts";
import { type Journal, loadState, openJournal } from "./queue/journal.ts";
import { severityRank } from "./event/severity.ts";
import { createStore } from "./base/disk/store.ts";
import { startTicking } from "./agent/tick.ts";

/** Running diagnoses get this long to finish when the agent stops. */
const GRACE_MS = 5_000;
/** Odd files in actions/ keep the heartbeat waiting for no longer; events wait for the rest. */
const LONGEST_WARM_UP_MS = 10_000;

interface LiveAgentOptions extends AgentOptions {
  /** What is counted for state/planner-agent.prom; without it there is no such file. */
  readonly metrics?: Metrics;
  /** Who of several planners may propose, given {@linkcode instanceOf}; else this one always. */
  readonly openCoordination?: (instance: string) => Coordination;
  /** Called at every tick, as long as the agent makes progress. */
  readonly onTick?: () => void;
  /** Milliseconds between two ticks, 3 s at most. */
  readonly tickMs?: number;
}

export type Agent = Awaited<ReturnType<typeof openDryAgent>>;

/** Another process holds the state of this RUNTIME_PATH. What to do depends on the command. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
  constructor(path: string) {
    super(`another planner-agent runs on this RUNTIME_PATH: it holds ${path}`);
  }
}

/**
 * Opens the agent on its RUNTIME_PATH, takes up what an earlier run left, and starts it.
 *
 * @throws {ConfigError} for a file under config/ that is wrong.
 * @throws {AlreadyRunningError} when another agent runs there.
 * @throws {NotAFolderError} where a folder that it writes to is a link.
 */
export async function openAgent(options: LiveAgentOptions) {
  const { config, clock, log, files, random, nonce, metrics } = options;
  const { nodeName } = config;
  const store = createStore({ root: config.runtimePath, files, nonce });
  await store.makeFolders();
  const lockPath = join(store.state, "planner-agent.lock");
  const lock = await tryLock(lockPath);
  if (!lock) throw new AlreadyRunningError(lockPath);

  const swept = await store.sweep();
  if (swept > 0) log.info("leftovers_swept", { files: swept });

  const stateFiles = { path: join(store.state, "planner-agent.state"), files, clock, log };
  const saved = await loadState(stateFiles);
  await settleProposals(saved, {
    store,
    log,
    announce: (action, sinceMs) => announceOnce(action, sinceMs, { store, clock, log, nodeName }),
  });
  const { waiting, cooldowns } = saved;
  if (waiting.size + cooldowns.size > 0) {
    log.info("state_restored", { waiting: waiting.size, cooldowns: cooldowns.size });
  }
  // Nothing changes before the journal is open.
  const remember = (record: StateRecord) => journal.append(record);
  const parts = await openParts(options, { store, saved, remember });
  const { suppression, budgets, backlog, counters, router, homelab, validity } = parts;
  const lasting = [backlog, parts.outages, parts.cured, suppression, budgets];
  const snapshot = () => lasting.flatMap((part) => [...part.snapshot()]);
  const journal: Journal = await openJournal({ ...stateFiles, nonce, snapshot });
  const instance = () => instanceOf({ store, files, nodeName, nonce });
  const coordination = options.openCoordination?.(await instance());

  const board = createStatusBoard({
    nodeName,
    clock,
    log,
    store,
    backlog,
    counters,
    router,
    pid: Deno.pid,
    holdOf: (entry) =>
      suppression.holding(entry) ?? budgets.holding(severityRank(entry.event.severity)),
  });
  const history = createHistory({ state: store.state, files, clock, log });
  const receipts = createReceipts({ clock, flush: history.flush, sync: journal.sync });
  const observer = observers([
    history,
    receipts,
    { onProposed: board.proposed },
    ...metrics ? [metrics] : [],
    ...options.observers,
  ]);
  const { onProposed } = observer;
  const planner = createPipeline(parts, {
    coordination: coordination ?? NO_COORDINATION,
    observer,
    propose: createProposer({ store, clock, log, random, nodeName, validity, onProposed }),
  });
  const decisions = followDecisions({
    root: config.runtimePath,
    files,
    clock,
    log,
    tell(decided) {
      observer.onDecided(decided);
      planner.decided(decided.actionId);
    },
  });
  const isWarm = new AbortController();
  await Promise.race([parts.index.warmUp(), sleep(clock, LONGEST_WARM_UP_MS, isWarm.signal)]);
  isWarm.abort();
  if (!options.startsLater) planner.start();
  const stopTicking = startTicking({
    clock,
    log,
    store,
    backlog,
    journal,
    suppression,
    board,
    world: parts.world,
    useSilences(silences) {
      suppression.setSilences(silences);
      planner.lookAgain();
    },
    onJump: planner.lookAgain,
    onTick: options.onTick,
    tickMs: options.tickMs,
  });
  const metricsFile = metrics &&
    keepMetricsFile({ metrics, clock, log, files, store, backlog, counters });
  if (coordination) void shareCooldowns(backlog.coolingDown(), coordination);
  return {
    planner,
    counters,
    backlog,
    board,
    /**
     * Takes up changes of config/topology.json and config/policy.json; a wrong file is one log line.
     * What waits keeps the node's name that it came with.
     */
    async reload(): Promise<void> {
      try {
        await homelab.reload();
        const { topology, policy } = homelab.current();
        log.info("config_reloaded", { nodes: topology.nodes.length, policy_rules: policy.length });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        log.error("config_invalid", {
          error: error.problems.join("; "),
          effect: "the files that were read before stay in force",
        });
      }
    },
    /** The connection to Redis was lost: what is said of other nodes now may be our own fault. */
    redisLost: suppression.redisLost,
    /** Stops within about 5 s and saves what is not finished. Calling it twice does no harm. */
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      await journal.close();
      await receipts.close();
      await coordination?.close();
      stopTicking();
      await decisions.close();
      await board.close();
      await Promise.all([history.close(), metricsFile?.close()]);
      parts.close();
      lock.release();
    }),
  };
}

/** The same pipeline without a disk: proposals go to `print`, nothing is remembered. */
export async function openDryAgent(options: AgentOptions, print: (file: ActionFile) => void) {
  const { config, clock, files, nonce } = options;
  const store = createStore({ root: config.runtimePath, files, nonce });
  const parts = await openParts(options, { store, saved: emptyState(), remember: () => {} });
  const { counters, backlog, validity } = parts;
  const planner = createPipeline(parts, {
    coordination: NO_COORDINATION,
    observer: observers(options.observers),
    propose: dryProposer(print, { clock, validity }),
  });
  if (!options.startsLater) planner.start();
  return {
    planner,
    counters,
    backlog,
    /** Stops within about 5 s. Calling it twice does no harm. */
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      parts.close();
    }),
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => done ??= action();
}
