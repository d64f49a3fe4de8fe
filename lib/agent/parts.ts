/**
 * The parts that every agent has, with a disk or without: made from the settings and from what
 * operators put under config/.
 *
 * @module
 */
import { createBacklog } from "../queue/backlog.ts";
import { createBudgets } from "../gate/budgets.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { Coordination } from "../coordination/coordination.ts";
import { createCounters } from "../observe/outcome.ts";
import { createDecision } from "../planner/decide.ts";
import { createDiagnosis } from "../planner/diagnose.ts";
import { ANSWER_TOKENS, createChainRouter } from "../llm/chain.ts";
import { warnOfLongPrompts } from "../llm/fit.ts";
import { createModelDigests } from "../llm/ollama/model_digests.ts";
import { createActionIndex } from "../proposal/read/action_index.ts";
import { createMemory } from "../gate/memory.ts";
import { roleOf } from "../config/topology.ts";
import { createPlanner, type Planner } from "../planner.ts";
import { createProposedBefore } from "../proposal/read/proposed_before.ts";
import { createSuppression } from "../gate/suppression.ts";
import type { Files } from "../base/disk/files.ts";
import { openHomelab, readConfigFile } from "../policy/homelab.ts";
import { openWorld } from "../event/world.ts";
import type { Log } from "../base/log/log.ts";
import type { Observer } from "../observe/ending.ts";
import { createCured } from "../gate/cured.ts";
import { createOutages } from "../gate/outages.ts";
import { isNodeAway } from "../gate/gravity.ts";
import type { SavedState, StateRecord } from "../queue/state.ts";
import { targetKey } from "../event/target.ts";
import { parseSilences } from "../gate/silences.ts";
import type { NodeAliases } from "../event/parse.ts";
import type { Propose } from "../proposal/proposer.ts";
import { SILENCES_FILE } from "../gate/silences_file.ts";
import type { Store } from "../base/disk/store.ts";

/** What every agent is given. */
export interface AgentOptions {
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

/** @throws {ConfigError} for a file under config/ that is wrong. */
export async function openParts(
  { config, clock, log, files, random }: Omit<AgentOptions, "nonce" | "observers">,
  { store, saved, remember }: {
    readonly store: Store;
    /** What an earlier run left. */
    readonly saved: SavedState;
    /** Writes down a change. */
    readonly remember: (record: StateRecord) => void;
  },
) {
  const homelab = await openHomelab(store);
  const writtenMs = await store.configWrittenMs(SILENCES_FILE);
  const aliases: NodeAliases = { get: (name) => homelab.current().aliases.get(name) };
  const world = openWorld({ root: config.runtimePath, files, clock, log });
  await world.look();
  const backlog = createBacklog({
    clock,
    queueLimit: config.queueLimit,
    cooldownSeconds: config.cooldownSeconds,
    saved,
    remember,
  });
  const outages = createOutages({
    clock,
    longestMs: config.eventTtlSeconds * 1000,
    isBeingTold: (node) => backlog.eventsFor(targetKey({ node, service: node })).some(isNodeAway),
    saved: saved.offline,
    remember,
  });
  if (config.chain.some(({ kind }) => kind !== "rules")) {
    warnOfLongPrompts(log, {
      system: homelab.current().systemPrompt,
      contextTokens: config.contextTokens,
      payloadBytes: config.promptPayloadBytes,
      answerTokens: ANSWER_TOKENS,
    });
  }
  const router = createChainRouter({ config, clock, log });
  const modelDigests = createModelDigests({ chain: config.chain, clock });
  return {
    config,
    clock,
    log,
    files,
    random,
    store,
    homelab,
    aliases,
    world,
    backlog,
    outages,
    router,
    modelDigests,
    counters: createCounters(),
    cured: createCured({ saved: saved.well.values(), remember }),
    suppression: createSuppression({
      settings: config,
      clock,
      nodes: () => homelab.current().topology.nodes.map(({ name }) => name),
      outages,
      silences: await readConfigFile(
        store,
        SILENCES_FILE,
        (text) => parseSilences(text, writtenMs),
      ),
      neededBy: (target) => roleOf(homelab.current().topology, target).neededBy,
      saved: saved.flaps.values(),
      remember,
    }),
    budgets: createBudgets({
      clock,
      diagnosesPerHour: config.diagnosesPerHour,
      proposalsPerDay: config.proposalsPerDay,
      saved: saved.spent,
      remember,
    }),
    index: createActionIndex({
      root: config.runtimePath,
      files,
      clock,
      log,
      aliases,
      repeats: config.outcomeRepeats,
      windowMs: config.outcomeWindowSeconds * 1000,
    }),
    validity: { repairSeconds: config.validSeconds, noticeSeconds: config.notifyValidSeconds },
    close: modelDigests.close,
  };
}

/** The pipeline of these parts; it is not started. */
export function createPipeline(
  parts: Awaited<ReturnType<typeof openParts>>,
  { coordination, observer, propose }: {
    readonly coordination: Coordination;
    readonly observer: Required<Observer>;
    readonly propose: Propose;
  },
): Planner {
  const { config, clock, files, store, homelab, world, suppression } = parts;
  const { outcomesFor, decidedFor, othersFor, countWaiting } = parts.index;
  const memory = createMemory({
    clock,
    world,
    roleOf: (target) => roleOf(homelab.current().topology, target),
  });
  return createPlanner({
    settings: config,
    clock,
    log: parts.log,
    random: parts.random,
    counters: parts.counters,
    aliases: parts.aliases,
    observer,
    suppression,
    cured: parts.cured,
    budgets: parts.budgets,
    backlog: parts.backlog,
    coordination,
    proposedBefore: createProposedBefore({ root: config.runtimePath, store, files }),
    countPending: countWaiting,
    othersFor,
    memory,
    diagnose: createDiagnosis({
      clock,
      memory,
      router: parts.router,
      modelDigests: parts.modelDigests,
      systemPrompt: () => homelab.current().systemPrompt,
      outcomesFor,
      suppression,
      onDiagnosed: observer.onDiagnosed,
    }),
    policy: createDecision({
      settings: config,
      clock,
      memory,
      policy: () => homelab.current().policy,
      decidedFor,
    }),
    propose,
  });
}
