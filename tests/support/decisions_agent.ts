/**
 * The pipeline as a property test runs it: promises alone, no timers but those of the test's time.
 *
 * @module
 */
import { SILENT_LOG } from "../../lib/base/log/log.ts";
import { createBacklog } from "../../lib/queue/backlog.ts";
import { createBudgets } from "../../lib/gate/budgets.ts";
import { createCounters } from "../../lib/observe/outcome.ts";
import { createCured } from "../../lib/gate/cured.ts";
import { createDecision } from "../../lib/planner/decide.ts";
import { createDiagnosis } from "../../lib/planner/diagnose.ts";
import { createMemory } from "../../lib/gate/memory.ts";
import { createOutages } from "../../lib/gate/outages.ts";
import { createPlanner } from "../../lib/planner.ts";
import { createSuppression } from "../../lib/gate/suppression.ts";
import { ChainExhaustedError, type RouteResult } from "../../lib/llm/contract.ts";
import { NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import { dryProposer } from "../../lib/proposal/proposer.ts";
import { applyRecord, type SavedState } from "../../lib/queue/state.ts";
import { type Config } from "../../lib/config/config.ts";
import { isNodeAway } from "../../lib/gate/gravity.ts";
import type { Silence } from "../../lib/gate/silences.ts";
import { endPastDeadline } from "./deadlines.ts";
import { type Target, targetKey } from "../../lib/event/target.ts";

/** Lets every promise run; nothing here waits for anything else. */
export async function settle() {
  for (let i = 0; i < 40; i++) await Promise.resolve();
  if (++settled % 300 === 0) await new Promise((resolve) => setTimeout(resolve));
}
/** What an AbortSignal refers to is freed between tasks only: without them all runs are kept. */
let settled = 0;

export function createTime() {
  let wallMs = Date.UTC(2026, 0, 2);
  let now = 1_000;
  let timers: { at: number; call: () => void }[] = [];
  return {
    now: () => wallMs,
    monotonic() {
      endPastDeadline();
      return now;
    },
    after(ms: number, call: () => void) {
      const timer = { at: now + ms, call };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    jump: (ms: number) => void (wallMs += ms),
    forget: () => void (timers = []),
    /** Lets `ms` pass; each timer that comes due rings, and `look` sees what became of it. */
    async pass(ms: number, look = () => {}) {
      const end = now + ms;
      const goTo = (at: number) => {
        wallMs += at - now;
        now = at;
      };
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
        if (!due) return goTo(end);
        goTo(due.at);
        timers = timers.filter((other) => other !== due);
        due.call();
        await settle();
        look();
      }
    },
  };
}

export type Time = ReturnType<typeof createTime>;

/**
 * A planner on what an earlier one left; its model answers when a test says so. Of an event that
 * ends `onEnding` is told the number `n` in its payload; what may be ignored is the risk rules' to
 * say, so that proposed and ignored are both `answered`.
 */
export function boot(
  { time, saved, settings, silences, onEnding }: {
    readonly time: Time;
    readonly saved: SavedState;
    readonly settings: Config;
    readonly silences?: readonly Silence[];
    readonly onEnding: (outcome: string, event: Target, id: number) => void;
  },
) {
  const state = structuredClone(saved);
  const remember = (record: Parameters<typeof applyRecord>[1]) => applyRecord(state, record);
  const clock = time;
  const log = SILENT_LOG;
  const backlog = createBacklog({ ...settings, clock, saved, remember });
  const outages = createOutages({
    clock,
    longestMs: settings.eventTtlSeconds * 1000,
    isBeingTold: (node) => backlog.eventsFor(targetKey({ node, service: node })).some(isNodeAway),
    saved: saved.offline,
    remember,
  });
  const suppression = createSuppression({
    settings,
    clock,
    nodes: () => [],
    outages,
    silences,
    saved: saved.flaps.values(),
    remember,
  });
  const cured = createCured({ saved: saved.well.values(), remember });
  const budgets = createBudgets({ ...settings, clock, saved: saved.spent, remember });
  const memory = createMemory({ clock });
  const outcomesFor = () => Promise.resolve([]);
  const decidedFor = () => Promise.resolve({ outcomes: [], isCut: false });
  const asked = new Map<string, { id: number; answer: (action: string) => void }>();
  const idOf = (event: object) =>
    Number(/"n":\s?(\d+)/.exec(JSON.stringify(event).replaceAll("\\", ""))?.[1]);
  const planner = createPlanner({
    settings,
    clock,
    log,
    random: () => 0,
    counters: createCounters(),
    aliases: new Map(),
    observer: {
      onParked() {},
      onEnding({ outcome, event }) {
        if (event && outcome !== "benign") {
          const said = outcome === "proposed" || outcome === "ignored" ? "answered" : outcome;
          onEnding(said, event, idOf(event));
        }
      },
    },
    suppression,
    cured,
    budgets,
    backlog,
    coordination: NO_COORDINATION,
    proposedBefore: () => Promise.resolve(undefined),
    countPending: () => Promise.resolve(0),
    othersFor: () => Promise.resolve([]),
    memory,
    diagnose: createDiagnosis({
      clock,
      memory,
      suppression,
      systemPrompt: () => "",
      outcomesFor,
      onDiagnosed() {},
      router: {
        route: (_messages, { event, signal }) =>
          new Promise<RouteResult>((resolve, reject) => {
            const { node, service } = event;
            const fail = () => {
              asked.delete(service);
              reject(new ChainExhaustedError("", []));
            };
            signal.addEventListener("abort", fail);
            asked.set(service, {
              id: idOf(event),
              answer(action) {
                asked.delete(service);
                if (action === "fail") return fail();
                const about = { node, service, reason: "because", requires_human: true };
                const content = { ...about, action, confidence: 0.9 } as RouteResult["content"];
                resolve({ content, modelUsed: "m", attempts: [] });
              },
            });
          }),
      },
    }),
    policy: createDecision({ settings, clock, memory, policy: () => [], decidedFor }),
    propose: dryProposer(() => {}, { clock }),
  });
  planner.start();
  return { planner, suppression, state, asked };
}
