import assert from "node:assert/strict";
import { pipeline } from "../support/pipeline.ts";

/** How many lines the log has of each event. */
function counts(p: ReturnType<typeof pipeline>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { event } of p.log.lines) found[event] = (found[event] ?? 0) + 1;
  return found;
}

Deno.test("log: an event time that is wrong again and again is one line a window", async () => {
  const p = pipeline();
  for (let i = 0; i < 10; i++) await p.publish({ timestamp: `soon ${i}` });
  assert.deepEqual(p.log.of("event_time_replaced").map(({ sent, svc_key }) => [svc_key, sent]), [
    ["piha/mosquitto", "soon 0"],
  ]);
  await p.clock.advance(5_000);
  assert.deepEqual(p.log.of("event_time_replaced").map(({ repeated }) => repeated), [
    undefined,
    9,
  ]);
});

Deno.test("log: bad and well in turns is a line of each, and then counts", async () => {
  const p = pipeline({ flapChanges: 0 });
  await p.publish({ service: "running" });
  for (let i = 0; i < 10; i++) {
    await p.publish();
    await p.publish({ type: "service_recovered" });
  }
  assert.deepEqual(counts(p), {
    event_received: 3,
    benign_event_skipped: 1,
    recovered_before_diagnosis: 1,
  });
  await p.clock.advance(5_000);
  assert.equal(p.log.of("recovered_before_diagnosis").at(-1)?.repeated, 9);
});

Deno.test("log: that an event needs no action is said where LOG_LEVEL is debug, and only there", async () => {
  for (const [logLevel, lines] of [["debug", 1], ["info", 0]] as const) {
    const p = pipeline({ logLevel });
    await p.publish({ type: "service_healthy" });
    assert.equal(p.log.of("benign_event_skipped").length, lines);
    assert.equal(p.log.of("event_received").length, 1);
  }
});

Deno.test("log: what is held, ignored or not answered again and again is folded", async () => {
  const held = pipeline({ maxPendingPerService: 1 }, { pending: 1 });
  for (let i = 0; i < 10; i++) await held.publish();
  assert.deepEqual(counts(held), { event_received: 1, proposal_held: 1 });

  const ignored = pipeline({ cooldownSeconds: 0 });
  const failed = pipeline();
  for (let i = 0; i < 10; i++) {
    await ignored.publish({ node: "chelsty-ha" });
    await ignored.calls[i]?.answer({ action: "ignore" });
    await failed.publish();
    await failed.calls[i]?.fail();
  }
  assert.equal(ignored.counters.counts().outcomes.ignored, 10);
  assert.deepEqual(counts(ignored), {
    event_received: 1,
    policy_applied: 1,
    proposal_ignored: 1,
  });
  assert.deepEqual(counts(failed), {
    event_received: 1,
    llm_chain_exhausted: 1,
    event_parked: 1,
  });
});

Deno.test("log: a flood from ever new services is bounded, and hides no fault behind good news", async () => {
  const p = pipeline({ queueLimit: 10 });
  const encoder = new TextEncoder();
  const send = (event: Record<string, string>) =>
    p.planner.receive(encoder.encode(JSON.stringify({ node: "piha", ...event })), "health_events");
  for (let i = 0; i < 1_500; i++) {
    send({ service: `well-${i}`, type: "service_healthy" });
    send({ service: `bad-${i}`, type: "container_exited", timestamp: "soon" });
  }
  assert.deepEqual(counts(p), {
    event_received: 2_000,
    benign_event_skipped: 1_000,
    event_time_replaced: 1_000,
    event_dropped: 1_000,
  });
  await p.clock.advance(5_000);
  const leftOut = p.log.of("log_lines_left_out").map(({ of, lines }) => `${of} ${lines}`);
  assert.deepEqual(leftOut.sort(), [
    "benign_event_skipped 500",
    "event_dropped 489",
    "event_received 500",
    "event_received 500",
    "event_time_replaced 500",
  ]);
});

Deno.test("log: what was folded is told at a stop, of every kind of line", async () => {
  const p = pipeline();
  for (let i = 0; i < 3; i++) {
    await p.publishRaw("[]");
    await p.publishRaw("{}");
    await p.publish({ timestamp: "soon" });
    await p.publish({ node: "vps", type: "service_healthy" });
  }
  const stopped = p.planner.stop(0);
  await p.clock.advance(0);
  await stopped;
  const repeated = (event: string) => p.log.of(event).map(({ repeated }) => repeated);
  for (const event of ["malformed_message", "unparseable_event", "event_time_replaced"]) {
    assert.deepEqual(repeated(event), [undefined, 2], event);
  }
  assert.deepEqual(repeated("event_received"), [undefined, undefined, 2, 2]);
  assert.deepEqual(repeated("benign_event_skipped"), [undefined, 2]);

  const ignored = pipeline({ cooldownSeconds: 0 });
  for (let i = 0; i < 3; i++) {
    await ignored.publish();
    await ignored.calls[i]?.answer({ action: "ignore" });
  }
  const ruled = pipeline({ cooldownSeconds: 0 });
  for (let i = 0; i < 3; i++) {
    await ruled.publish();
    await ruled.calls[i]?.answer({ confidence: 0.1 });
  }
  await ruled.planner.stop(0);
  assert.deepEqual(ruled.log.of("policy_applied").map(({ repeated }) => repeated), [undefined, 2]);
  await ignored.planner.stop(0);
  assert.deepEqual(ignored.log.of("proposal_ignored").map(({ repeated }) => repeated), [
    undefined,
    2,
  ]);
});

Deno.test("log: rules that changed nothing, or what is over by then, are not told of", async () => {
  const certain = pipeline();
  await certain.publish();
  await certain.calls[0]?.answer();
  assert.equal(certain.proposals.length, 1);
  assert.equal(certain.log.of("policy_applied").length, 0);

  let looks = 0;
  let told = Promise.resolve();
  const p = pipeline({}, {
    outcomes() {
      // The second look is the policy's.
      if (++looks === 2) told = p.publish({ type: "service_recovered", severity: "info" });
      return [];
    },
  });
  await p.publish();
  await p.calls[0]?.answer({ confidence: 0.1 });
  await told;
  assert.deepEqual(p.ended(), ["benign piha/mosquitto", "recovered piha/mosquitto"]);
  assert.equal(p.log.of("policy_applied").length, 0);
});
