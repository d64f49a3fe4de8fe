import assert from "node:assert/strict";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import { settleProposals } from "../../lib/agent/resume.ts";
import { applyRecord, emptyState } from "../../lib/queue/state.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { targetKey } from "../../lib/event/target.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const target = { node: "piha", service: "mosquitto" };
const key = targetKey(target);
const ID = "plan-piha-mosquitto-1767323045";
const FILE = JSON.stringify({ action_id: ID, ...target });

/** Settles the state after a crash with proposal 1 announced, `serial` waiting, and these files. */
async function settled(
  files: Record<string, string>,
  serial = 1,
  { takesEvents = true, event = waitingEvent(), more = [] }: {
    takesEvents?: boolean;
    event?: ReturnType<typeof waitingEvent>;
    more?: readonly Parameters<typeof applyRecord>[1][];
  } = {},
) {
  const memory = memoryFiles();
  for (const [path, text] of Object.entries(files)) memory.put(`/r/actions/${path}`, text);
  const saved = emptyState();
  for (const record of more) applyRecord(saved, record);
  applyRecord(saved, { is: "waiting", serial, event, arrivedMs: 1, failures: 0 });
  const about = { node: event.node, service: event.service };
  applyRecord(saved, { is: "proposing", target: about, serial: 1, actionId: ID, atMs: 42 });
  const log = recordingLog();
  const announced: ActionFile[] = [];
  await settleProposals(saved, {
    store: createStore({ root: "/r", files: memory, nonce: () => "n" }),
    log,
    announce: (action) => Promise.resolve(announced.push(action) > 0 && takesEvents),
  });
  assert.equal(saved.proposing.size, takesEvents ? 0 : 1);
  return { saved, log, announced };
}

Deno.test("settleProposals: one that appeared is done, cools down and is announced", async () => {
  const { saved, log, announced } = await settled({ [`pending/${ID}.json`]: FILE });
  assert.equal(saved.waiting.size, 0);
  assert.deepEqual(
    saved.cooldowns,
    new Map([[key, { is: "cooldown", target, atMs: 42, gravity: 1 }]]),
  );
  assert.deepEqual(announced, [JSON.parse(FILE)]);
  assert.deepEqual(log.lines, [{
    level: "info",
    event: "proposal_found",
    action_id: ID,
    svc_key: "piha/mosquitto",
    folder: "pending",
  }]);
});

Deno.test("settleProposals: one that did not appear is diagnosed again, without a cooldown", async () => {
  const { saved, log, announced } = await settled({});
  assert.equal(saved.waiting.get(key)?.serial, 1);
  assert.equal(saved.cooldowns.size, 0);
  assert.deepEqual([announced, log.lines], [[], []]);
});

Deno.test("settleProposals: a newer event goes on waiting and will meet the cooldown", async () => {
  const { saved } = await settled({ [`pending/${ID}.json`]: FILE }, 2);
  assert.equal(saved.waiting.get(key)?.serial, 2);
  assert.equal(saved.cooldowns.get(key)?.atMs, 42);
});

Deno.test("settleProposals: one that a person has moved on since counts, and is not announced", async () => {
  for (const folder of ["approved", "running", "completed", "failed", "rejected", "cancelled"]) {
    const { saved, announced } = await settled({ [`${folder}/${ID}.json`]: FILE });
    assert.equal(saved.waiting.size, 0);
    assert.equal(saved.cooldowns.size, 1);
    assert.deepEqual(announced, []);
  }
});

Deno.test("settleProposals: a file of that name for another target is not the proposal", async () => {
  const other = JSON.stringify({ action_id: ID, node: "piha-mosquitto", service: "x" });
  for (const text of [other, "", "{", "null", "[]"]) {
    const { saved, announced } = await settled({ [`pending/${ID}.json`]: text });
    assert.equal(saved.waiting.get(key)?.serial, 1, text);
    assert.deepEqual([saved.cooldowns.size, announced], [0, []]);
  }
});

Deno.test("settleProposals: an event file that cannot be written is for the next run", async () => {
  const { saved } = await settled({ [`pending/${ID}.json`]: FILE }, 1, { takesEvents: false });
  assert.deepEqual([...saved.proposing.values()], [
    { is: "proposing", target, serial: 1, actionId: ID, atMs: 42 },
  ]);
  assert.equal(saved.cooldowns.size, 1);
});

Deno.test("settleProposals: a cooldown that began as late or later stays as it is", async () => {
  for (
    const [atMs, kept] of [[41, { atMs: 42, gravity: 1 }], [42, { atMs: 42 }], [43, { atMs: 43 }]]
  ) {
    const cooldown = { is: "cooldown", target, atMs: Number(atMs) } as const;
    const { saved } = await settled({ [`pending/${ID}.json`]: FILE }, 1, { more: [cooldown] });
    assert.deepEqual({ ...saved.cooldowns.get(key) }, { is: "cooldown", target, ...Object(kept) });
  }
});

Deno.test("settleProposals: that a node is offline has been told by its proposal", async () => {
  const event = waitingEvent({ node: "vps", service: "vps", type: "node_offline" });
  const offline = { is: "offline", node: "vps", atMs: 40 } as const;
  const file = JSON.stringify({ action_id: ID, node: "vps", service: "vps" });
  const { saved } = await settled({ [`pending/${ID}.json`]: file }, 1, { event, more: [offline] });
  assert.deepEqual(saved.offline, new Map([["vps", { ...offline, told: true }]]));
  const ofService = { [`pending/${ID}.json`]: FILE };
  const ofPiha = { is: "offline", node: "piha", atMs: 40 } as const;
  const { saved: untold } = await settled(ofService, 1, { more: [ofPiha] });
  assert.deepEqual(untold.offline, new Map([["piha", ofPiha]]));
  const { saved: still } = await settled({}, 1, { event, more: [offline] });
  assert.deepEqual(still.offline, new Map([["vps", offline]]));
});
