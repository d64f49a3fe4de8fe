import assert from "node:assert/strict";
import { readHomelab } from "../../lib/policy/homelab.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";

Deno.test("readHomelab: a file that is there and cannot be read is an error, not its absence", async () => {
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce: () => "n" });
  assert.equal((await readHomelab(store)).policy.length, 5);
  files.put("/r/config/policy.json", "{}");
  files.fate = ({ path }) =>
    path === "/r/config/policy.json" ? systemError("EACCES", path) : "works";
  await assert.rejects(readHomelab(store), {
    name: "ConfigError",
    problems: [
      "config/policy.json cannot be read: this user has no permission (see the group homelab)",
    ],
  });
});

Deno.test("readHomelab: the model is told the operator's rules, behind the built-in ones", async () => {
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce: () => "n" });
  const when = { node: "nas", action: ["restart"] };
  const rule = { name: "nas_needs_human", when, then: { requires_human: true } };
  files.put("/r/config/policy.json", JSON.stringify({ rules: [rule] }));
  const { policy, systemPrompt } = await readHomelab(store);
  assert.deepEqual(policy.map(({ name }) => name).slice(-2), [
    "unsure_ignore_is_notify",
    "nas_needs_human",
  ]);
  assert.match(systemPrompt, /node nas, action restart: requires_human is true/);
});
