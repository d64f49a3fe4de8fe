import assert from "node:assert/strict";
import fc from "fast-check";
import { readAudit } from "../../../../lib/proposal/read/action.ts";
import { proposalFile } from "../../../support/proposal_file.ts";

Deno.test("readAudit: what the agent wrote", () => {
  assert.deepEqual(readAudit(JSON.parse(proposalFile())), {
    expiredWhenWritten: false,
    waitedMs: 2_000,
    promptSha256: "ab".repeat(32),
    modelDigest: "",
    attempts: [
      { link: "qwen2.5:7b", outcome: "not_json", error: "no object in it", milliseconds: 4_000 },
      { link: "qwen2.5:7b", outcome: "ok", error: "", milliseconds: 3_500 },
    ],
    event: { channel: "health_events", severity: "error", payload: '{ "exit_code": 137 }' },
  });
});

Deno.test("readAudit: none where there is none, or something else in its place", () => {
  for (
    const payload of [undefined, null, 7, [], {}, { audit: null }, { audit: "x" }, { audit: [] }]
  ) {
    assert.equal(readAudit({ payload }), undefined);
  }
});

Deno.test("readAudit: what is no time, number or text is left out", () => {
  const audit = {
    proposed_at: "yesterday",
    waited_ms: -1,
    expired_when_written: "true",
    attempts: [null, { link: {}, milliseconds: "4" }, { milliseconds: 0 }],
    event: [],
  };
  assert.deepEqual(readAudit({ payload: { audit } }), {
    expiredWhenWritten: false,
    waitedMs: null,
    promptSha256: "",
    modelDigest: "",
    attempts: [null, 0].map((milliseconds) => ({ link: "", outcome: "", error: "", milliseconds })),
    event: { channel: "", severity: "", payload: "" },
  });
});

Deno.test("readAudit: bounded, whatever it holds", () => {
  const attempts = Array.from({ length: 1_000 }, () => ({ error: "x".repeat(2_000) }));
  const read = readAudit({ payload: { audit: { attempts } } });
  assert.equal(read?.attempts.length, 100);
  assert.equal((read?.attempts[0]?.error.length ?? 0) < 1_100, true);
  fc.assert(fc.property(fc.jsonValue(), (audit) => void readAudit({ payload: { audit } })));
});
