/**
 * Puts the agent together: folders, state, chain, policy and pipeline, for whatever feeds it
 * events.
 *
 * @module
 */
import { join } from "node:path/posix";
import { pendingForTarget } from "./action_folder.ts";
import { type Backlog, createBacklog } from "./backlog.ts";
import { createBudgets } from "./budgets.ts";
import { type Clock, every } from "./clock.ts";
import { jumpDetector } from "./clock_jump.ts";
import type { Config } from "./config.ts";
import { type Observer, observers } from "./ending.ts";
import type { WaitingEvent } from "./event.ts";
import { type Coordination, NO_COORDINATION } from "./coordination/coordination.ts";
import { instanceOf } from "./coordination/instance.ts";
import { shareCooldowns } from "./coordination/shared_cooldowns.ts";
import type { Files } from "./files.ts";
import { createHistory } from "./history.ts";
import { type Journal, loadState, openJournal, type StateFiles } from "./journal.ts";
import { createChainRouter } from "./llm/chain.ts";
import { createModelDigests, type ModelDigests } from "./llm/model_digest.ts";
import { type Lock, tryLock } from "./lock.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { keepMetricsFile } from "./metrics_file.ts";
import { type Counters, createCounters } from "./outcome.ts";
import { readConfigFile, readHomelab } from "./operator_files.ts";
import { createOutcomes } from "./outcomes.ts";
import { createOutages, type Outages } from "./outages.ts";
import { createPlanner, type Planner } from "./planner.ts";
import { systemPrompt } from "./prompt.ts";
import { type ActionFile, actionIdPrefix } from "./proposal.ts";
import {
  announceAction,
  createProposer,
  dryProposer,
  type Propose,
  type ProposerOptions,
} from "./proposer.ts";
import type { QueueEntry } from "./queue.ts";
import { createQuiet, type Quiet } from "./quiet.ts";
import { createReceipts } from "./receipts.ts";
import { settleProposals } from "./resume.ts";
import { parseSilences } from "./silences_file.ts";
import { SILENCES_FILE, silencesWatcher } from "./silences_watch.ts";
import { createStatusBoard, type StatusBoard } from "./status_board.ts";
import { createStore, type Store } from "./store.ts";
import { createTraces, type Tracer } from "./trace.ts";
import { explainWriteFailure } from "./write_failure.ts";

/** The heartbeat is promised every 5 s at least. */
const TICK_MS = 3_000;
/** Running diagnoses get this long to finish when the agent stops. */
const GRACE_MS = 5_000;

