import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../lib/config/config.ts";
import type { Silence } from "../../lib/gate/silences.ts";
import { emptyState, type SavedState } from "../../lib/queue/state.ts";
import { boot, createTime, settle } from "../support/decisions_agent.ts";
import { COOLDOWN_MS } from "../support/decisions_model.ts";
import { CLOCKS_BEGIN_MS, SilencedModel, WAITED_FOR_MS } from "../support/silence_model.ts";

const SERVICES = ["a", "b"] as const;
const FAULTS = ["service_unhealthy", "container_exited", "backup_failed"] as const;
const GOOD = ["service_recovered", "backup_completed"] as const;
const SEVERITIES = ["critical", "error", "warning", "info"] as const;
const CONFIG = {
  ...parseConfig(() => undefined),
  concurrency: SERVICES.length,
  cooldownSeconds: COOLDOWN_MS / 1000,
  // A target's own decisions: what is told of several has tests of its own.
  eventTtlSeconds: WAITED_FOR_MS / 1000,
  flapChanges: 0,
  inhibit: false,
  stormServices: 0,
  diagnosesPerHour: 0,
  proposalsPerDay: 0,
  startGraceSeconds: 0,
};

const SINCE_1970_MS = 55 * 365 * 86_400_000;

const service = fc.constantFrom(...SERVICES);
const commands = [
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
      ms: fc.constantFrom(-SINCE_1970_MS, SINCE_1970_MS, -3_600_000, -5_000, 5_000, 86_400_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("crash" as const) }) },
] as const;
const silence = {
  weight: 3,
  arbitrary: fc.record({
    op: fc.constant("silence" as const),
    silences: fc.array(
      fc.record({
        service,
        type: fc.constantFrom(undefined, undefined, ...FAULTS),
        beginsInMs: fc.constantFrom(0, 0, 30_000, 100_000),
        lastsMs: fc.constantFrom(60_000, 200_000, WAITED_FOR_MS, WAITED_FOR_MS + 1),
      }),
      { maxLength: 3 },
    ),
  }),
};

type ArbitraryOf = (typeof commands)[number]["arbitrary"] | typeof silence.arbitrary;
type Command = ArbitraryOf extends fc.Arbitrary<infer Value> ? Value : never;

/** Does all of that, and compares with the model after each. */
async function decide(commands: readonly Command[]) {
  const time = createTime();
  const ended: Record<string, string[]> = { a: [], b: [] };
  const models = {
    a: new SilencedModel("a", time.now),
    b: new SilencedModel("b", time.now),
  };
  const all = Object.values(models);
  const onEnding = (outcome: string, { service }: { service: string }, id: number) =>
    void ended[service]?.push(`${outcome} ${id}`);
  let silences: Silence[] = [];
  const start = (saved: SavedState) => boot({ time, saved, settings: CONFIG, silences, onEnding });
  let up = start(emptyState());
  const encoder = new TextEncoder();
  for (const [n, command] of commands.entries()) {
    const [now, wallMs] = [time.monotonic(), time.now()];
    switch (command.op) {
      case "hear": {
        const { type, service, severity } = command;
        // A time before 2020 is none.
        const ageMs = wallMs < CLOCKS_BEGIN_MS ? 0 : command.ageMs;
        const happenedMs = Math.min(wallMs, wallMs - ageMs);
        const event = {
          node: "n",
          service,
          type,
          severity: SEVERITIES[severity],
          payload: { n },
          timestamp: (wallMs - ageMs) / 1000,
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
      case "pass":
        await time.pass(
          command.ms,
          () => all.forEach((model) => model.lookAgain(time.monotonic())),
        );
        break;
      case "jump":
        time.jump(command.ms);
        up.planner.lookAgain();
        all.forEach((model) => model.lookAgain(now));
        break;
      case "silence": {
        silences = command.silences.map(({ service, type, beginsInMs, lastsMs }) => ({
          service,
          ...(type && { type }),
          fromMs: wallMs + beginsInMs,
          untilMs: wallMs + beginsInMs + lastsMs,
          reason: "work",
        }));
        up.suppression.setSilences(silences);
        up.planner.lookAgain();
        for (const model of all) {
          model.silences = silences.map(({ service = "", fromMs = 0, ...rest }) => ({
            ...{ service, fromMs },
            ...rest,
          }));
          model.lookAgain(now);
        }
        break;
      }
      case "crash":
        time.forget();
        // What it still does must not count: it is dead.
        up = start(up.state);
        all.forEach((model) => model.restarted(now, wallMs));
        break;
    }
    await settle();
    for (const service of SERVICES) {
      const model = models[service];
      assert.deepEqual(ended[service]?.toSorted(), model.ended.toSorted(), service);
      assert.equal(up.asked.get(service)?.id, model.running[0]?.id, `${service} is asked about`);
    }
  }
}

Deno.test("decisions: the pipeline decides as the model of one page does", async () => {
  const some = fc.array(fc.oneof(...commands), { maxLength: 12, size: "max" });
  await fc.assert(fc.asyncProperty(some, decide), { numRuns: 10_000 });
});

Deno.test("decisions: what a silence holds is looked at when that ends, unless it is over", async () => {
  const some = fc.array(fc.oneof(...commands, silence), { maxLength: 14, size: "max" });
  await fc.assert(fc.asyncProperty(some, decide), { numRuns: 1_500 });
});
