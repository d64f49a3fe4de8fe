/**
 * Puts the agent together: folders, state, chain, policy and pipeline, for whatever feeds it
 * events.
 *
 * @module
 */
import { join } from "node:path/posix";
import { pendingForTarget } from "./action_folder.ts";
import { type Backlog, createBacklog } from "./backlog.ts";
import { type Clock, every } from "./clock.ts";
import { jumpDetector } from "./clock_jump.ts";
import { type Config, ConfigError } from "./config.ts";
import { ConfigFileError } from "./config_file.ts";
import type { OnEnding } from "./ending.ts";
import type { WaitingEvent } from "./event.ts";
import type { Files } from "./files.ts";
import { type Journal, loadState, openJournal, type StateFiles } from "./journal.ts";
import { createChainRouter } from "./llm/chain.ts";
import { type Lock, tryLock } from "./lock.ts";
import type { Log } from "./log.ts";
import { type Counters, createCounters } from "./outcome.ts";
import { createPlanner, type Planner } from "./planner.ts";
import { BUILT_IN_RULES, type PolicyRule } from "./policy.ts";
import { parsePolicy } from "./policy_file.ts";
import { systemPrompt } from "./prompt.ts";
import type { ActionFile } from "./proposal.ts";
import { announceAction, createProposer, dryProposer, type ProposerOptions } from "./proposer.ts";
import { settleProposals } from "./resume.ts";
import { createStore, type Store } from "./store.ts";
import { DEFAULT_TOPOLOGY, parseTopology, type Topology, TopologyError } from "./topology.ts";
import { explainWriteFailure } from "./write_failure.ts";

/** The heartbeat is promised every 5 s at least. */
const TICK_MS = 3_000;
/** Running diagnoses get this long to finish when the agent stops. */
const GRACE_MS = 5_000;

export interface AgentOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly random: () => number;
  /** A new random text for each call, for temporary names. */
  readonly nonce: () => string;
  readonly onEnding?: OnEnding;
}

export interface Agent {
  readonly planner: Planner;
  readonly counters: Counters;
  readonly backlog: Backlog;
  /** Stops within 5 s or so and saves what is not finished. Twice does no harm. */
  stop(): Promise<void>;
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
export async function openAgent(options: AgentOptions): Promise<Agent> {
  const { config, clock, log, files } = options;
  const store = createStore({ root: config.runtimePath, files, nonce: options.nonce });
  await store.makeFolders();
  const lockPath = join(store.state, "planner-agent.lock");
  const lock = await tryLock(lockPath);
  if (!lock) throw new AlreadyRunningError(lockPath);

  const swept = await store.sweep();
  if (swept > 0) log.info("leftovers_swept", { files: swept });

  const proposer: ProposerOptions = { ...options, store, nodeName: config.nodeName };
  const stateFiles = { path: join(store.state, "planner-agent.state"), files, clock, log };
  const announce = (action: ActionFile) => announceAction(action, proposer);
  const { backlog, journal } = await takeUp({ ...options, store, stateFiles, announce });
  const parts = await assemble({ ...options, store, backlog });
  const planner = createPlanner({ ...parts, propose: createProposer(proposer) });
  planner.start();
  const stopTicking = tick({ ...options, store, backlog, journal });
  return {
    ...parts,
    planner,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      await journal.close();
      stopTicking();
      closeAll(parts.router, lock);
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
  const planner = createPlanner({ ...parts, propose: dryProposer(print) });
  planner.start();
  return {
    ...parts,
    planner,
    stop: once(async () => {
      await planner.stop(GRACE_MS);
      parts.router.close();
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
): Promise<{ backlog: Backlog; journal: Journal }> {
  const { config, log, stateFiles } = options;
  const saved = await loadState(stateFiles);
  await settleProposals(saved, options);
  const backlog = createBacklog({ ...config, clock: options.clock });
  backlog.restore(saved);
  if (saved.waiting.size + saved.cooldowns.size > 0) {
    log.info("state_restored", { waiting: saved.waiting.size, cooldowns: saved.cooldowns.size });
  }
  const journal = await openJournal({ ...options, ...stateFiles, snapshot: backlog.snapshot });
  backlog.attach(journal);
  return { backlog, journal };
}

/** Everything of the pipeline but the way proposals leave it. */
async function assemble(options: AgentOptions & { store: Store; backlog: Backlog }) {
  const { config, store } = options;
  const topology = await readConfigFile(store, "topology.json", parseTopology);
  const rules = await readConfigFile(store, "policy.json", parsePolicy);
  const policy: readonly PolicyRule[] = [...BUILT_IN_RULES, ...rules ?? []];
  return {
    ...options,
    counters: createCounters(),
    router: createChainRouter(options),
    systemPrompt: systemPrompt(topology ?? DEFAULT_TOPOLOGY, policy),
    policy,
    async countPending(event: WaitingEvent) {
      const texts = await Array.fromAsync(store.pendingActions());
      return pendingForTarget(texts.map(parseOrUndefined), event);
    },
    config,
  };
}

async function readConfigFile<T extends Topology | PolicyRule[]>(
  store: Store,
  name: string,
  parse: (text: string) => T,
): Promise<T | undefined> {
  const text = await store.readConfig(name);
  try {
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    if (!(error instanceof TopologyError || error instanceof ConfigFileError)) throw error;
    throw new ConfigError([`config/${name}: ${error.message}`]);
  }
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
  { clock, log, store, backlog, journal }: AgentOptions & {
    store: Store;
    backlog: Backlog;
    journal: Journal;
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
  void beat();
  return every(clock, TICK_MS, () => {
    void beat();
    backlog.prune();
    const jumpMs = jumped();
    if (jumpMs === 0) return;
    log.warning("clock_jumped", { seconds: Math.round(jumpMs / 1000) });
    // The state file holds wall-clock times: they are written anew by the new clock.
    void journal.rewrite();
  });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => done ??= action();
}

function closeAll(router: { close(): void }, lock: Lock): void {
  router.close();
  lock.release();
}
