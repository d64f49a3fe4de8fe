import assert from "node:assert/strict";
import type { Action } from "../../lib/llm/diagnosis.ts";
import { laterAnnouncement } from "../../lib/observe/announcement.ts";
import { createFollowUps } from "../../lib/observe/follow_up.ts";
import { actionFile } from "../../lib/proposal/action_file.ts";
import { fakeClock } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

function lab() {
  const clock = fakeClock();
  const told: string[] = [];
  const followUps = createFollowUps({
    clock,
    tell: ({ kind, file, by }) => told.push([kind, file.action_id, by].filter(Boolean).join(" ")),
  });
  const atS = clock.now() / 1000;
  return {
    clock,
    told,
    ...followUps,
    propose(
      id: string,
      { service = "grafana", action = "restart" as Action, type = "service_unhealthy", ago = 0 } =
        {},
    ) {
      const event = waitingEvent({ node: "piha", service, type, timestamp: atS - ago });
      const file = actionFile({
        actionId: id,
        event,
        diagnosis: {
          action,
          node: "piha",
          service,
          reason: "it is unhealthy",
          confidence: 0.9,
          requires_human: true,
        },
        changes: [],
        modelUsed: "rules",
        attempts: [],
        waitedMs: 0,
        writtenMs: clock.now(),
      });
      followUps.onProposed(file);
      return file;
    },
    hear(type: string, { service = "grafana", later = 1, payload = {} } = {}) {
      const { excerpt: _, ...event } = waitingEvent({ node: "piha", service, type });
      followUps.onEnding({
        outcome: "benign",
        channel: "health_events",
        event: { ...event, payload, timestamp: atS + later },
      });
    },
    decide: (actionId: string, { service = "grafana", action = "restart" } = {}) =>
      followUps.onDecided({
        actionId,
        node: "piha",
        service,
        action,
        became: "approved",
        atMs: clock.now(),
        by: "",
        why: "",
      }),
  };
}

Deno.test("follow-up: a recovery of its target ends it, of no other and no earlier one", () => {
  const it = lab();
  it.propose("a");
  it.propose("b", { service: "nas" });
  for (const later of [-1, 0]) it.hear("service_healthy", { later });
  it.hear("disk_pressure_high");
  it.hear("backup_completed");
  assert.deepEqual(it.told, []);
  it.hear("service_healthy");
  it.hear("service_healthy", { later: 2 });
  assert.deepEqual(it.told, ["recovered a"]);
});

Deno.test("follow-up: a start does not end what only health does", () => {
  const it = lab();
  it.propose("a", { type: "container_unhealthy" });
  it.hear("container_started");
  assert.deepEqual(it.told, []);
  it.hear("alert", { payload: { status: "firing" } });
  assert.deepEqual(it.told, []);
  it.hear("container_healthy", { later: 2 });
  assert.deepEqual(it.told, ["recovered a"]);
});

Deno.test("follow-up: a decision ends the others of its fold, and a newer word the older one", () => {
  const it = lab();
  it.propose("a");
  it.propose("b");
  it.propose("redeploy", { service: "nas", action: "redeploy" });
  it.decide("another program's", { action: "rollback" });
  it.decide("elsewhere", { service: "web" });
  assert.deepEqual(it.told, []);
  it.decide("b");
  assert.deepEqual(it.told, ["superseded a b"]);
  it.decide("a");
  it.propose("notify", { service: "nas", action: "notify" });
  assert.deepEqual(it.told, ["superseded a b", "superseded redeploy notify"]);
});

Deno.test("follow-up: what nobody decides runs out, also where the wall clock jumps", async () => {
  const it = lab();
  it.propose("a");
  it.propose("stale", { service: "nas", ago: 3_600 });
  it.propose("decided", { service: "web" });
  it.decide("decided", { service: "web" });
  it.clock.jump(-600_000);
  await it.clock.advance(1_800_000);
  assert.deepEqual(it.told, []);
  await it.clock.advance(600_000);
  assert.deepEqual(it.told, ["expired a"]);
  assert.equal(it.clock.waiting, 0);
});

Deno.test("follow-up: of more than a thousand the oldest is left; closing leaves no timer", () => {
  const it = lab();
  for (let i = 0; i <= 1_000; i++) it.propose(`p${i}`, { service: `s${i}` });
  it.hear("service_healthy", { service: "s0" });
  it.hear("service_healthy", { service: "s1" });
  assert.deepEqual(it.told, ["recovered p1"]);
  it.close();
  assert.equal(it.clock.waiting, 0);
});

Deno.test("follow-up: the message names what took its place", () => {
  const file = lab().propose("a");
  assert.equal(
    laterAnnouncement({ kind: "superseded", file, by: "b" }),
    '{"action_id":"a","node":"piha","service":"grafana","action":"restart","risk_level":"low",' +
      '"kind":"superseded","superseded_by":"b"}',
  );
  assert.match(laterAnnouncement({ kind: "expired", file }), /"kind":"expired"}$/);
});

Deno.test("followUps: a clock that jumps ahead ends a proposal within an hour", async () => {
  const it = lab();
  it.propose("a", { action: "notify" });
  it.clock.jump(23.5 * 3_600_000);
  await it.clock.advance(3_600_000);
  assert.deepEqual(it.told, ["expired a"]);
  assert.equal(it.clock.waiting, 0);
});
