import assert from "node:assert/strict";
import { NO_COORDINATION, shareCooldowns } from "../../lib/coordination/coordination.ts";
import { targetKey } from "../../lib/event/target.ts";
import { granted } from "../support/claims.ts";
import { recordingCoordination } from "../support/recording_coordination.ts";

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

Deno.test("shareCooldowns: each with what is left of it and how grave its fault was", async () => {
  const key = (service: string) => targetKey({ node: "piha", service });
  const coordination = recordingCoordination({
    claim: (_, nth) =>
      Promise.resolve(nth === 2 ? { kind: "taken", by: "vps", againMs: 10_000 } : undefined),
  });
  await shareCooldowns([
    { key: key("a"), remainingMs: 60_000, gravity: 2 },
    { key: key("b"), remainingMs: 50_000, gravity: 1 },
    { key: key("c"), remainingMs: 40_000 },
  ], coordination);
  assert.deepEqual(coordination.asked, [
    "claim piha/a 2",
    "settle 60000",
    "claim piha/b 1",
    "claim piha/c undefined",
    "settle 40000",
  ]);
});
