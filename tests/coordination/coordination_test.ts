import assert from "node:assert/strict";
import { NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import { granted } from "../support/claims.ts";

Deno.test("NO_COORDINATION: grants every claim, also while it is held", async () => {
  const target = { node: "piha", service: "mosquitto" };
  const one = granted(await NO_COORDINATION.claim(target));
  const other = granted(await NO_COORDINATION.claim(target));
  assert.deepEqual([one.shared, await one.fence(1), await other.fence(1)], [false, true, true]);
  await one.settle(300_000);
  assert.equal(await other.fence(1), true);
  await other.release();
  await NO_COORDINATION.close();
});
