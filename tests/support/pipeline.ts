import type { Propose } from "../../lib/proposal/proposer.ts";
import { createBacklog } from "../../lib/queue/backlog.ts";
import { createBudgets } from "../../lib/gate/budgets.ts";
import { type Config, parseConfig } from "../../lib/config/config.ts";
import { type Coordination, NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import type { Diagnosis } from "../../lib/llm/diagnosis.ts";
import { type Ending, observers } from "../../lib/observe/ending.ts";
import {
  ChainExhaustedError,
  type RouteContext,
  type Router,
  type RouteResult,
} from "../../lib/llm/contract.ts";
import { createDecision } from "../../lib/planner/decide.ts";
import { createDiagnosis } from "../../lib/planner/diagnose.ts";
import { createMemory } from "../../lib/gate/memory.ts";
import { createOutages } from "../../lib/gate/outages.ts";
import { createCounters } from "../../lib/observe/outcome.ts";
import { createPlanner, type Planner } from "../../lib/planner.ts";
import type { ProposalOutcome } from "../../lib/policy/earlier.ts";
import { BUILT_IN_RULES } from "../../lib/policy/policy.ts";
import { actionFile, actionIdBase } from "../../lib/proposal/action_file.ts";
import type { WaitingAction } from "../../lib/proposal/read/action_index.ts";
import type { ProposedBefore } from "../../lib/proposal/read/proposed_before.ts";
import { createSuppression } from "../../lib/gate/suppression.ts";
import {
  applyRecord,
  emptyState,
  type SavedState,
  type StateRecord,
} from "../../lib/queue/state.ts";
import { createCured } from "../../lib/gate/cured.ts";
import { isNodeAway } from "../../lib/gate/gravity.ts";
import { svcKey, type Target, targetKey } from "../../lib/event/target.ts";
import { createTraces, type Tracer } from "../../lib/observe/trace.ts";
import { fakeClock, settle } from "./clock.ts";
import { recordingLog } from "./log.ts";

type Proposal = Parameters<Propose>[0];

type Arrival = NonNullable<Parameters<Planner["receive"]>[2]>;

/** One diagnosis that the pipeline waits for. */
export interface Call {
  readonly context: RouteContext;
  /** What the user message says. */
  readonly prompt: string;
  /** The model answers. */
  answer(changes?: Partial<Diagnosis>): Promise<void>;
  /** No link answers. */
  fail(): Promise<void>;
}

/** The real pipeline on a hand-moved clock; a test answers for the LLM and watches the outcome. */
export function pipeline(
  settings: Partial<Config> = {},
  {
    coordination = NO_COORDINATION,
    saved = emptyState(),
    pending = 0,
    outcomes = () => [],
    others = () => [],
    clock = fakeClock(),
    tracer,
    proposedBefore = () => Promise.resolve(undefined),
    neededBy = () => [],
    disk = { refuses: () => 0 },
    announced = () => Promise.resolve(true),
  }: {
    /** In how many milliseconds the disk is to be tried again, 0 when it takes a proposal. */
    disk?: { refuses: (failures: number) => number };
    /** Whether a proposal's event file is there. */
    announced?: () => Promise<boolean>;
    coordination?: Coordination;
    proposedBefore?: ProposedBefore;
    /** Services that depend on a target. */
    neededBy?: (target: Target) => readonly string[];
    saved?: SavedState;
    pending?: number;
    /** What other programs propose for the event's target. */
    others?: () => readonly WaitingAction[];
    /** What became of earlier proposals for the event's target. */
    outcomes?: () => readonly ProposalOutcome[];
    clock?: ReturnType<typeof fakeClock>;
    tracer?: Tracer;
  } = {},
) {
  const config: Config = { ...parseConfig(() => undefined), logLevel: "debug", ...settings };
  const log = recordingLog();
  const records: StateRecord[] = [];
  const remembered = emptyState();
  const remember = (record: StateRecord) => {
    records.push(record);
    applyRecord(remembered, JSON.parse(JSON.stringify(record)));
  };
  const backlog = createBacklog({
    queueLimit: config.queueLimit,
    cooldownSeconds: config.cooldownSeconds,
    clock,
    saved,
    remember,
  });
  const calls: Call[] = [];
  const endings: Ending[] = [];
  const parked: string[] = [];
  const proposals: Proposal[] = [];
  const counters = createCounters();
  const nodes = () => ["vps", "piha", "solaria", "chelsty-infra", "chelsty-ha"];
  const outages = createOutages({
    clock,
    longestMs: config.eventTtlSeconds * 1000,
    isBeingTold: (node) => backlog.eventsFor(targetKey({ node, service: node })).some(isNodeAway),
    saved: saved.offline,
    remember,
  });
  const suppression = createSuppression({
    settings: config,
    neededBy,
    clock,
    nodes,
    outages,
    saved: saved.flaps.values(),
    remember,
  });
  const cured = createCured({ saved: saved.well.values(), remember });
  const budgets = createBudgets({ ...config, clock, saved: saved.spent, remember });
  const observer = observers([
    { onEnding: (ending) => endings.push(ending), onParked: (event) => parked.push(svcKey(event)) },
    ...tracer ? [createTraces({ tracer, clock, log })] : [],
  ]);
  const outcomesFor = () => Promise.resolve(outcomes());
  const route: Router["route"] = (messages, context) =>
    new Promise<RouteResult>((resolve, reject) => {
      const { node, service } = context.event;
      const exhausted = () => reject(new ChainExhaustedError(context.label, []));
      context.signal.addEventListener("abort", exhausted);
      calls.push({
        context,
        prompt: messages.at(-1)?.content ?? "",
        answer(changes = {}) {
          const content: Diagnosis = {
            action: "restart",
            service,
            node,
            reason: "the container was killed",
            confidence: 0.9,
            requires_human: false,
            ...changes,
          };
          resolve({ content, modelUsed: "test-model", attempts: [] });
          return settle();
        },
        fail() {
          exhausted();
          return settle();
        },
      });
    });
  const memory = createMemory({ clock });
  const planner = createPlanner({
    settings: config,
    suppression,
    cured,
    budgets,
    observer,
    coordination,
    clock,
    log,
    random: () => 0,
    backlog,
    counters,
    memory,
    aliases: new Map([["hut-old", "hut"]]),
    diagnose: createDiagnosis({
      clock,
      memory,
      suppression,
      systemPrompt: () => "system",
      outcomesFor,
      onDiagnosed: observer.onDiagnosed,
      router: { route },
    }),
    policy: createDecision({
      settings: config,
      clock,
      memory,
      policy: () => BUILT_IN_RULES,
      decidedFor: async () => ({ outcomes: await outcomesFor(), isCut: false }),
    }),
    async propose(proposal, { announce, failures, mayWrite = () => Promise.resolve(true) }) {
      if (!await mayWrite()) return { is: "refused" };
      const retryMs = disk.refuses(failures);
      if (retryMs > 0) return { is: "failed", retryMs };
      const actionId = actionIdBase(proposal.event);
      announce(actionId);
      proposals.push(proposal);
      const file = actionFile({ ...proposal, actionId, writtenMs: clock.now() });
      return { is: "written", file, announced: announced() };
    },
    countPending: () => Promise.resolve(pending),
    othersFor: () => Promise.resolve(others()),
    proposedBefore,
  });
  planner.start();
  const encoder = new TextEncoder();
  return {
    clock,
    log,
    backlog,
    planner,
    suppression,
    budgets,
    counters,
    calls,
    endings,
    /** What observers were told of as parked, in order. */
    parked,
    proposals,
    records,
    /** What a restart would find. */
    remembered,
    /** Publishes an event about `piha/mosquitto`, or as changed. */
    async publish(changes: Record<string, unknown> = {}, arrival: Arrival = {}) {
      const event = {
        type: "service_unhealthy",
        node: "piha",
        service: "mosquitto",
        severity: "error",
        payload: { exit_code: 137 },
        timestamp: "2026-01-02T03:04:05Z",
        ...changes,
      };
      planner.receive(encoder.encode(JSON.stringify(event)), "health_events", arrival);
      await settle();
    },
    async publishRaw(text: string) {
      planner.receive(encoder.encode(text), "health_events");
      await settle();
    },
    /** `outcome svc_key` of everything that ended, in order. */
    ended: () => endings.map((e) => `${e.outcome} ${e.event ? svcKey(e.event) : "-"}`),
    /** The targets that were diagnosed, in order. */
    asked: () => calls.map((call) => svcKey(call.context.event)),
  };
}
