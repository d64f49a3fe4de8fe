import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../lib/config/config.ts";
import type { Target } from "../../lib/event/target.ts";
import { emptyState, type SavedState } from "../../lib/queue/state.ts";
import { boot, createTime, settle } from "../support/decisions_agent.ts";

const SERVICES = ["a", "b", "c", "d", "e", "f"] as const;
const [AN_HOUR, A_DAY] = [5, 8];
/** A tenth of each is kept for what is critical. */
const KEPT = 1;
const HOUR_MS = 3_600_000;
const CONFIG = {
  ...parseConfig(() => undefined),
  concurrency: SERVICES.length,
  cooldownSeconds: 0,
  eventTtlSeconds: 31 * 86_400,
  flapChanges: 0,
  inhibit: false,
  stormServices: 0,
  startGraceSeconds: 0,
  diagnosesPerHour: AN_HOUR,
  proposalsPerDay: A_DAY,
};

const service = fc.constantFrom(...SERVICES);
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("hear" as const),
      service,
      severity: fc.constantFrom("critical", "error", "error"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("answer" as const),
      service,
      how: fc.constantFrom("notify" as const, "notify" as const, "ignore" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("pass" as const),
      ms: fc.oneof(fc.nat(HOUR_MS), fc.nat(12 * HOUR_MS)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("crash" as const) }) },
);

Deno.test("budgets: never more diagnoses an hour and proposals a day, whatever crashes, and nothing is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: "max" }), async (commands) => {
      const time = createTime();
      const asked: number[] = [];
      const proposed: number[] = [];
      const within = (times: readonly number[], ms: number) =>
        times.filter((at) => at + ms > time.monotonic()).length;
      let how = "notify";
      const open = new Map<number, string>();
      const onEnding = (outcome: string, _target: Target, id: number) => {
        assert.ok(open.delete(id), `${id} ended ${outcome}, and had ended before`);
        if (outcome === "answered" && how !== "ignore") proposed.push(time.monotonic());
      };
      const start = (saved: SavedState) => boot({ time, saved, settings: CONFIG, onEnding });
      let up = start(emptyState());
      const severities = new Map<number, string>();
      let before = new Set<number>();
      const look = () => {
        const now = new Set([...up.asked.values()].map(({ id }) => id));
        const fresh = [...now].filter((id) => !before.has(id));
        for (const id of fresh) {
          asked.push(time.monotonic());
          const limit = AN_HOUR - (severities.get(id) === "critical" ? 0 : KEPT);
          // What is critical may have come in the same moment, and took of what is kept.
          const others = fresh.filter((each) => severities.get(each) === "critical").length;
          assert.ok(within(asked, HOUR_MS) <= Math.min(AN_HOUR, limit + others), "diagnoses");
        }
        before = now;
        assert.ok(within(proposed, 24 * HOUR_MS) <= A_DAY, "proposals");
      };
      const encoder = new TextEncoder();
      let merged = 0;
      for (const [n, command] of commands.entries()) {
        switch (command.op) {
          case "hear": {
            const { service, severity } = command;
            severities.set(n, severity);
            open.set(n, service);
            const timestamp = time.now() / 1000;
            const event = { node: "n", service, type: "service_unhealthy", severity, timestamp };
            const text = JSON.stringify({ ...event, payload: { n } });
            up.planner.receive(encoder.encode(text), "health_events");
            break;
          }
          case "answer":
            how = command.how;
            up.asked.get(command.service)?.answer(how);
            break;
          case "pass":
            await time.pass(command.ms, look);
            break;
          case "crash": {
            time.forget();
            // What waits and what runs of a service is one afterwards.
            const services = [...open.values()];
            merged += services.length - new Set(services).size;
            before = new Set();
            up = start(up.state);
            break;
          }
        }
        await settle();
        look();
      }
      how = "notify";
      for (let round = 0; round < 12 && open.size > merged; round++) {
        await time.pass(6 * HOUR_MS, look);
        for (const each of up.asked.values()) each.answer(how);
        await settle();
        look();
      }
      assert.ok(open.size <= merged, `${open.size} events never ended`);
    }),
    { numRuns: 500 },
  );
});
