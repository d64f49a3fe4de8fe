/**
 * Puts the agent together: folders, state, chain, policy and pipeline, for whatever feeds it
 * events.
 *
 * @module
 */
import { join } from "node:path/posix";
import { createPipeline, openParts, snapshotOf } from "./agent/parts.ts";
import type { Backlog } from "./queue/backlog.ts";
import type { Clock } from "./base/clock.ts";
import type { Config } from "./config/config.ts";
import { type Coordination, NO_COORDINATION, shareCooldowns } from "./coordination/coordination.ts";
import { instanceOf } from "./coordination/instance.ts";
import { type Observer, observers } from "./observe/ending.ts";
import { followDecisions } from "./observe/decisions.ts";
import { type Files, tryLock } from "./base/disk/files.ts";
import { createHistory } from "./observe/history.ts";
import type { Log } from "./base/log/log.ts";
import { settleProposals } from "./agent/resume.ts";
import type { Metrics } from "./observe/metrics.ts";
import { keepMetricsFile } from "./observe/metrics/file.ts";
import type { Counters } from "./observe/outcome.ts";
import type { Planner } from "./planner.ts";
import type { ActionFile } from "./proposal/action_file.ts";
import { announceOnce, createProposer, dryProposer, telling } from "./proposal/proposer.ts";
import { createReceipts } from "./observe/receipts.ts";
import { createStatusBoard, type StatusBoard } from "./observe/status.ts";
import { emptyState, type StateRecord } from "./queue/state.ts";
import { type Journal, loadState, openJournal } from "./queue/journal.ts";
import { severityRank } from "./event/severity.ts";
import { createStore } from "./base/disk/store.ts";
import { reloadHomelab } from "./agent/reload.ts";
import { startTicking } from "./agent/tick.ts";

/** Running diagnoses get this long to finish when the agent stops. */
const GRACE_MS = 5_000;

interface AgentOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly random: () => number;
  /** A new random text for each call, for temporary names. */
  readonly nonce: () => string;
  /** Who is told of what happens, beside the agent's own. */
  readonly observers: readonly Observer[];
  /** The planner is not started: whoever feeds it does that. */
  readonly startsLater?: boolean;
}

interface LiveAgentOptions extends AgentOptions {
  /** What is counted for state/planner-agent.prom; without it there is no such file. */
  readonly metrics?: Metrics;
  /**
   * Who of several planners may propose; without it, this one always. Called with what tells this
   * planner from the others, see {@linkcode instanceOf}.
   */
  readonly openCoordination?: (instance: string) => Coordination;
  /** Called at every tick, as long as the agent makes progress. */
  readonly onTick?: () => void;
  /** Milliseconds between two ticks, 3 s at most. */
  readonly tickMs?: number;
}

export interface Agent {
  readonly planner: Planner;
  readonly counters: Counters;
  readonly backlog: Backlog;
  /** The connection to Redis was lost: what is said of other nodes now may be our own fault. */
  redisLost(): void;
  /** Stops within about 5 s and saves what is not finished. Calling it twice does no harm. */
  stop(): Promise<void>;
}

/** An agent with a disk, whose state others can look at. */
interface LiveAgent extends Agent {
  readonly board: StatusBoard;
  /** Takes up what changed under config/; never rejects. */
  reload(): Promise<void>;
}

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
export async function openAgent(options: LiveAgentOptions): Promise<LiveAgent> {
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
  const parts = await openParts({ config, clock, log, files, store, saved, remember });
  const { suppression, budgets, backlog, counters, router, modelDigests } = parts;
  const snapshot = () => snapshotOf(parts);
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
  const proposer = createProposer({
    store,
    clock,
    log,
    random,
    nodeName,
    validity: validityOf(config),
  });
  const planner = createPipeline(parts, {
    random,
    coordination: coordination ?? NO_COORDINATION,
    observer,
    propose: telling(proposer, observer.onProposed),
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
  await parts.index.warmUp();
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
    reload: () => reloadHomelab(parts.homelab, log),
    redisLost: suppression.redisLost,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      await journal.close();
      await receipts.close();
      await coordination?.close();
      stopTicking();
      await decisions.close();
      await board.close();
      await Promise.all([history.close(), metricsFile?.close()]);
      router.close();
      modelDigests.close();
      lock.release();
    }),
  };
}

/** The same pipeline without a disk: proposals go to `print`, nothing is remembered. */
export async function openDryAgent(
  options: AgentOptions,
  print: (file: ActionFile) => void,
): Promise<Agent> {
  const { config, clock, log, files, random, nonce } = options;
  const store = createStore({ root: config.runtimePath, files, nonce });
  const saved = emptyState();
  const remember = () => {};
  const parts = await openParts({ config, clock, log, files, store, saved, remember });
  const planner = createPipeline(parts, {
    random,
    coordination: NO_COORDINATION,
    observer: observers(options.observers),
    propose: dryProposer(print, { clock, validity: validityOf(config) }),
  });
  if (!options.startsLater) planner.start();
  return {
    planner,
    counters: parts.counters,
    backlog: parts.backlog,
    redisLost: parts.suppression.redisLost,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      parts.router.close();
      parts.modelDigests.close();
    }),
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => done ??= action();
}

function validityOf({ validSeconds, notifyValidSeconds }: Config) {
  return { repairSeconds: validSeconds, noticeSeconds: notifyValidSeconds };
}
