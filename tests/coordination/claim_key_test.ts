import assert from "node:assert/strict";
import fc from "fast-check";
import { claimKey } from "../../lib/coordination/redis_claim.ts";

Deno.test("claimKey: common names are left readable", () => {
  const target = { node: "chelsty-infra", service: "redis_7.2" };
  assert.equal(claimKey(target), "planner:claim:chelsty-infra/redis_7.2");
});

Deno.test("claimKey: whatever could be taken for something else is encoded", () => {
  const target = { node: "a/b:c", service: "{x} % ż*" };
  assert.equal(claimKey(target), "planner:claim:a%2Fb%3Ac/%7Bx%7D%20%25%20%C5%BC%2A");
});

Deno.test("claimKey: so is every sign that encodeURIComponent leaves, and half a character", () => {
  assert.equal(
    claimKey({ node: "!~*'()", service: "a\ud800" }),
    "planner:claim:%21%7E%2A%27%28%29/a%EF%BF%BD",
  );
});

Deno.test("claimKey: two pairs never share a key", () => {
  const name = fc.string({
    unit: fc.constantFrom("a", "/", "%", "2", "F", "-", ":", "{", "ż", "😀"),
    maxLength: 6,
  });
  const pair = fc.record({ node: name, service: name });
  fc.assert(fc.property(pair, pair, (one, other) => {
    const same = one.node === other.node && one.service === other.service;
    assert.equal(claimKey(one) === claimKey(other), same);
  }));
});
