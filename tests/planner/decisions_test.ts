import assert from "node:assert/strict";
import fc from "fast-check";
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
import { parseConfig } from "../../lib/config/config.ts";
import { NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import { dryProposer } from "../../lib/proposal/proposer.ts";
import { applyRecord, emptyState, type SavedState } from "../../lib/queue/state.ts";
import { COOLDOWN_MS, TargetModel } from "../support/decisions_model.ts";

const SERVICES = ["a", "b"] as const;
const FAULTS = ["service_unhealthy", "container_exited", "backup_failed"] as const;
const GOOD = ["service_recovered", "backup_completed"] as const;
const SEVERITIES = ["critical", "error", "warning", "info"] as const;
const CONFIG = {
  ...parseConfig(() => undefined),
  concurrency: SERVICES.length,
  cooldownSeconds: COOLDOWN_MS / 1000,
  // A target's own decisions: what is told of several has tests of its own.
  eventTtlSeconds: 31 * 86_400,
  flapChanges: 0,
  inhibit: false,
  stormServices: 0,
  diagnosesPerHour: 0,
  proposalsPerDay: 0,
};

/** Lets every promise run; nothing here waits for anything else. */
async function settle() {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

function createTime() {
  let wallMs = Date.UTC(2026, 0, 2);
  let now = 1_000;
  let timers: { at: number; call: () => void }[] = [];
  return {
    now: () => wallMs,
    monotonic: () => now,
    after(ms: number, call: () => void) {
      const timer = { at: now + ms, call };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    jump: (ms: number) => void (wallMs += ms),
    forget: () => void (timers = []),
    /** Goes to the next timer before `end`, and rings; false when there is none. */
    next(end: number): boolean {
      const due = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      const to = due?.at ?? end;
      wallMs += to - now;
      now = to;
      timers = timers.filter((other) => other !== due);
      due?.call();
      return due !== undefined;
    },
  };
}

type Time = ReturnType<typeof createTime>;

/** A planner on what an earlier one left; its model answers when a test says so. */
function boot(time: Time, saved: SavedState, ended: Record<string, string[]>) {
  const state = structuredClone(saved);
  const remember = (record: Parameters<typeof applyRecord>[1]) => applyRecord(state, record);
  const clock = time;
  const log = SILENT_LOG;
  const backlog = createBacklog({ ...CONFIG, clock, saved, remember });
  const outages = createOutages({ clock, longestMs: 0, isBeingTold: () => false });
  const suppression = createSuppression({ settings: CONFIG, clock, nodes: () => [], outages });
  const cured = createCured({ saved: saved.well.values(), remember });
  const budgets = createBudgets({ ...CONFIG, clock });
  const memory = createMemory({ clock });
  const outcomesFor = () => Promise.resolve([]);
  const asked = new Map<string, { id: number; answer: (action: string) => void }>();
  const idOf = (event: object) =>
    Number(/"n":\s?(\d+)/.exec(JSON.stringify(event).replaceAll("\\", ""))?.[1]);
  const planner = createPlanner({
    settings: CONFIG,
    clock,
    log,
    random: () => 0,
    counters: createCounters(),
    aliases: new Map(),
    observer: {
      onParked() {},
      onEnding({ outcome, event }) {
        if (event && outcome !== "benign") {
          // What may be ignored is the risk rules' to say; both begin a cooldown.
          const said = outcome === "proposed" || outcome === "ignored" ? "answered" : outcome;
          ended[event.service]?.push(`${said} ${idOf(event)}`);
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
    policy: createDecision({ settings: CONFIG, clock, memory, policy: () => [], outcomesFor }),
    propose: dryProposer(() => {}, { clock }),
  });
  planner.start();
  return { planner, state, asked };
}

const service = fc.constantFrom(...SERVICES);
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("hear" as const),
      service,
      type: fc.constantFrom(...FAULTS, ...GOOD),
      severity: fc.nat(3),
      ageMs: fc.constantFrom(-60_000, 0, 0, 1_000, 2_000, 90_000, 7_200_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("answer" as const),
      service,
      how: fc.constantFrom("notify" as const, "ignore" as const, "fail" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("pass" as const), ms: fc.nat(400_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("jump" as const),
      ms: fc.constantFrom(-3_600_000, -5_000, 5_000, 86_400_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("crash" as const) }) },
);

Deno.test("decisions: the pipeline decides as the model of one page does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 12, size: "max" }), async (commands) => {
      const time = createTime();
      const ended: Record<string, string[]> = { a: [], b: [] };
      const models = { a: new TargetModel(), b: new TargetModel() };
      const all = Object.values(models);
      let up = boot(time, emptyState(), ended);
      const encoder = new TextEncoder();
      for (const [n, command] of commands.entries()) {
        const [now, wallMs] = [time.monotonic(), time.now()];
        switch (command.op) {
          case "hear": {
            const { type, service, severity } = command;
            const happenedMs = Math.min(wallMs, wallMs - command.ageMs);
            const event = {
              node: "n",
              service,
              type,
              severity: SEVERITIES[severity],
              payload: { n },
              timestamp: (wallMs - command.ageMs) / 1000,
            };
            up.planner.receive(encoder.encode(JSON.stringify(event)), "health_events");
            const model = models[service];
            if (GOOD.some((good) => good === type)) {
              model.recovery(type, { happenedMs, heardMs: wallMs }, now);
            } else {
              const heard = { happenedMs, heardMs: wallMs };
              model.fault({ id: n, type, gravity: severity, ...heard }, now);
            }
            break;
          }
          case "answer": {
            const { service, how } = command;
            up.asked.get(service)?.answer(how);
            const model = models[service];
            if (how === "fail") model.failed(now);
            else model.answered(now, wallMs);
            break;
          }
          case "pass": {
            const end = now + command.ms;
            while (time.next(end)) {
              await settle();
              all.forEach((model) => model.turn(time.monotonic()));
            }
            break;
          }
          case "jump":
            time.jump(command.ms);
            break;
          case "crash":
            time.forget();
            // What it still does must not count: it is dead.
            up = boot(time, up.state, ended);
            all.forEach((model) => model.restarted(now, wallMs));
            break;
        }
        await settle();
        for (const service of SERVICES) {
          const model = models[service];
          assert.deepEqual(ended[service]?.toSorted(), model.ended.toSorted(), service);
          assert.equal(up.asked.get(service)?.id, model.running?.id, `${service} is asked about`);
        }
      }
    }),
    { numRuns: 10_000 },
  );
});
