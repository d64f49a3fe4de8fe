import assert from "node:assert/strict";
import type { FailureKind } from "../../lib/llm/failure.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import { BROKEN, DOWN, GOOD, routing, scripted } from "../support/chain.ts";

Deno.test("route: after three failures in a row a link is skipped, then probed once", async () => {
  const first = scripted("a", [DOWN, DOWN, DOWN, DOWN, GOOD]);
  const { outcomes, clock, log, router } = routing([first, scripted("b", [GOOD])]);
  for (let i = 0; i < 3; i++) assert.deepEqual(await outcomes(), ["a@host refused", "b@host ok"]);
  assert.deepEqual(log.of("llm_link_open").map(({ seconds }) => seconds), [30]);

  await clock.advance(28_500);
  assert.deepEqual(await outcomes(), ["b@host ok"]);
  assert.deepEqual(log.of("llm_link_skipped"), [{
    level: "info",
    event: "llm_link_skipped",
    link: "a@host",
    model: "a",
    svc_key: "piha/mosquitto",
    retry_in_seconds: 2,
    next: "b@host",
  }]);
  assert.deepEqual(router.snapshot(), [
    { link: "a@host", model: "a", state: "open", failures: 3, opensInMs: 1_500 },
    { link: "b@host", model: "b", state: "closed", failures: 0, opensInMs: 0 },
  ]);

  await clock.advance(1_500);
  assert.deepEqual(await outcomes(), ["a@host refused", "b@host ok"]);
  assert.deepEqual(log.of("llm_link_open").map(({ seconds }) => seconds), [30, 60]);
  await clock.advance(59_999);
  assert.deepEqual(await outcomes(), ["b@host ok"]);
  await clock.advance(1);
  assert.deepEqual(await outcomes(), ["a@host ok"]);
  assert.equal(router.snapshot()[0]?.state, "closed");
});

Deno.test("route: while one request probes, others skip the link", async () => {
  const probe = Promise.withResolvers<string>();
  const first = scripted("a", [DOWN, DOWN, DOWN, probe.promise, GOOD]);
  const { outcomes, clock } = routing([first, scripted("b", [GOOD])]);
  for (let i = 0; i < 3; i++) await outcomes();
  await clock.advance(30_000);
  const probing = outcomes();
  assert.deepEqual(await outcomes(), ["b@host ok"]);
  probe.resolve(GOOD);
  assert.deepEqual(await probing, ["a@host ok"]);
  assert.deepEqual(await outcomes(), ["a@host ok"]);
});

Deno.test("route: an aborted probe lets the next request probe", async () => {
  const probe = Promise.withResolvers<string>();
  const first = scripted("a", [DOWN, DOWN, DOWN, probe.promise, GOOD]);
  const { outcomes, exhausted, clock } = routing([first, scripted("b", [GOOD])]);
  for (let i = 0; i < 3; i++) await outcomes();
  await clock.advance(30_000);
  const stop = new AbortController();
  const probing = exhausted(stop.signal);
  stop.abort();
  probe.resolve(GOOD);
  assert.deepEqual(await probing, ["a@host aborted"]);
  assert.deepEqual(await outcomes(), ["a@host ok"]);
});

Deno.test("route: an open link is asked when no later one can answer", async () => {
  const only = scripted("a", [DOWN]);
  const { exhausted } = routing([only]);
  for (let i = 0; i < 5; i++) assert.deepEqual(await exhausted(), ["a@host refused"]);
  assert.equal(only.asked.length, 5);
});

Deno.test("route: with all links open, all are asked", async () => {
  const { exhausted, log } = routing([scripted("a", [DOWN]), scripted("b", [DOWN])]);
  for (let i = 0; i < 5; i++) {
    assert.deepEqual(await exhausted(), ["a@host refused", "b@host refused"]);
  }
  assert.equal(log.of("llm_link_skipped").length, 0);
});

Deno.test("route: a link that opens is not tried again when another can answer", async () => {
  const { outcomes } = routing([scripted("a", [BROKEN]), scripted("b", [GOOD])]);
  assert.equal((await outcomes()).length, 3);
  assert.deepEqual(await outcomes(), ["a@host disconnected", "b@host ok"]);
  assert.deepEqual(await outcomes(), ["b@host ok"]);
});

Deno.test("route: wrong answers never open a link, and end a row of failures", async () => {
  const wrong: FailureKind[] = ["empty", "truncated"];
  const outcomes = [BROKEN, "no", ...wrong.map((kind) => new LinkError(kind, "")), BROKEN, "no"];
  const link = scripted("a", outcomes);
  const { exhausted, router } = routing([link, scripted("b", ["no"])]);
  for (let i = 0; i < 3; i++) await exhausted();
  assert.equal(link.asked.length, 6);
  assert.deepEqual(router.snapshot()[0], {
    link: "a@host",
    model: "a",
    state: "closed",
    failures: 0,
    opensInMs: 0,
  });
});
