import assert from "node:assert/strict";
import { isForTarget, pendingForTarget } from "../../../lib/proposal/read/action_folder.ts";

const target = { node: "chelsty", service: "ha-mosquitto" };

Deno.test("pendingForTarget: counts the proposals of exactly this node and service", () => {
  assert.equal(
    pendingForTarget([
      { node: "chelsty", service: "ha-mosquitto", action_id: "plan-chelsty-ha-mosquitto-1" },
      { node: "chelsty-ha", service: "mosquitto", action_id: "plan-chelsty-ha-mosquitto-1-2" },
      { node: "chelsty", service: "ha-mosquitto" },
      { node: "Chelsty", service: "ha-mosquitto" },
      { node: "chelsty" },
    ], target),
    2,
  );
});

Deno.test("isForTarget: a damaged file is for nobody", () => {
  for (
    const content of [undefined, null, 7, "", "chelsty", [], [target], { node: ["chelsty"] }, {
      node: "chelsty",
      service: null,
    }, { payload: target }]
  ) {
    assert.equal(isForTarget(content, target), false, JSON.stringify(content));
  }
});
