import assert from "node:assert/strict";
import { besideOthers } from "../../lib/planner/beside_others.ts";
import type { WaitingAction } from "../../lib/proposal/read/action_index.ts";
import { pipeline } from "../support/pipeline.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

function other(changes: Partial<WaitingAction> = {}): WaitingAction {
  return {
    actionId: "redeploy-piha-mosquitto",
    node: "piha",
    service: "mosquitto",
    remedy: "redeploy",
    word: "redeploy_service",
    own: false,
    by: "supervisor",
    sinceMs: NOW - 300_000,
    untilMs: undefined,
    gravity: -1,
    ...changes,
  };
}

const decision = {
  diagnosis: {
    action: "restart",
    node: "piha",
    service: "mosquitto",
    reason: "the disk is full",
    confidence: 0.9,
    requires_human: false,
  },
  changes: [],
} as const;

Deno.test("besideOthers: nobody else proposes anything", () => {
  assert.deepEqual(besideOthers(decision, [], NOW), { decision, others: [] });
});

Deno.test("besideOthers: the same remedy waits already, by whom and since when", () => {
  const same = other({ actionId: "0b9f", remedy: "restart", word: "restart_service" });
  assert.deepEqual(besideOthers(decision, [other(), same], NOW), {
    objected: {
      outcome: "held",
      line: "proposal_held",
      fields: { action_id: "0b9f", proposed_by: "supervisor", type: "restart_service" },
      detail: "supervisor proposed restart 5 min ago, as 0b9f",
    },
  });
});

Deno.test("besideOthers: one that is dated ahead was proposed just now", () => {
  const beside = besideOthers(
    decision,
    [other({ remedy: "restart", sinceMs: NOW + 3_600_000 })],
    NOW,
  );
  assert.match("objected" in beside ? beside.objected.detail ?? "" : "", / restart 0 s ago, as /);
});

Deno.test("besideOthers: another remedy is a second opinion that a person should know of", () => {
  const scale = other({
    actionId: "s1",
    remedy: undefined,
    word: "scale",
    by: "",
    sinceMs: undefined,
  });
  const beside = besideOthers(decision, [other(), scale], NOW);
  assert.ok("decision" in beside);
  assert.equal(
    beside.decision.diagnosis.reason,
    "supervisor proposes redeploy, another program proposes scale; the disk is full",
  );
  assert.deepEqual(beside.others, [
    {
      action_id: "redeploy-piha-mosquitto",
      proposed_by: "supervisor",
      type: "redeploy_service",
      since: "2026-01-02T02:59:05Z",
    },
    { action_id: "s1", type: "scale" },
  ]);
});

Deno.test("besideOthers: to ignore an event is nothing that could be doubled", () => {
  const ignored = { ...decision, diagnosis: { ...decision.diagnosis, action: "ignore" } } as const;
  assert.deepEqual(besideOthers(ignored, [other()], NOW), { decision: ignored, others: [] });
});

Deno.test("planner: while the same remedy waits the event is held, and its target cools down", async () => {
  let waiting: WaitingAction[] = [other({ remedy: "restart" })];
  const { publish, calls, ended, endings, clock, proposals, log } = pipeline({}, {
    others: () => waiting,
  });
  await publish();
  await calls[0]?.answer();
  assert.deepEqual(ended(), ["held piha/mosquitto"]);
  assert.match(endings[0]?.detail ?? "", /^supervisor proposed restart .* as redeploy-piha/);
  const line = log.lines.find(({ event }) => event === "proposal_held");
  assert.deepEqual([line?.svc_key, line?.action_id], ["piha/mosquitto", "redeploy-piha-mosquitto"]);
  await publish();
  assert.deepEqual([ended().at(-1), calls.length], ["cooldown piha/mosquitto", 1]);

  waiting = [];
  await clock.advance(300_000);
  await publish();
  await calls[1]?.answer();
  assert.equal(proposals.length, 1, "it was withdrawn meanwhile");
});

Deno.test("planner: another remedy is proposed, naming what else waits", async () => {
  const { publish, calls, endings } = pipeline({}, { others: () => [other()] });
  await publish();
  await calls[0]?.answer();
  const proposal = endings[0]?.proposal;
  assert.equal(
    proposal?.description,
    "RESTART mosquitto on piha: supervisor proposes redeploy; the container was killed",
  );
  assert.deepEqual(proposal?.payload.other_proposals?.map(({ action_id }) => action_id), [
    "redeploy-piha-mosquitto",
  ]);
});

Deno.test("besideOthers: of many that wait three are named", () => {
  const four = ["1", "2", "3", "4"].map((actionId) => other({ actionId }));
  const beside = besideOthers(decision, four, NOW);
  assert.ok("others" in beside);
  assert.deepEqual(beside.others.map(({ action_id }) => action_id), ["1", "2", "3"]);
  assert.equal(
    beside.decision.diagnosis.reason,
    `${"supervisor proposes redeploy, ".repeat(2)}supervisor proposes redeploy; the disk is full`,
  );
});
