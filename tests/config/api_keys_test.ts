import assert from "node:assert/strict";
import { parseApiKeys } from "../../lib/config/api_keys.ts";
import { ConfigError, parseConfig } from "../../lib/config/config.ts";
import { parseChain } from "../../lib/llm/chain.ts";

const ONE = parseChain("openai/m@http://solaria:8080,qwen2.5:7b", "http://piha:11434");
const TWO = parseChain(
  "openai/m@http://solaria:8080,openai/n@https://gpu:443",
  "http://piha:11434",
);

Deno.test("parseApiKeys: one key is for the one server of OpenAI's API", () => {
  assert.deepEqual(parseApiKeys(" sk-a=b== ", ONE), new Map([["http://solaria:8080", "sk-a=b=="]]));
  assert.deepEqual(parseApiKeys("", ONE), new Map());
});

Deno.test("parseApiKeys: with several servers each key names its own", () => {
  assert.deepEqual(
    parseApiKeys("gpu:443=sk-2 solaria:8080=sk-1", TWO),
    new Map([["https://gpu:443", "sk-2"], ["http://solaria:8080", "sk-1"]]),
  );
  assert.deepEqual(
    parseApiKeys("solaria:8080=sk-1", TWO),
    new Map([["http://solaria:8080", "sk-1"]]),
  );
});

Deno.test("parseApiKeys: a key has 2,000 characters at most", () => {
  const [longest] = [...parseApiKeys("k".repeat(2_000), ONE) as ReadonlyMap<string, string>];
  assert.deepEqual(longest, ["http://solaria:8080", "k".repeat(2_000)]);
  assert.ok("problem" in parseApiKeys("k".repeat(2_001), ONE));
});

Deno.test("parseApiKeys: a key that has no server is no key, and is not quoted", () => {
  const wrong = [["sk-secret", TWO], ["sk-secret", []], ["sk-secret more", ONE], [
    "sk-sécret",
    ONE,
  ]] as const;
  for (const [text, chain] of wrong) {
    const keys = parseApiKeys(text, chain);
    assert.ok("problem" in keys);
    assert.doesNotMatch(keys.problem, /s.cret/);
  }
});

Deno.test("parseConfig: an LLM_API_KEY that nothing takes is a mistake that does not show it", () => {
  const env: Readonly<Record<string, string>> = {
    LLM_API_KEY: "sk-secret",
    LLM_CHAIN: "qwen2.5:7b",
  };
  assert.throws(() => parseConfig((name) => env[name]), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, ["LLM_API_KEY: no link of LLM_CHAIN begins with openai/"]);
    return true;
  });
});
