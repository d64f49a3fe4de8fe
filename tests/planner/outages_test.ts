import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../lib/config/config.ts";
import type { Target } from "../../lib/event/target.ts";
import { emptyState, type SavedState } from "../../lib/queue/state.ts";
import { boot, createTime, settle } from "../support/decisions_agent.ts";
import { OutageModel } from "../support/outage_model.ts";

const SERVICES = ["a", "b"] as const;
const TARGETS = ["n", ...SERVICES] as const;
const CONFIG = {
  ...parseConfig(() => undefined),
  concurrency: TARGETS.length,
  cooldownSeconds: 0,
  eventTtlSeconds: 31 * 86_400,
  flapChanges: 0,
  stormServices: 0,
  diagnosesPerHour: 0,
  proposalsPerDay: 0,
  startGraceSeconds: 0,
};

const ageMs = fc.constantFrom(-60_000, 0, 0, 1_000, 2_000, 90_000, 7_200_000);
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("hear" as const),
      what: fc.constantFrom(
        ...[["n", "node_offline"], ["n", "node_offline"], ["n", "node_online"]] as const,
        ...SERVICES.flatMap((service) =>
          ["service_unhealthy", "service_unhealthy", "service_recovered"].map((type) =>
            [service, type] as const
          )
        ),
      ),
      ageMs,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("answer" as const),
      service: fc.constantFrom(...TARGETS),
      how: fc.constantFrom("notify" as const, "notify" as const, "fail" as const),
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

Deno.test("outages: an offline node's services are asked about only while nobody knows of it, and none is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 14, size: "max" }), async (commands) => {
      const time = createTime();
      const model = new OutageModel();
      const faults = new Map<number, string>();
      const openOf = (target: string) =>
        [...faults].filter(([id, service]) => service === target && !ended.has(id));
      // What waits and what runs of a target is one after a crash, and ends as one.
      const merged = { n: 0, a: 0, b: 0 };
      const ended = new Map<number, string[]>();
      const onEnding = (outcome: string, _target: Target, id: number) => {
        ended.set(id, [...ended.get(id) ?? [], outcome]);
        model.ended(id, outcome);
      };
      const start = (saved: SavedState) => boot({ time, saved, settings: CONFIG, onEnding });
      let up = start(emptyState());
      const encoder = new TextEncoder();
      const hear = (id: number, [service, type]: readonly [string, string], ageMs: number) => {
        const wallMs = time.now();
        const happenedMs = Math.min(wallMs, wallMs - ageMs);
        const event = {
          node: "n",
          service,
          type,
          severity: type === "node_offline" ? "critical" : "error",
          payload: { n: id },
          timestamp: (wallMs - ageMs) / 1000,
        };
        const isGood = type === "node_online" || type === "service_recovered";
        if (!isGood) faults.set(id, service);
        if (type === "node_offline") model.offline(id, happenedMs);
        else model.signOfLife(happenedMs, !isGood);
        up.planner.receive(encoder.encode(JSON.stringify(event)), "health_events");
      };
      for (const [n, command] of commands.entries()) {
        switch (command.op) {
          case "hear":
            hear(n, command.what, command.ageMs);
            break;
          case "answer":
            up.asked.get(command.service)?.answer(command.how);
            break;
          case "pass":
            await time.pass(command.ms);
            break;
          case "jump":
            time.jump(command.ms);
            break;
          case "crash":
            time.forget();
            TARGETS.forEach((each) => merged[each] += Math.max(0, openOf(each).length - 1));
            model.restarted();
            up = start(up.state);
            break;
        }
        await settle();
        const asked = SERVICES.filter((service) => up.asked.has(service));
        if (model.holds) assert.deepEqual(asked, [], "asked about while the node is away");
      }
      // A clock that went back must not leave it in the future.
      time.jump(2 * 86_400_000);
      hear(commands.length, ["n", "node_online"], 0);
      for (let round = 0; round < 4; round++) {
        await time.pass(400_000);
        for (const service of TARGETS) up.asked.get(service)?.answer("notify");
        await settle();
      }
      for (const target of TARGETS) {
        assert.ok(openOf(target).length <= merged[target], `a fault of ${target} was lost`);
      }
      assert.deepEqual([...ended].filter(([, { length }]) => length > 1), [], "it ended twice");
    }),
    { numRuns: 1_000 },
  );
});
