import assert from "node:assert/strict";
import { createNotices } from "../../lib/planner/notice.ts";
import { actionFile, actionIdBase } from "../../lib/proposal/action_file.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { pipeline } from "../support/pipeline.ts";

const MINUTE = 60_000;

Deno.test("notice: a budget that comes free one by one is told of once an hour", async () => {
  const p = pipeline({ diagnosesPerHour: 2 });
  await p.publish({ service: "a" });
  await p.calls[0]?.answer();
  await p.clock.advance(30 * MINUTE);
  for (const service of ["b", "c", "d"]) await p.publish({ service });
  await p.calls[1]?.answer();
  const told = () =>
    p.log.of("diagnosis_budget_used_up").map(({ held, minutes }) => [held, minutes]);
  assert.deepEqual(told(), [[2, 30]]);
  await p.clock.advance(30 * MINUTE);
  await p.calls[2]?.answer();
  assert.deepEqual([p.asked().at(-1), told().length], ["piha/c", 1]);
  await p.clock.advance(30 * MINUTE);
  await p.publish({ service: "e" });
  await p.calls[3]?.answer();
  assert.deepEqual([p.asked().at(-1), told()], ["piha/d", [[2, 30], [1, 30]]]);
});

Deno.test("notice: a budget that is used up for a day is told of once, not each hour", async () => {
  const p = pipeline({ proposalsPerDay: 1 });
  const told = () => p.log.of("diagnosis_budget_used_up").map(({ minutes }) => minutes);
  await p.publish({ service: "a" });
  await p.calls[0]?.answer();
  await p.publish({ service: "b", timestamp: null });
  assert.deepEqual(told(), [1_440]);
  for (let hour = 1; hour < 24; hour++) {
    await p.clock.advance(60 * MINUTE);
    await p.publish({ service: `s${hour}`, timestamp: null });
  }
  assert.deepEqual([p.asked(), told()], [["piha/a"], [1_440]]);
});

Deno.test("notice: a budget that is only set aside is not used up, and comes back", async () => {
  const p = pipeline({ proposalsPerDay: 1, concurrency: 2 });
  for (const service of ["a", "b"]) await p.publish({ service });
  assert.deepEqual([p.asked(), p.log.of("diagnosis_budget_used_up")], [["piha/a"], []]);
  await p.calls[0]?.answer({ action: "ignore" });
  assert.deepEqual(p.asked(), ["piha/a", "piha/b"]);
});

Deno.test("notice: the storms of the last hundred proposals are known", async () => {
  const clock = fakeClock();
  const ids: string[] = [];
  const notices = createNotices({
    settings: { nodeName: "solaria", stormWindowSeconds: 60 },
    clock,
    log: recordingLog(),
    backlog: { waiting: 0 },
    propose(proposal) {
      const actionId = actionIdBase(proposal.event);
      ids.push(actionId);
      const file = actionFile({ ...proposal, actionId, writtenMs: clock.now() });
      return Promise.resolve({ is: "written", file, announced: Promise.resolve(true) });
    },
  }, new AbortController().signal);
  for (let n = 0; n < 101; n++) notices.storm({ node: `n${n}`, services: ["a", "b"] });
  await settle();
  const [first = "", second = ""] = ids;
  assert.deepEqual(
    [first, second, ids[100] ?? ""].map(notices.stormOf),
    [undefined, "n1", "n100"],
  );
});

Deno.test("notice: one that the disk does not take is tried until a stop, and no longer", async () => {
  let tries = 0;
  const p = pipeline({ stormServices: 2 }, { disk: { refuses: () => (tries++, 60_000) } });
  for (const service of ["a", "b"]) await p.publish({ service });
  await p.clock.advance(60_000);
  assert.equal(tries, 2);
  await p.planner.stop(5_000);
  assert.equal(p.clock.waiting, 0);
});

Deno.test("notice: of the services of a storm ten are named", async () => {
  const p = pipeline({ stormServices: 12 });
  for (let n = 1; n <= 12; n++) await p.publish({ service: `s${n}` });
  const [line] = p.log.of("services_down_together");
  assert.equal(line?.services, 12);
  assert.ok(
    `${line?.reason}`.includes("within 60 s: s1, s2, s3, s4, s5, s6, s7, s8, s9, s10 and 2 more. "),
  );
});
