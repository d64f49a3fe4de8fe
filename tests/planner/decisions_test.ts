import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../lib/config/config.ts";
import { emptyState, type SavedState } from "../../lib/queue/state.ts";
import { boot, createTime, settle } from "../support/decisions_agent.ts";
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
      const onEnding = (outcome: string, { service }: { service: string }, id: number) =>
        void ended[service]?.push(`${outcome} ${id}`);
      const start = (saved: SavedState) => boot({ time, saved, settings: CONFIG, onEnding });
      let up = start(emptyState());
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
            up = start(up.state);
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
