import assert from "node:assert/strict";
import { svcKey, targetKey, targetOf } from "../../lib/event/target.ts";

Deno.test("targetKey: two pairs whose joined names are alike are two targets", () => {
  const one = { node: "chelsty", service: "ha-mosquitto" };
  const other = { node: "chelsty-ha", service: "mosquitto" };
  assert.notEqual(targetKey(one), targetKey(other));
  assert.notEqual(
    targetKey({ node: "a/b", service: "c" }),
    targetKey({ node: "a", service: "b/c" }),
  );
  assert.deepEqual(targetOf(targetKey(one)), one);
});

Deno.test("svcKey: node/service, as the seed's logs have it", () => {
  assert.equal(svcKey({ node: "piha", service: "mosquitto" }), "piha/mosquitto");
});
