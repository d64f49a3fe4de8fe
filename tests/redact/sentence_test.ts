import assert from "node:assert/strict";
import { redactText } from "../../lib/base/text/redact.ts";

Deno.test("redactText: a host and its port at the end of a clause are no user and password", () => {
  for (
    const text of [
      "nothing listens on http://127.0.0.1:11434; is Ollama running there?",
      "It is at http://piha:11434.",
      "(http://piha:11434)",
      "cannot reach https://piha:443: timed out",
    ]
  ) assert.equal(redactText(text), text);
});

Deno.test("redactText: a password that was cut off is still one", () => {
  assert.equal(redactText("redis://agent:hunter2; gone"), "redis://[redacted] gone");
  assert.equal(redactText("redis://agent:secret99."), "redis://[redacted]");
});

Deno.test("redactText: a long run of punctuation takes no longer", () => {
  const text = `http://a:1${";".repeat(1_000_000)}x`;
  assert.ok(redactText(text).length > 0);
});
