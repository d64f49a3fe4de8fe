import assert from "node:assert/strict";
import fc from "fast-check";
import { createBudget } from "../../lib/gate/budgets.ts";

Deno.test("createBudget: free again when the oldest leaves the window", () => {
  const budget = createBudget({ limit: 2, windowMs: 1000 });
  budget.spend(0);
  assert.equal(budget.freeAt(10), 0);
  budget.spend(100);
  assert.equal(budget.freeAt(100), 1000);
  assert.equal(budget.freeAt(999), 1000);
  assert.equal(budget.freeAt(1000), 0);
  budget.spend(1000);
  assert.equal(budget.freeAt(1001), 1100);
});

Deno.test("createBudget: 0 stands for no limit", () => {
  const budget = createBudget({ limit: 0, windowMs: 1000 });
  for (let at = 0; at < 100; at++) budget.spend(at);
  assert.equal(budget.freeAt(100), 0);
});

Deno.test("createBudget: never more than the limit in any window", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 5 }),
    fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }),
    (limit, steps) => {
      const budget = createBudget({ limit, windowMs: 1000 });
      const spent: number[] = [];
      let now = 0;
      for (const step of steps) {
        now += step;
        if (budget.freeAt(now) > 0) continue;
        budget.spend(now);
        spent.push(now);
      }
      for (const at of spent) {
        assert.ok(spent.filter((other) => other > at - 1000 && other <= at).length <= limit);
      }
    },
  ));
});
