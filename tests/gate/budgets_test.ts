import assert from "node:assert/strict";
import fc from "fast-check";
import { createBudgets, type SpentRecord } from "../../lib/gate/budgets.ts";
import { fakeClock } from "../support/clock.ts";

const HOUR = 3_600_000;
const [CRITICAL, ERROR] = [0, 1];

function budgeting(
  diagnosesPerHour: number,
  { clock = fakeClock(), saved = [], proposalsPerDay = 0 }: {
    clock?: ReturnType<typeof fakeClock>;
    saved?: readonly SpentRecord[];
    proposalsPerDay?: number;
  } = {},
) {
  const records: SpentRecord[] = [];
  const remember = (record: SpentRecord) => void records.push(record);
  const budgets = createBudgets({ clock, diagnosesPerHour, proposalsPerDay, saved, remember });
  const spend = () => {
    const allowance = budgets.open();
    allowance.asking();
    allowance.close();
  };
  const until = (rank = ERROR) => budgets.usedUp(rank)?.until;
  return { clock, budgets, records, spend, until };
}

Deno.test("budgets: free again when the oldest leaves the window", async () => {
  const { clock, spend, until, budgets } = budgeting(2);
  const start = clock.monotonic();
  spend();
  assert.equal(until(), undefined);
  await clock.advance(100);
  spend();
  assert.equal(until(), start + HOUR);
  assert.equal(
    budgets.holding(ERROR)?.why,
    "used up: 2 diagnoses an hour (DIAGNOSES_PER_HOUR)",
  );
  await clock.advance(HOUR - 100);
  assert.equal(until(), undefined);
  spend();
  assert.equal(until(), start + HOUR + 100);
});

Deno.test("budgets: 0 stands for no limit", () => {
  const { spend, until, records } = budgeting(0);
  for (let i = 0; i < 100; i++) spend();
  assert.deepEqual([until(), records], [undefined, []]);
});

Deno.test("budgets: a tenth is kept for what is critical; of one or two nothing is", () => {
  for (const [limit, others] of [[1, 1], [2, 2], [3, 2], [10, 9], [25, 22]] as const) {
    const { spend, until } = budgeting(limit);
    let spent = 0;
    for (; until(ERROR) === undefined; spent++) spend();
    assert.equal(spent, others, `${limit}`);
    for (; until(CRITICAL) === undefined; spent++) spend();
    assert.equal(spent, limit, `${limit}`);
  }
});

Deno.test("budgets: what is set aside cannot be had twice, and comes back unspent", () => {
  const { budgets, until } = budgeting(1, { proposalsPerDay: 5 });
  const first = budgets.open();
  assert.equal(until(CRITICAL), Infinity);
  first.close();
  assert.equal(until(CRITICAL), undefined);
  const second = budgets.open();
  second.asking();
  second.close();
  assert.equal(until(CRITICAL), budgets.usedUp(CRITICAL)?.until);
  assert.notEqual(until(CRITICAL), Infinity);
});

Deno.test("budgets: a restart gives nothing back", async () => {
  const before = budgeting(3);
  for (let i = 0; i < 3; i++) before.spend();
  await before.clock.advance(HOUR / 2);
  for (const saved of [before.records, [...before.budgets.snapshot()]]) {
    const after = budgeting(3, { clock: before.clock, saved });
    assert.equal(after.until(CRITICAL), before.until(CRITICAL));
  }
});

Deno.test("budgets: after a restart the oldest leaves the window first, whatever came last", async () => {
  const before = budgeting(3);
  const start = before.clock.now();
  for (const minutes of [10, 10, 40]) {
    before.spend();
    await before.clock.advance(minutes * 60_000);
  }
  before.spend();
  const saved = [...before.budgets.snapshot()];
  assert.deepEqual(saved, [
    { is: "spent", of: "diagnosis", atMs: [10, 20, 60].map((at) => start + at * 60_000) },
  ]);
  const { clock, until } = budgeting(3, { clock: before.clock, saved });
  assert.equal(until(CRITICAL), clock.monotonic() + 10 * 60_000);
});

Deno.test("budgets: never more than the limit in any window", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.tuple(fc.nat(HOUR / 2), fc.nat(3)), { maxLength: 60 }),
      async (limit, steps) => {
        const clock = fakeClock();
        let now = clock.monotonic();
        const timed = { ...clock, monotonic: () => now };
        const budgets = createBudgets({
          clock: timed,
          diagnosesPerHour: limit,
          proposalsPerDay: 0,
        });
        const spent: number[] = [];
        for (const [ms, rank] of steps) {
          now += ms;
          if (budgets.usedUp(rank)) continue;
          const allowance = budgets.open();
          allowance.asking();
          allowance.close();
          spent.push(now);
        }
        for (const at of spent) {
          const within = spent.filter((other) => other > at - HOUR && other <= at);
          assert.ok(within.length <= limit);
        }
        await Promise.resolve();
      },
    ),
  );
});