export interface AgentOptions extends Observer {
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
export interface LiveAgent extends Agent {
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
  const stateFiles = { path: join(store.state, "planner-agent.state"), files, clock, log };
  const announce = (action: ActionFile) => announceAction(action, proposer);
  const { backlog, outages, journal } = await takeUp({ ...options, store, stateFiles, announce });
  const { nodeName } = config;
  const coordination = options.openCoordination?.(
    await instanceOf({ ...options, store, nodeName }),
  );
  const parts = await assemble({
    ...options,
    store,
    backlog,
    outages,
    ...(coordination && { coordination }),
  });
  const holdOf = (entry: QueueEntry) => parts.quiet.holding(entry) ?? parts.budgets.holding();
  const board = createStatusBoard({ ...parts, pid: Deno.pid, holdOf });
  const history = createHistory({ ...options, state: store.state });
  const receipts = createReceipts({ clock, flush: history.flush });
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
  if (!options.startsLater) planner.start();
  let onTick = () => {};
  const stopTicking = tick({ ...parts, store, backlog, journal, board, onTick: () => onTick() });
  const { metrics } = options;
  const metricsFile = metrics && keepMetricsFile({ ...parts, store, metrics });
  if (coordination) void shareCooldowns(backlog.coolingDown(), coordination);
  return {
    ...parts,
    planner,
    board,
    everyTick: (callback) => void (onTick = callback),
    redisLost: parts.quiet.redisLost,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      await journal.close();
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

/** Brings back the state of an earlier run and opens the journal for this one. */
async function takeUp(
  options: AgentOptions & {
    store: Store;
    stateFiles: StateFiles;
    announce: (action: ActionFile) => Promise<void>;
  },
): Promise<{ backlog: Backlog; outages: Outages; journal: Journal }> {
  const { config, log, stateFiles } = options;
  const saved = await loadState(stateFiles);
  await settleProposals(saved, options);
  const { clock } = options;
  const backlog = createBacklog({ ...config, clock });
  backlog.restore(saved);
  const outages = createOutages({ clock, longestMs: config.eventTtlSeconds * 1000 });
  outages.restore(saved);
  if (saved.waiting.size + saved.cooldowns.size > 0) {
    log.info("state_restored", { waiting: saved.waiting.size, cooldowns: saved.cooldowns.size });
  }
  const snapshot = () => [...backlog.snapshot(), ...outages.snapshot()];
  const journal = await openJournal({ ...options, ...stateFiles, snapshot });
  backlog.attach(journal);
  outages.attach(journal);
  return { backlog, outages, journal };
}

/** Everything of the pipeline but the way proposals leave it. */
async function assemble(
  options: AgentOptions & {
    store: Store;
    backlog: Backlog;
    outages?: Outages;
    coordination?: Coordination;
  },
) {
  const { config, store } = options;
  const { topology, policy } = await readHomelab(store);
  const silences = await readConfigFile(store, SILENCES_FILE, parseSilences);
  const nodes = topology.nodes.map((node) => node.name);
  const quiet = createQuiet({ ...options, nodes });
  quiet.setSilences(silences ?? []);
  return {
    ...options,
    quiet,
    coordination: options.coordination ?? NO_COORDINATION,
    budgets: createBudgets(options.clock, config),
    counters: createCounters(),
    traces: createTraces(options),
    router: createChainRouter(options),
    modelDigests: createModelDigests({ ...options, chain: config.chain }),
    systemPrompt: systemPrompt(topology, policy),
    policy,
    outcomesFor: createOutcomes({ ...options, root: config.runtimePath }),
    async countPending(event: WaitingEvent) {
      const texts = await Array.fromAsync(store.pendingActions(actionIdPrefix(event)));
      return pendingForTarget(texts.map(parseOrUndefined), event);
    },
    config,
  };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What happens every few seconds: heartbeat, forgetting, and a look at the clock. */
function tick(
  { clock, log, store, backlog, journal, quiet, board, onTick, tickMs = TICK_MS }: AgentOptions & {
    store: Store;
    backlog: Backlog;
    journal: Journal;
    quiet: Quiet;
    board: StatusBoard;
    onTick: () => void;
  },
): () => void {
  const jumped = jumpDetector(clock);
  let failing = false;
  const beat = async () => {
    try {
      await store.heartbeat(clock.now());
      failing = false;
    } catch (error) {
      if (!failing) log.warning("heartbeat_failed", { ...explainWriteFailure(error) });
      failing = true;
    }
  };
  const lookForSilences = silencesWatcher({ store, log, use: quiet.setSilences });
  void beat();
  void lookForSilences();
  void board.write();
  return every(clock, Math.min(tickMs, TICK_MS), () => {
    void beat();
    void lookForSilences();
    backlog.prune();
    quiet.prune();
    void board.write();
    onTick();
    const jumpMs = jumped();
    if (jumpMs === 0) return;
    log.warning("clock_jumped", { seconds: Math.round(jumpMs / 1000) });
    // The state file holds wall-clock times: they are written anew by the new clock.
    void journal.rewrite();
  });
}

/** `propose`, which tells of each proposal that is safe. */
function telling(propose: Propose, tell: (file: ActionFile) => void): Propose {
  return async (...request) => {
    const file = await propose(...request);
    if (file) tell(file);
    return file;
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
