import assert from "node:assert/strict";
import { parseConfig, siteOf } from "../../lib/config/config.ts";
import { ENVIRONMENT_NAMES } from "../../lib/config/environment.ts";
import { grantsFor } from "../../lib/permissions/grants.ts";

const siteFrom = (values: Record<string, string>) => siteOf(parseConfig((name) => values[name]));

Deno.test("siteOf: the defaults are the build's defaults", () => {
  assert.deepEqual(siteFrom({}), {
    redisUrl: "redis://100.108.208.3:6379",
    ollamaHosts: ["http://100.108.208.3:11434"],
    runtimePath: "/opt/homelab",
  });
  assert.deepEqual(grantsFor(siteFrom({}), ENVIRONMENT_NAMES).env, ENVIRONMENT_NAMES);
});

Deno.test("siteOf: each host of the chain once, none for the offline rules", () => {
  const chain = "a,b@http://gpu:1,c@gpu:1,rules";
  assert.deepEqual(siteFrom({ OLLAMA_HOST: "piha", LLM_CHAIN: chain }).ollamaHosts, [
    "http://piha:11434",
    "http://gpu:1",
  ]);
  assert.deepEqual(siteFrom({ LLM_CHAIN: "rules" }).ollamaHosts, []);
});
