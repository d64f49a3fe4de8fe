import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../lib/config/config.ts";
import { targetKey } from "../../lib/event/target.ts";
import { emptyState, type SavedState } from "../../lib/queue/state.ts";
import { boot, createTime, settle } from "../support/decisions_agent.ts";
import { FLAP_CHANGES, FLAP_WINDOW_MS, FlapModel } from "../support/flap_model.ts";

const TARGET = { node: "n", service: "a" };
const CONFIG = {
  ...parseConfig(() => undefined),
  cooldownSeconds: 0,
  eventTtlSeconds: 31 * 86_400,
  flapChanges: FLAP_CHANGES,
  flapWindowSeconds: FLAP_WINDOW_MS / 1000,
  inhibit: false,
  stormServices: 0,
  diagnosesPerHour: 0,
  proposalsPerDay: 0,
  startGraceSeconds: 0,
};

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("hear" as const),
      isBad: fc.boolean(),
      ageMs: fc.constantFrom(0, 0, 0, 0, 0, 1_000, 90_000, 3_599_000, 3_600_000, 7_200_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("answer" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("pass" as const),
      ms: fc.oneof(fc.nat(60_000), fc.nat(FLAP_WINDOW_MS), fc.constant(FLAP_WINDOW_MS)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("crash" as const) }) },
);

Deno.test("flapping: goes by when it changed; a person is told once a window, and no model is asked", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: "max" }), async (commands) => {
      const time = createTime();
      const model = new FlapModel();
      let isAnswering = false;
      const told: number[] = [];
      const onEnding = (outcome: string) => {
        if (outcome === "answered" && !isAnswering) told.push(time.monotonic());
      };
      const start = (saved: SavedState) => boot({ time, saved, settings: CONFIG, onEnding });
      let up = start(emptyState());
      const encoder = new TextEncoder();
      for (const [n, command] of commands.entries()) {
        isAnswering = command.op === "answer";
        switch (command.op) {
          case "hear": {
            const { isBad, ageMs } = command;
            const type = isBad ? "service_unhealthy" : "service_recovered";
            const timestamp = (time.now() - ageMs) / 1000;
            const event = { ...TARGET, type, severity: "error", timestamp, payload: { n } };
            model.heard(isBad, time.monotonic() - ageMs);
            up.planner.receive(encoder.encode(JSON.stringify(event)), "health_events");
            break;
          }
          case "answer":
            up.asked.get("a")?.answer("notify");
            break;
          case "pass":
            await time.pass(command.ms);
            break;
          case "crash":
            time.forget();
            model.restarted();
            up = start(up.state);
            break;
        }
        await settle();
        const now = time.monotonic();
        const flaps = model.flaps(now);
        assert.equal(up.suppression.isFlapping(targetKey(TARGET)), flaps, "flaps");
        if (flaps && command.op === "hear") {
          assert.equal(up.asked.size, 0, "a model is asked of what flaps");
          const last = told.at(-1) ?? -Infinity;
          if (command.isBad) {
            assert.ok(now - last < FLAP_WINDOW_MS, "nobody was told that it flaps");
          }
        }
      }
      const apart = told.slice(1).map((at, nth) => at - (told[nth] ?? 0));
      assert.ok(apart.every((ms) => ms >= FLAP_WINDOW_MS), `told after ${apart} ms`);
    }),
    { numRuns: 500 },
  );
});
