import assert from "node:assert/strict";
import { createProposedBefore } from "../../../lib/proposal/read/proposed_before.ts";
import { createStore } from "../../../lib/base/disk/store.ts";
import { memoryFiles } from "../../support/memory_files.ts";

const ID = "plan-piha-mosquitto-1767323045";
const event = { node: "piha", service: "mosquitto", timestamp: 1767323045.25 };
const of = (node: string, service: string) => JSON.stringify({ node, service });

async function found(paths: Readonly<Record<string, string>>) {
  const files = memoryFiles();
  for (const [path, text] of Object.entries(paths)) files.put(`/r/actions/${path}`, text);
  const store = createStore({ root: "/r", files, nonce: () => "n" });
  return await createProposedBefore({ root: "/r", store, files })(event);
}

Deno.test("proposedBefore: finds an event's proposal wherever it is by now", async () => {
  for (const folder of ["pending", "approved", "running", "completed", "failed", "rejected"]) {
    assert.equal(await found({ [`${folder}/${ID}.json`]: of("piha", "mosquitto") }), ID);
  }
  assert.equal(await found({}), undefined);
  assert.equal(
    await found({ "pending/plan-piha-mosquitto-1767323046.json": of("piha", "mosquitto") }),
    undefined,
  );
});

Deno.test("proposedBefore: that of another target under the same name is not it", async () => {
  assert.equal(await found({ [`pending/${ID}.json`]: of("piha-mosquitto", "x") }), undefined);
  assert.equal(
    await found({
      [`completed/${ID}.json`]: of("piha-mosquitto", "x"),
      [`pending/${ID}-2.json`]: of("piha", "mosquitto"),
    }),
    `${ID}-2`,
  );
  assert.equal(await found({ [`pending/${ID}.json`]: "{" }), undefined);
});

Deno.test("proposedBefore: however many targets share the name, each number is looked at once", async () => {
  const other = of("piha-mosquitto", "x");
  assert.equal(
    await found({
      [`pending/${ID}.json`]: other,
      [`failed/${ID}-2.json`]: other,
      [`approved/${ID}-3.json`]: of("piha", "mosquitto"),
    }),
    `${ID}-3`,
  );
});
