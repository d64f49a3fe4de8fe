import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { RECEIVERS } from "../../examples/webhook/webhook.ts";
import { EXAMPLES } from "./support/unit.ts";
import { readYaml } from "./support/yaml.ts";

interface Automation {
  readonly id: string;
  readonly triggers: readonly Readonly<Record<string, unknown>>[];
  readonly conditions?: string;
  readonly actions: readonly Readonly<Record<string, unknown>>[];
}

async function readPackage() {
  return await readYaml(join(EXAMPLES, "home-assistant/planner.yaml")) as {
    readonly rest_command: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly automation: readonly Automation[];
  };
}

Deno.test("home-assistant: the package is YAML, and its automations call what it defines", async () => {
  const { rest_command, automation } = await readPackage();
  const called = JSON.stringify(automation).match(/rest_command\.(\w+)/g) ?? [];
  assert.deepEqual(
    [...new Set(called)].sort(),
    Object.keys(rest_command).map((name) => `rest_command.${name}`).sort(),
  );
  assert.equal(new Set(automation.map(({ id }) => id)).size, automation.length);
});

Deno.test("home-assistant: what it publishes is what the webhook takes, a fault and its recovery", async () => {
  const { automation } = await readPackage();
  const data = automation.slice(0, 2).map(({ actions }) => actions[0]?.data as object);
  const events = data.flatMap((body) => RECEIVERS["/event"]?.(body, "house") ?? []);
  assert.deepEqual(events.map(({ node, service, type }) => `${node}/${service} ${type}`), [
    "chelsty-infra/zigbee2mqtt service_down",
    "chelsty-infra/zigbee2mqtt service_recovered",
  ]);
});

Deno.test("home-assistant: a button's token comes back whole, and no other action is taken for one", async () => {
  const { automation } = await readPackage();
  const { conditions = "" } = automation.find(({ id }) => id === "planner_decision") ?? {};
  const [, pattern = ""] = /match\('([^']+)'\)/.exec(conditions) ?? [];
  const taken = new RegExp(`^${pattern}`);
  const token = "a1".repeat(32);
  // The template cuts 16 and 15 characters off.
  assert.equal(`PLANNER_APPROVE_${token}`.slice(16), token);
  assert.equal(`PLANNER_REJECT_${token}`.slice(15), token);
  assert.ok(taken.test(`PLANNER_APPROVE_${token}`) && taken.test(`PLANNER_REJECT_${token}`));
  for (
    const other of ["PLANNER_APPROVE_", `X_PLANNER_APPROVE_${token}`, `PLANNER_APPROVE_${token}/`]
  ) {
    assert.ok(!taken.test(other), other);
  }
});
