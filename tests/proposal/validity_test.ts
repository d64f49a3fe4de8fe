import assert from "node:assert/strict";
import fc from "fast-check";
import { isStale, validUntil } from "../../lib/proposal/validity.ts";

const EVENT = Date.UTC(2026, 0, 2, 3, 4, 5);
const MINUTE = 60_000;

const until = (action: "restart" | "redeploy" | "notify", writtenMs = EVENT + MINUTE) =>
  validUntil(EVENT / 1000, { action, writtenMs });

Deno.test("validUntil: half an hour after the event for a repair, a day for a notice", () => {
  assert.equal(until("restart"), "2026-01-02T03:34:05Z");
  assert.equal(until("redeploy"), "2026-01-02T03:34:05Z");
  assert.equal(until("notify"), "2026-01-03T03:04:05Z");
});

Deno.test("validUntil: as long as the operator says", () => {
  const validity = { repairSeconds: 60, noticeSeconds: 120 };
  const options = { writtenMs: EVENT, validity };
  assert.equal(
    validUntil(EVENT / 1000, { action: "restart", ...options }),
    "2026-01-02T03:05:05Z",
  );
  assert.equal(validUntil(EVENT / 1000, { action: "notify", ...options }), "2026-01-02T03:06:05Z");
});

Deno.test("validUntil: counts from the event however late it is written", () => {
  const late = until("restart", EVENT + 45 * MINUTE);
  assert.equal(late, "2026-01-02T03:34:05Z");
  assert.equal(isStale({ payload: { valid_until: late } }, EVENT + 45 * MINUTE), true);
});

Deno.test("validUntil: a sender's clock that runs ahead gains nothing", () => {
  assert.equal(until("restart", EVENT - 20 * 60 * MINUTE), "2026-01-01T07:34:05Z");
});

Deno.test("validUntil: any time gives a time", () => {
  fc.assert(fc.property(fc.double(), (timestamp) => {
    const text = validUntil(timestamp, { action: "restart", writtenMs: EVENT });
    assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(Date.parse(text) <= EVENT + 30 * MINUTE);
  }));
});

Deno.test("isStale: from its time on", () => {
  const content = { payload: { valid_until: "2026-01-02T03:34:05Z" } };
  assert.equal(isStale(content, EVENT + 30 * MINUTE - 1), false);
  assert.equal(isStale(content, EVENT + 30 * MINUTE), true);
});

Deno.test("isStale: a proposal without the time never is, one with a damaged time always", () => {
  for (const content of [undefined, null, 7, "x", [], {}, { payload: null }, { payload: {} }]) {
    assert.equal(isStale(content, EVENT), false);
  }
  for (
    const valid_until of [
      null,
      "",
      0,
      9e99,
      "2099-01-01",
      "2099-01-01T00:00:00+01:00",
      "2099-13-01T00:00:00Z",
      "9".repeat(10_000),
      {},
    ]
  ) {
    assert.equal(isStale({ payload: { valid_until } }, EVENT), true, String(valid_until));
  }
});
