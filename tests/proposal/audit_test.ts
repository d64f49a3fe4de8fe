import assert from "node:assert/strict";
import { audit, promptSha256, type Provenance } from "../../lib/proposal/audit.ts";
import { VERSION } from "../../lib/base/version.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const WRITTEN = { writtenMs: Date.UTC(2026, 0, 2, 3, 4, 9, 500), expired: false };

const provenance: Provenance = {
  event: waitingEvent(),
  modelUsed: "qwen2.5:3b",
  attempts: [
    {
      link: "qwen2.5:7b@http://solaria:11434",
      model: "qwen2.5:7b",
      outcome: "refused",
      error: "nothing listens on http://solaria:11434; is Ollama running there?",
      milliseconds: 3,
    },
    {
      link: "qwen2.5:3b",
      model: "qwen2.5:3b",
      outcome: "ok",
      milliseconds: 4_200,
      figures: {
        ...{ promptTokens: 700, cachedTokens: 650, answerTokens: 40 },
        ...{ loadMs: 1, promptMs: 2, answerMs: 3 },
      },
    },
  ],
  waitedMs: 1_234.567,
  promptSha256: "0".repeat(64),
  modelDigest: "845dbda0ea48",
};

Deno.test("audit: what was heard, asked and answered, in a fixed order", () => {
  assert.equal(
    JSON.stringify(audit(provenance, WRITTEN), null, 1),
    JSON.stringify(
      {
        agent_version: VERSION,
        proposed_at: "2026-01-02T03:04:09Z",
        waited_ms: 1235,
        prompt_sha256: "0".repeat(64),
        model: "qwen2.5:3b",
        model_digest: "845dbda0ea48",
        attempts: [
          {
            link: "qwen2.5:7b@http://solaria:11434",
            model: "qwen2.5:7b",
            outcome: "refused",
            error: "nothing listens on http://solaria:11434; is Ollama running there?",
            milliseconds: 3,
          },
          {
            link: "qwen2.5:3b",
            model: "qwen2.5:3b",
            outcome: "ok",
            milliseconds: 4200,
            prompt_tokens: 700,
            cached_tokens: 650,
            answer_tokens: 40,
            load_ms: 1,
            prompt_ms: 2,
            answer_ms: 3,
          },
        ],
        event: {
          channel: "health_events",
          node: "piha",
          service: "mosquitto",
          type: "service_unhealthy",
          severity: "error",
          timestamp: 1767323045,
          payload: '{"exit_code":137}',
        },
      },
      null,
      1,
    ),
  );
});

Deno.test("audit: what is not known is left out", () => {
  const { promptSha256: _, modelDigest: __, ...rest } = provenance;
  const made = audit({ ...rest, event: waitingEvent({ excerpt: "" }), attempts: [] }, WRITTEN);
  assert.deepEqual(Object.keys(made), [
    "agent_version",
    "proposed_at",
    "waited_ms",
    "model",
    "attempts",
    "event",
  ]);
  assert.ok(!("payload" in made.event));
});

Deno.test("audit: says when the proposal was past its time from the start", () => {
  assert.equal(audit(provenance, { ...WRITTEN, expired: true }).expired_when_written, true);
});

Deno.test("audit: a long payload is cut, never within a character", () => {
  const cut = (excerpt: string) =>
    audit({ ...provenance, event: waitingEvent({ excerpt }) }, WRITTEN).event.payload;
  assert.equal(cut("x".repeat(4_096)), "x".repeat(4_096));
  assert.equal(cut("x".repeat(5_000)), `${"x".repeat(4_096)}… (5000 characters)`);
  assert.equal(cut(`${"x".repeat(4_095)}🚀`), `${"x".repeat(4_095)}… (4097 characters)`);
});

Deno.test("audit: of endless attempts the last are kept", () => {
  const attempts = Array.from({ length: 80 }, (_, i) => ({
    link: `l${i}`,
    model: "m",
    outcome: "empty" as const,
    milliseconds: i,
  }));
  const kept = audit({ ...provenance, attempts }, WRITTEN).attempts.map(({ link }) => link);
  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, "l30", "l79"]);
});

Deno.test("promptSha256: SHA-256 of the messages as Python's json.dumps writes them", () => {
  assert.equal(
    promptSha256([
      { role: "system", content: "You diagnose." },
      { content: "ünhealthy\n", role: "user" },
    ]),
    "e0004289db57616c8b5a4d7216bdb13bd55c68f749eeba592d4d73305906a885",
  );
});
