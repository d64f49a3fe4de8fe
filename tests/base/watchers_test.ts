import "../support/deadlines.ts";
import assert from "node:assert/strict";
import { createWatchers } from "../../lib/base/watchers.ts";

Deno.test("watchers: resolve at once when the condition holds already", async () => {
  await createWatchers().once(() => true);
});

Deno.test("watchers: resolve when a check sees their condition, each on its own", async () => {
  const watchers = createWatchers();
  let count = 0;
  const seen: string[] = [];
  const one = watchers.once(() => count >= 1).then(() => seen.push("one"));
  const two = watchers.once(() => count >= 2).then(() => seen.push("two"));
  watchers.check();
  count = 1;
  watchers.check();
  await one;
  assert.deepEqual(seen, ["one"]);
  count = 2;
  watchers.check();
  await two;
  assert.deepEqual(seen, ["one", "two"]);
});

Deno.test("watchers: a condition that was met is not looked at again", async () => {
  const watchers = createWatchers();
  let met = false;
  let looks = 0;
  const done = watchers.once(() => (looks++, met));
  met = true;
  watchers.check();
  watchers.check();
  watchers.check();
  await done;
  assert.equal(looks, 2);
});

Deno.test("watchers: one that resolves may wait anew", async () => {
  const watchers = createWatchers();
  let count = 0;
  const twice = (async () => {
    await watchers.once(() => count >= 1);
    await watchers.once(() => count >= 2);
  })();
  for (count = 1; count <= 2; count++) {
    watchers.check();
    await Promise.resolve();
    await Promise.resolve();
  }
  watchers.check();
  await twice;
});
