/**
 * Puts the agent together: folders, state, chain, policy and pipeline, for whatever feeds it
 * events.
 *
 * @module
 */
import { join } from "node:path/posix";
import { assemble } from "./agent/parts.ts";
import { type Backlog, createBacklog } from "./queue/backlog.ts";
import type { Clock } from "./base/clock.ts";
import type { Config } from "./config/config.ts";
import type { Coordination } from "./coordination/coordination.ts";
import { instanceOf } from "./coordination/instance.ts";
import { shareCooldowns } from "./coordination/shared_cooldowns.ts";
import { type Observer, observers } from "./observe/ending.ts";
import type { Files } from "./base/disk/files.ts";
import { createHistory } from "./observe/history.ts";
import type { ModelDigests } from "./llm/model_digests.ts";
import { type Lock, tryLock } from "./base/disk/lock.ts";
import type { Log } from "./base/log/log.ts";
import { openMemory } from "./agent/memory.ts";
import type { Metrics } from "./observe/metrics.ts";
import { keepMetricsFile } from "./observe/metrics/file.ts";
import type { Counters } from "./observe/outcome.ts";
import { createPlanner, type Planner } from "./planner.ts";
import type { ActionFile } from "./proposal/action_file.ts";
import {
  announceAction,
  createProposer,
  dryProposer,
  type ProposerOptions,
  telling,
} from "./proposal/proposer.ts";
import type { QueueEntry } from "./queue/queue.ts";
import { createReceipts } from "./observe/receipts.ts";
import { createStatusBoard, type StatusBoard } from "./observe/status.ts";
import { createStore } from "./base/disk/store.ts";
import { startTicking } from "./agent/tick.ts";
import type { Tracer } from "./observe/trace.ts";

/** Running diagnoses get this long to finish when the agent stops. */
const GRACE_MS = 5_000;

interface AgentOptions extends Observer {
  /** Further ones that are told of what happens. */
  readonly observers?: readonly Observer[];
  /** What is counted for state/planner-agent.prom; without it there is no such file. */
  readonly metrics?: Metrics;
  /** Where a trace of each diagnosis goes; without it there are none. */
  readonly tracer?: Tracer | undefined;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly random: () => number;
  /** A new random text for each call, for temporary names. */
  readonly nonce: () => string;
  /**
   * Who of several planners may propose; without it, this one always. Called with what tells this
   * planner from the others, see {@linkcode instanceOf}.
   */
  readonly openCoordination?: (instance: string) => Coordination;
  /** Milliseconds between two ticks, 3 s at most. */
  readonly tickMs?: number;
  /** The planner is not started: whoever feeds it does that. */
  readonly startsLater?: boolean;
}

export interface Agent {
  readonly planner: Planner;
  readonly counters: Counters;
  readonly backlog: Backlog;
  /** The connection to Redis was lost: what is said of other nodes now may be our own fault. */
  redisLost(): void;
  /** Stops within 5 s or so and saves what is not finished. Twice does no harm. */
  stop(): Promise<void>;
}

/** An agent with a disk, whose state others can look at. */
interface LiveAgent extends Agent {
  readonly board: StatusBoard;
  /** From now on calls back at every tick, as long as the agent makes progress. */
  everyTick(callback: () => void): void;
}

/** Another process holds the state of this RUNTIME_PATH. */
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
export async function openAgent(options: AgentOptions): Promise<LiveAgent> {
  const { config, clock, log, files } = options;
  const store = createStore({ root: config.runtimePath, files, nonce: options.nonce });
  await store.makeFolders();
  const lockPath = join(store.state, "planner-agent.lock");
  const lock = await tryLock(lockPath);
  if (!lock) throw new AlreadyRunningError(lockPath);

  const swept = await store.sweep();
  if (swept > 0) log.info("leftovers_swept", { files: swept });

  const proposer: ProposerOptions = { ...options, ...proposing(config), store };
  const announce = (action: ActionFile) => announceAction(action, proposer);
  const memory = await openMemory({ ...options, store, announce });
  const { nodeName } = config;
  const coordination = options.openCoordination?.(
    await instanceOf({ ...options, store, nodeName }),
  );
  const parts = await assemble({ ...options, ...memory, store, coordination });
  const holdOf = (entry: QueueEntry) => parts.quiet.holding(entry) ?? parts.budgets.holding();
  const board = createStatusBoard({ ...parts, pid: Deno.pid, holdOf });
  const history = createHistory({ ...options, state: store.state });
  const receipts = createReceipts({
    clock,
    flush: history.flush,
    sync: parts.journal.sync,
  });
  const told = observers([
    options,
    history,
    receipts,
    { onProposed: board.proposed },
    ...options.metrics ? [options.metrics] : [],
    ...options.observers ?? [],
  ]);
  const propose = telling(createProposer(proposer), told.onProposed);
  const planner = createPlanner({ ...parts, ...told, propose });
  await parts.index.warmUp();
  if (!options.startsLater) planner.start();
  let onTick = () => {};
  const stopTicking = startTicking({ ...parts, board, onTick: () => onTick() });
  const { metrics } = options;
  const metricsFile = metrics && keepMetricsFile({ ...parts, metrics });
  if (coordination) void shareCooldowns(parts.backlog.coolingDown(), coordination);
  return {
    ...parts,
    planner,
    board,
    everyTick: (callback) => void (onTick = callback),
    redisLost: parts.quiet.redisLost,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      await parts.journal.close();
      await receipts.close();
      await parts.coordination.close();
      stopTicking();
      await board.close();
      await Promise.all([history.close(), metricsFile?.close()]);
      closeAll(parts, lock);
    }),
  };
}

/** The same pipeline without a disk: proposals go to `print`, nothing is remembered. */
export async function openDryAgent(
  options: AgentOptions,
  print: (file: ActionFile) => void,
): Promise<Agent> {
  const { config, files, nonce } = options;
  const store = createStore({ root: config.runtimePath, files, nonce });
  const backlog = createBacklog({ ...config, clock: options.clock });
  const parts = await assemble({ ...options, store, backlog });
  const planner = createPlanner({
    ...parts,
    propose: dryProposer(print, { ...options, ...proposing(config) }),
  });
  if (!options.startsLater) planner.start();
  return {
    ...parts,
    planner,
    redisLost: parts.quiet.redisLost,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      closeAll(parts);
    }),
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => done ??= action();
}

function proposing({ nodeName, validSeconds, notifyValidSeconds }: Config) {
  return { nodeName, validity: { repairSeconds: validSeconds, noticeSeconds: notifyValidSeconds } };
}

function closeAll(
  { router, modelDigests }: { router: { close(): void }; modelDigests: ModelDigests },
  lock?: Lock,
): void {
  router.close();
  modelDigests.close();
  lock?.release();
}
