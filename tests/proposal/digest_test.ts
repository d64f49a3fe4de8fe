import assert from "node:assert/strict";
import fc from "fast-check";
import { approvalDigest, digestMatches, sha256 } from "../../lib/proposal/digest.ts";
import { anyCharacter } from "../support/any_character.ts";

const approved = {
  action_id: "plan-piha-mosquitto-1767323045",
  node: "piha",
  service: "mosquitto",
  type: "container_restart",
  action: "restart",
};

function proposal(changes: Record<string, unknown> = {}, payload: Record<string, unknown> = {}) {
  const { action, ...rest } = approved;
  return { ...rest, payload: { action, digest: approvalDigest(approved), ...payload }, ...changes };
}

Deno.test("approvalDigest: of one line of ASCII, as Python's json.dumps with compact separators", () => {
  assert.equal(
    approvalDigest({ ...approved, service: 'ü\u2028"\\\u007f\n🚀' }),
    sha256(
      '["plan-piha-mosquitto-1767323045","piha","\\u00fc\\u2028\\"\\\\\\u007f\\n\\ud83d\\ude80",' +
        '"container_restart","restart"]',
    ),
  );
});

Deno.test("approvalDigest: SHA-256 in hexadecimal, as Python's hashlib computes it", () => {
  assert.equal(
    approvalDigest(approved),
    "b2d5bedd36cdd5273fc23616fcab9680dcb7dd274fbf8cbab1576f5277272b0a",
  );
});

Deno.test("approvalDigest: text that wanders from one part into the next makes another digest", () => {
  const part = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 6 });
  fc.assert(fc.property(part, part, fc.constantFrom("", '","', ","), (node, service, between) => {
    const [head = "", ...tail] = service;
    assert.notEqual(
      approvalDigest({ ...approved, node, service: between + service }),
      approvalDigest({ ...approved, node: node + between + head, service: tail.join("") }),
    );
  }));
});

Deno.test("digestMatches: true for a proposal as it was written", () => {
  assert.equal(digestMatches(proposal()), true);
  assert.equal(digestMatches(proposal({ confidence: 0.1, description: "edited" })), true);
});

Deno.test("digestMatches: false as soon as target, action or id differ", () => {
  for (const key of ["action_id", "node", "service", "type"]) {
    assert.equal(digestMatches(proposal({ [key]: "other" })), false, key);
    assert.equal(digestMatches(proposal({ [key]: undefined })), false, key);
    assert.equal(digestMatches(proposal({ [key]: 7 })), false, key);
  }
  assert.equal(digestMatches(proposal({}, { action: "redeploy" })), false);
  for (const digest of ["", "0".repeat(64), 7, null, {}]) {
    assert.equal(digestMatches(proposal({}, { digest })), false);
  }
});

Deno.test("digestMatches: false where a part is no text, whatever digest that makes", () => {
  for (const node of [7, null, ["piha"], { node: "piha" }]) {
    const digest = approvalDigest({ ...approved, node });
    assert.equal(digestMatches(proposal({ node }, { digest })), false, JSON.stringify(node));
  }
});

Deno.test("digestMatches: undefined where there is no digest to compare", () => {
  for (const content of [undefined, null, 7, "", [], {}, { payload: null }, { payload: {} }]) {
    assert.equal(digestMatches(content), undefined);
  }
});
