/**
 * The real planners on a simulated clock: everything decides as it does in the agent, but for the
 * model, the disk and the network.
 *
 * @module
 */
import { createBacklog } from "../../lib/queue/backlog.ts";
import { createBudgets } from "../../lib/gate/budgets.ts";
import { every } from "../../lib/base/clock.ts";
import type { Config } from "../../lib/config/config.ts";
import { type Coordination, NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import { observers, type OnEnding } from "../../lib/observe/ending.ts";
import { rulesLink } from "../../lib/llm/chain.ts";
import { createMemory } from "../../lib/gate/memory.ts";
import { createRouter } from "../../lib/llm/router.ts";
import { SILENT_LOG } from "../../lib/base/log/log.ts";
import { createCounters } from "../../lib/observe/outcome.ts";
import { createPlanner, type Planner } from "../../lib/planner.ts";
import { BUILT_IN_RULES } from "../../lib/policy/policy.ts";
import { DEFAULT_TOPOLOGY } from "../../lib/config/topology.ts";
import { homelabPrompt } from "../../lib/policy/homelab.ts";
import { dryProposer } from "../../lib/proposal/proposer.ts";
import { createDecision } from "../../lib/planner/decide.ts";
import { createDiagnosis } from "../../lib/planner/diagnose.ts";
import { createOutages } from "../../lib/gate/outages.ts";
import { createCured } from "../../lib/gate/cured.ts";
import { isNodeAway } from "../../lib/gate/gravity.ts";
import { targetKey } from "../../lib/event/target.ts";
import { createSuppression } from "../../lib/gate/suppression.ts";
import { createReceipts } from "../../lib/observe/receipts.ts";
import type { SimulatedClock } from "./clock.ts";
import { simulatedLink, type SimulatedOllama } from "./ollama.ts";

export interface MemberOptions {
  /** NODE_NAME and what else an operator sets. */
  readonly config: Config;
  readonly clock: SimulatedClock;
  readonly random: () => number;
  /** The servers of the chain's models, the first link's first; reused where there are fewer. */
  readonly servers: readonly SimulatedOllama[];
  readonly coordination?: Coordination;
  readonly onEnding: OnEnding;
  /** See {@linkcode simulatedLink}. */
  readonly failing: number;
  readonly isDown: () => boolean;
}

/** One planner, and what can be seen of it. */
export interface Member extends Pick<Planner, "receive"> {
  readonly received: number;
  /** Messages that have ended. */
  readonly ended: number;
  /** Events that wait or are being diagnosed. */
  readonly waiting: number;
}

/** What is over is forgotten this often; it changes no decision. */
const FORGET_EVERY_MS = 60_000;

export function openMember(options: MemberOptions): Member {
  const { config, clock, random, servers } = options;
  const log = SILENT_LOG;
  const { queueLimit, cooldownSeconds } = config;
  const backlog = createBacklog({ queueLimit, cooldownSeconds, clock });
  const counters = createCounters();
  const nodes = DEFAULT_TOPOLOGY.nodes.map(({ name }) => name);
  const outages = createOutages({
    clock,
    longestMs: config.eventTtlSeconds * 1000,
    isBeingTold: (node) => backlog.eventsFor(targetKey({ node, service: node })).some(isNodeAway),
  });
  const suppression = createSuppression({
    settings: config,
    clock,
    nodes: () => nodes,
    outages,
  });
  const { diagnosesPerHour, proposalsPerDay } = config;
  const budgets = createBudgets({ clock, diagnosesPerHour, proposalsPerDay });
  const outcomesFor = () => Promise.resolve([]);
  const receipts = createReceipts({
    clock,
    flush: () => Promise.resolve(true),
    sync: () => Promise.resolve(true),
  });

  const links = config.chain.map((spec, nth) => {
    const server = servers[nth % servers.length];
    if (spec.kind === "rules" || !server) return rulesLink();
    return simulatedLink({ ...config, ...options, name: spec.name, server });
  });
  const memory = createMemory({ clock });
  const planner = createPlanner({
    settings: config,
    clock,
    log,
    random,
    suppression,
    cured: createCured(),
    backlog,
    counters,
    aliases: new Map(),
    budgets,
    coordination: options.coordination ?? NO_COORDINATION,
    proposedBefore: () => Promise.resolve(undefined),
    memory,
    diagnose: createDiagnosis({
      clock,
      memory,
      router: createRouter({ links, attemptsPerLink: config.attemptsPerLink, clock, log }),
      systemPrompt: () => homelabPrompt(),
      outcomesFor,
      suppression,
      onDiagnosed: () => {},
    }),
    policy: createDecision({
      settings: config,
      clock,
      memory,
      policy: () => BUILT_IN_RULES,
      decidedFor: () => Promise.resolve({ outcomes: [], isCut: false }),
    }),
    propose: dryProposer(() => {}, {
      clock,
      validity: {
        repairSeconds: config.validSeconds,
        noticeSeconds: config.notifyValidSeconds,
      },
    }),
    othersFor: () => Promise.resolve([]),
    countPending: () => Promise.resolve(0),
    observer: observers([receipts, { onEnding: options.onEnding }]),
  });
  planner.start();
  every(clock, FORGET_EVERY_MS, () => {
    backlog.prune();
    suppression.prune();
  });
  return {
    receive: planner.receive,
    get received() {
      return counters.counts().received;
    },
    get ended() {
      return Object.values(counters.counts().outcomes).reduce((sum, count) => sum + count, 0);
    },
    get waiting() {
      return backlog.waiting + backlog.running;
    },
  };
}
