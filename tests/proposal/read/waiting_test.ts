import assert from "node:assert/strict";
import { openActionFiles } from "../../../lib/proposal/read/folders.ts";
import {
  foldByNode,
  recoveredSince,
  waitingProposals,
} from "../../../lib/proposal/read/waiting.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { proposalFile } from "../../support/proposal_file.ts";

const EVENT = 1_767_323_045;
const NOW = EVENT * 1000 + 600_000;

/** A proposal for a service on a node, `ago` seconds before the usual one. */
function homelab() {
  const files = memoryFiles();
  const actions = openActionFiles({ root: "/r", files });
  return {
    actions,
    put(
      { node = "piha", service = "mosquitto", ago = 0, nth = "", action = "restart" },
      payload: Record<string, unknown> = {},
    ) {
      const timestamp = EVENT - ago;
      const action_id = `plan-${node}-${service}-${timestamp}${nth}`;
      const text = proposalFile({ action_id, node, service, timestamp }, { action, ...payload });
      files.put(`/r/actions/pending/${action_id}.json`, text);
      return action_id;
    },
    touch: (id: string, ms: number) => files.touch(`/r/actions/pending/${id}.json`, ms),
    putText: (id: string, text: string) => files.put(`/r/actions/pending/${id}.json`, text),
  };
}

Deno.test("waitingProposals: newest event first, damaged files apart", async () => {
  const lab = homelab();
  const ids = [lab.put({ ago: 10 }), lab.put({ service: "redis" }), lab.put({ ago: 5 })];
  lab.putText("plan-x-y-1767323045", "");
  const { proposals, damaged, unread } = await waitingProposals(lab.actions, { nowMs: NOW });
  assert.deepEqual(proposals.map(({ actionId }) => actionId), [ids[1], ids[2], ids[0]]);
  assert.deepEqual(damaged, [{ actionId: "plan-x-y-1767323045", why: "it is empty" }]);
  assert.equal(unread, 0);
});

Deno.test("waitingProposals: of one moment, what was written last comes first", async () => {
  const lab = homelab();
  const [a = "", b = "", c = ""] = ["a", "b", "c"].map((service) => lab.put({ service }));
  for (const [nth, id] of [b, a, c].entries()) await lab.touch(id, NOW + nth * 1000);
  const { proposals } = await waitingProposals(lab.actions, { nowMs: NOW });
  assert.deepEqual(proposals.map(({ actionId }) => actionId), [c, a, b]);
});

Deno.test("waitingProposals: stale past valid_until, altered against the digest", async () => {
  const lab = homelab();
  lab.put({ service: "fresh" });
  lab.put({ service: "old" }, { valid_until: "2026-01-02T03:14:05Z" });
  lab.put({ service: "earlier" }, { valid_until: undefined, digest: undefined });
  lab.put({ service: "edited" }, { digest: "0".repeat(64) });
  const { proposals } = await waitingProposals(lab.actions, { nowMs: NOW });
  const marks = proposals.map(({ service, stale, altered }) => [service, stale, altered]);
  assert.deepEqual(marks.sort(), [
    ["earlier", false, false],
    ["edited", false, true],
    ["fresh", false, false],
    ["old", true, false],
  ]);
});

Deno.test("waitingProposals: of too many files the newest are read, the rest is counted", async () => {
  const lab = homelab();
  for (let ago = 0; ago < 5; ago++) lab.put({ ago });
  const { proposals, unread } = await waitingProposals(lab.actions, { nowMs: NOW, mostFiles: 2 });
  assert.deepEqual(proposals.map(({ timestamp }) => timestamp), [EVENT, EVENT - 1]);
  assert.equal(unread, 3);
});

Deno.test("waitingProposals: a recovery counts when it came after the event", async () => {
  const lab = homelab();
  lab.put({ service: "well" });
  lab.put({ service: "ill" });
  const recoveredAt = ({ service }: { service: string }) =>
    service === "well" ? EVENT * 1000 + 1 : EVENT * 1000;
  const { proposals } = await waitingProposals(lab.actions, { nowMs: NOW, recoveredAt });
  assert.deepEqual(
    proposals.map(({ service, recoveredMs }) => [service, recoveredMs]).sort(),
    [["ill", null], ["well", EVENT * 1000 + 1]],
  );
});

Deno.test("recoveredSince: not known where nothing is known", () => {
  const about = { node: "piha", service: "mosquitto", timestamp: EVENT, sourceEvent: "x" };
  assert.equal(recoveredSince(about, () => undefined), null);
});

Deno.test("foldByNode: same target and action fold to the newest, nodes by their newest", async () => {
  const lab = homelab();
  const newest = lab.put({ ago: 10 });
  lab.put({ ago: 20 });
  lab.put({ ago: 30 });
  lab.put({ ago: 15, nth: "-2", action: "notify" });
  const other = lab.put({ node: "chelsty", service: "ha-mosquitto", ago: 5 });
  const third = lab.put({ node: "chelsty-ha", service: "mosquitto", ago: 25 });
  const { proposals } = await waitingProposals(lab.actions, { nowMs: NOW });
  const folded = foldByNode(proposals).map(({ node, folds }) => [
    node,
    folds.map((fold) => [fold.newest.actionId, fold.count]),
  ]);
  assert.deepEqual(folded, [
    ["chelsty", [[other, 1]]],
    ["piha", [[newest, 3], [`plan-piha-mosquitto-${EVENT - 15}-2`, 1]]],
    ["chelsty-ha", [[third, 1]]],
  ]);
});

Deno.test("waitingProposals: 5,000 files are read", async () => {
  const lab = homelab();
  for (let ago = 0; ago < 5_001; ago++) lab.putText(`plan-piha-x-${EVENT - ago}`, "");
  const { damaged, unread } = await waitingProposals(lab.actions, { nowMs: NOW });
  assert.deepEqual([damaged.length, unread], [5_000, 1]);
});
