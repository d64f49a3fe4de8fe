import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { openActionFiles } from "../../../lib/proposal/read/folders.ts";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import { findShown } from "../../../lib/cli/show/find.ts";
import { look, showJson } from "../../../lib/cli/show/look.ts";
import { showLines } from "../../../lib/cli/show/view.ts";
import type { ProposalOutcome } from "../../../lib/policy/earlier.ts";
import { makeRuntime } from "../../support/agent.ts";
import { runCommand } from "../../support/command.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { proposalFile } from "../../support/proposal_file.ts";
import { sandbox } from "../../support/sandbox.ts";

const ID = "plan-piha-mosquitto-1767323045";
const EVENT = 1_767_323_045_000;
const PLAIN = paletteFor({ isTerminal: false, env: () => undefined });

const NOTHING_KNOWN = {
  recoveredAt: () => undefined,
  outcomesFor: () => Promise.resolve([]),
  nowMs: EVENT,
};

/** What is shown of a proposal, a while after its event. */
async function shown(
  {
    text = proposalFile(),
    folders = ["pending"],
    root = "/r",
    afterMs = 600_000,
    recoveredMs,
    outcomes = [],
  }: {
    text?: string;
    folders?: string[];
    root?: string;
    afterMs?: number;
    recoveredMs?: number;
    outcomes?: readonly ProposalOutcome[];
  },
) {
  const files = memoryFiles();
  for (const folder of folders) files.put(`${root}/actions/${folder}/${ID}.json`, text);
  const found = await look(openActionFiles({ root, files }), ID, {
    recoveredAt: () => recoveredMs,
    outcomesFor: () => Promise.resolve(outcomes),
    nowMs: EVENT + afterMs,
  });
  if (!found) throw new Error("nothing was found");
  const lines = showLines(found, {
    nowMs: EVENT + afterMs,
    width: 80,
    palette: PLAIN,
    timeZone: "UTC",
  });
  return { lines, text: lines.join("\n"), json: showJson(found, EVENT + afterMs) };
}

Deno.test("show: one proposal whole", async () => {
  const policy = [
    { rule: "by_hand", field: "action", from: "redeploy", to: "restart" },
    { rule: "careful", field: "requires_human", from: false, to: true },
  ];
  const { lines } = await shown({ text: proposalFile({ requires_human: true }, { policy }) });
  assert.deepEqual(lines, [
    `${ID} in actions/pending`,
    "",
    "Proposal",
    "  action      restart mosquitto on piha",
    "  executor    container_restart, risk low, status pending",
    "  confidence  0.90",
    "  approver    a person only",
    "  reason      the container was killed",
    "",
    "The event",
    "  type     service_unhealthy, error",
    "  about    mosquitto on piha",
    "  when     2026-01-02 03:04:05 UTC, 10 min ago",
    "  channel  health_events",
    "  waited   2 s for its diagnosis",
    '  payload  { "exit_code": 137 }',
    "",
    "The model said",
    "  model       qwen2.5:7b",
    "  action      redeploy",
    "  a person    is not required",
    "  confidence  0.90",
    "  prompt      SHA-256",
    `              ${"ab".repeat(32)}`,
    "",
    "The rules changed",
    "  action          redeploy -> restart (by_hand)",
    "  requires_human  false -> true (careful)",
    "",
    "Attempts",
    "  link        outcome      took  error",
    "  qwen2.5:7b  not_json  4000 ms  no object in it",
    "  qwen2.5:7b  ok        3500 ms",
    "",
    "Can it still be approved?",
    "  valid until 2026-01-02T03:34:05Z",
    "  its digest matches id, target and action",
    "",
    "Next step",
    "  approve:",
    `    mv /r/actions/pending/${ID}.json /r/actions/approved/`,
    "  reject:",
    `    mv /r/actions/pending/${ID}.json /r/actions/rejected/`,
    "  The agent itself may not do that: it can propose, and nothing more.",
  ]);
});

Deno.test("show: stale, recovered, and from an earlier version", async () => {
  const stale = await shown({ afterMs: 1_800_000, recoveredMs: EVENT + 1_740_000 });
  assert.match(stale.text, /\n {2}stale: it was valid until 2026-01-02T03:34:05Z\n/);
  assert.match(stale.text, /\n {2}mosquitto recovered 1 min ago\n/);
  assert.match(stale.text, /\nNext step\n {2}Reject it: it is stale, .*\n {2}approve:\n/);
  assert.deepEqual([stale.json.stale, stale.json.recovered_at], [true, "2026-01-02T03:33:05.000Z"]);

  const { payload: { action, reason }, ...rest } = JSON.parse(proposalFile());
  const earlier = await shown({ text: JSON.stringify({ ...rest, payload: { action, reason } }) });
  assert.match(earlier.text, /\nAttempts\n {2}2, without details\n/);
  assert.match(earlier.text, /\nThe rules changed\n {2}nothing\n/);
  assert.match(
    earlier.text,
    /\n {2}it names no end of its validity\n {2}it has no digest to check\n/,
  );
  assert.deepEqual([earlier.json.stale, earlier.json.digest_matches], [false, null]);
});

Deno.test("show: what was altered is not to be approved", async () => {
  const { text, json } = await shown({ text: proposalFile({}, { digest: "0".repeat(64) }) });
  assert.match(text, /altered: id, target or action are not those of its digest/);
  assert.deepEqual(Object.keys(json.next as object), ["reject"]);
  assert.equal(json.digest_matches, false);
});

Deno.test("show: what was superseded says by what, and one command rejects the whole fold", async () => {
  const files = memoryFiles();
  const other = "plan-piha-mosquitto-1767323025";
  files.put(`/r/actions/pending/${ID}.json`, proposalFile());
  const text = proposalFile({ action_id: other, timestamp: 1_767_323_025 });
  files.put(`/r/actions/pending/${other}.json`, text);
  const nowMs = EVENT + 600_000;
  const done = { actionId: "plan-a-b-1", action: "restart", became: "completed" } as const;
  const found = await look(openActionFiles({ root: "/r", files }), ID, {
    recoveredAt: () => undefined,
    outcomesFor: () => Promise.resolve([{ ...done, atMs: nowMs - 3_000 }]),
    nowMs,
  });
  assert.ok(found);
  const shown = showLines(found, { nowMs, width: 80, palette: PLAIN, timeZone: "UTC" });
  assert.deepEqual(shown.slice(shown.indexOf("Can it still be approved?")), [
    "Can it still be approved?",
    "  valid until 2026-01-02T03:34:05Z",
    "  its digest matches id, target and action",
    "  superseded: restart completed 3 s ago",
    "",
    "Next step",
    "  Reject it: it is superseded, and a fault that is still there makes a new",
    "  proposal.",
    "  approve:",
    `    mv /r/actions/pending/${ID}.json /r/actions/approved/`,
    "  reject:",
    `    mv /r/actions/pending/${ID}.json /r/actions/rejected/`,
    "  reject all 2:",
    `    mv /r/actions/pending/${ID}.json /r/actions/pending/${other}.json /r/actions/rejected/`,
    "  The agent itself may not do that: it can propose, and nothing more.",
  ]);
  assert.equal(showJson(found, nowMs).superseded, "restart completed 3 s ago");
});

Deno.test("show: what is decided is not asked whether it can be approved", async () => {
  const { text } = await shown({ folders: ["completed"] });
  assert.equal(text.includes("approved?"), false);
  assert.match(text, /\nNext step\n {2}none: it lies in completed$/);
});

Deno.test("findShown: a beginning that only one id has, and NODE/SERVICE", async () => {
  const files = memoryFiles();
  const put = (place: string, changes: Record<string, unknown>) => {
    const action_id = place.split("/")[1];
    files.put(`/r/actions/${place}.json`, proposalFile({ action_id, ...changes }));
  };
  put("pending/plan-vps-traefik-1767323045", { node: "vps", service: "traefik" });
  put("pending/plan-vps-traefik-1767323015", { node: "vps", service: "traefik" });
  put("rejected/plan-vps-mail-1767323045", { node: "vps", service: "mail" });
  const find = (given: string) => findShown(openActionFiles({ root: "/r", files }), given);
  assert.deepEqual(await find("plan-vps-m"), { actionId: "plan-vps-mail-1767323045" });
  assert.deepEqual(await find("vps/mail"), { actionId: "plan-vps-mail-1767323045" });
  assert.deepEqual(await find("vps/traefik"), { actionId: "plan-vps-traefik-1767323045" });
  assert.equal(
    await find("plan-vps-t"),
    "'plan-vps-t' begins 2 ids: plan-vps-traefik-1767323045, plan-vps-traefik-1767323015",
  );
  assert.equal(
    await find("vps/traefix"),
    "there is no proposal 'vps/traefix'\nDid you mean plan-vps-traefik-1767323045 or " +
      "plan-vps-traefik-1767323015?",
  );
});

Deno.test("show: the next step of each folder", async () => {
  const commands = async (folder: string) => (await shown({ folders: [folder] })).json.next;
  assert.deepEqual(await commands("approved"), {
    cancel: `mv /r/actions/approved/${ID}.json /r/actions/cancelled/`,
  });
  for (const folder of ["running", "completed", "failed", "rejected", "cancelled"]) {
    assert.deepEqual(await commands(folder), {}, folder);
  }
  assert.match((await shown({ folders: ["failed"] })).text, /none: it lies in failed$/);
});

Deno.test("show: a path is quoted for the shell", async () => {
  const { text } = await shown({ root: "/srv/it's $HOME" });
  assert.equal(
    text.includes(
      `mv '/srv/it'\\''s $HOME/actions/pending/${ID}.json' '/srv/it'\\''s $HOME/actions/approved/'`,
    ),
    true,
  );
});

Deno.test("show: the same name in two folders is told", async () => {
  const { lines, json } = await shown({ folders: ["approved", "pending"] });
  assert.equal(lines[0], `${ID} in actions/pending (also in approved)`);
  assert.deepEqual(json.also_in, ["approved"]);
});

Deno.test("show: a damaged file says why", async () => {
  const { lines, json } = await shown({ text: "" });
  assert.deepEqual(lines, [
    `${ID} in actions/pending`,
    "",
    "Damaged: it is empty. Nobody can act on it.",
    "",
    "Next step",
    "  reject:",
    `    mv /r/actions/pending/${ID}.json /r/actions/rejected/`,
    "  The agent itself may not do that: it can propose, and nothing more.",
  ]);
  assert.deepEqual([json.damaged, "content" in json], ["it is empty", false]);
});

Deno.test("show: nothing in a file reaches the terminal but text", async () => {
  const evil = "x\x1b]0;owned\x07\x1b[2J\u202e\r";
  const text = proposalFile(
    { llm_model: evil, source_event: evil, status: evil },
    { reason: evil, policy: [{ rule: evil, field: evil, from: evil, to: evil }] },
  );
  const { lines } = await shown({ text });
  // deno-lint-ignore no-control-regex
  assert.deepEqual(lines.filter((line) => /[\x00-\x1f\x7f-\x9f\u202e]/.test(line)), []);
});

Deno.test("look: an id is no path", async () => {
  const files = memoryFiles();
  files.put("/r/secret.json", proposalFile());
  files.put("/r/actions/pending/.x.json", proposalFile());
  const actions = openActionFiles({ root: "/r", files });
  for (const id of ["../../secret", "../../../r/secret", "/r/secret", ".x", "", "..", "a/../x"]) {
    assert.equal(await look(actions, id, NOTHING_KNOWN), undefined, id);
  }
});

Deno.test("planner-agent show: for people and for programs, with or without .json", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const path = join(folder.path, "actions/completed", `${ID}.json`);
  Deno.writeTextFileSync(path, proposalFile({ status: "completed", executed_by: "größer" }));
  const [people, json] = await Promise.all([
    runCommand(["show", `${ID}.json`], { root: folder.path }),
    runCommand(["show", ID, "--json"], { root: folder.path }),
  ]);
  assert.deepEqual([people.code, people.err], [0, ""]);
  assert.match(people.out, new RegExp(`^${ID} in actions/completed\n`));
  assert.equal(json.code, 0);
  // ASCII, whatever the file holds.
  assert.match(json.out, /^[\n -~]*$/);
  const told = JSON.parse(json.out);
  assert.deepEqual([told.action_id, told.folder, told.also_in, told.stale, told.next], [
    ID,
    "completed",
    [],
    true,
    {},
  ]);
  assert.deepEqual(told.content, JSON.parse(Deno.readTextFileSync(path)));
});

Deno.test("planner-agent show: an unknown id suggests near ones", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  for (const place of [`pending/${ID}`, "rejected/plan-vps-traefik-1767323045"]) {
    Deno.writeTextFileSync(join(folder.path, "actions", `${place}.json`), proposalFile());
  }
  const [near, far, none, two] = await Promise.all([
    runCommand(["show", "plan-piha-mosqito-1767323045"], { root: folder.path }),
    runCommand(["show", "../../../../etc/passwd\x1b[2J"], { root: folder.path }),
    runCommand(["show"], { root: folder.path }),
    runCommand(["show", "a", "b"], { root: folder.path }),
  ]);
  assert.deepEqual(near, {
    code: 1,
    out: "",
    err:
      `planner-agent: there is no proposal 'plan-piha-mosqito-1767323045'\nDid you mean ${ID} or ` +
      "plan-vps-traefik-1767323045?\n",
  });
  assert.deepEqual(far, {
    code: 1,
    out: "",
    err: "planner-agent: there is no proposal '../../../../etc/passwd'\n",
  });
  for (const wrong of [none, two]) {
    assert.deepEqual([wrong.code, wrong.out], [2, ""]);
    assert.match(wrong.err, /Usage: planner-agent show ID/);
  }
});

Deno.test("findShown, showLines: another program's file, by its target", async () => {
  const files = memoryFiles();
  const id = "container-restart-chelsty-ha-homeassistant";
  const content = {
    action_id: id,
    type: "container_restart",
    node: "chelsty-ha",
    service: "homeassistant",
    location_tag: "chelsty",
    created_at: 1_767_323_045,
    transition_history: [
      { from: null, to: "pending", timestamp: "2026-01-02T03:04:05Z", by: "supervisor" },
    ],
  };
  files.put(`/r/actions/pending/${id}.json`, JSON.stringify(content));
  const actions = openActionFiles({ root: "/r", files });
  assert.deepEqual(await findShown(actions, "chelsty-ha/homeassistant"), { actionId: id });
  const nowMs = 1_767_323_045_000 + 3_600_000;
  const shown = await look(actions, id, {
    nowMs,
    recoveredAt: () => undefined,
    outcomesFor: () => Promise.resolve([]),
  });
  assert.ok(shown);
  const palette = paletteFor({ isTerminal: false, env: () => undefined });
  const text = showLines(shown, { nowMs, width: 100, palette }).join("\n");
  assert.match(text, /proposed by +supervisor\n/);
  assert.match(text, /location +chelsty\n/);
  assert.match(text, /What became of it\n +pending +by supervisor, 1 h ago\n/);
  assert.doesNotMatch(text, /The model said|Damaged/);
});

Deno.test("findShown: an id that lies in two folders is one; of several the first three are named", async () => {
  const files = memoryFiles();
  for (const folder of ["pending", "rejected"]) {
    files.put(`/r/actions/${folder}/${ID}.json`, proposalFile());
  }
  const actions = openActionFiles({ root: "/r", files });
  assert.deepEqual(await findShown(actions, "plan-piha"), { actionId: ID });
  for (let nth = 2; nth <= 6; nth++) {
    files.put(`/r/actions/pending/${ID}-${nth}.json`, proposalFile({ action_id: `${ID}-${nth}` }));
  }
  assert.match(
    String(await findShown(actions, "plan-piha")),
    /^'plan-piha' begins 6 ids: \S+, \S+, \S+ and 3 more$/,
  );
  assert.match(String(await findShown(actions, "")), /^there is no proposal ''/);
});

Deno.test("look: a fold is what waits for the same target and action, and nothing else", async () => {
  const files = memoryFiles();
  const put = (id: string, changes = {}, payload = {}) =>
    files.put(
      `/r/actions/pending/${id}.json`,
      proposalFile({ action_id: id, ...changes }, payload),
    );
  put(ID);
  put(`${ID}-2`);
  put(`${ID}-3`, { type: "service_redeploy" }, { action: "redeploy" });
  put("plan-piha-grafana-1767323045", { service: "grafana" });
  const actions = openActionFiles({ root: "/r", files });
  const found = await look(actions, ID, NOTHING_KNOWN);
  assert.deepEqual(found?.steps.map(({ verb }) => verb), ["approve", "reject", "reject all 2"]);
  assert.equal(
    found?.steps[2]?.command.split(" ").filter((word) => word.endsWith(".json")).sort().join(" "),
    `/r/actions/pending/${ID}-2.json /r/actions/pending/${ID}.json`,
  );
});

Deno.test("show: what a rule changed is shown as the model said it", async () => {
  const policy = [{ rule: "careful", field: "requires_human", from: false, to: true }];
  const { lines } = await shown({ text: proposalFile({ requires_human: true }, { policy }) });
  assert.ok(lines.includes("  a person    is not required"), lines.join("\n"));
});

Deno.test("show: what was approved in time and is old by now is not to be rejected for that", async () => {
  const { text } = await shown({ folders: ["approved"], afterMs: 86_400_000 });
  assert.doesNotMatch(text, /stale/);
});

Deno.test("show: what an audit does not tell is left out, and what it tells is told", async () => {
  const audited = async (audit: Record<string, unknown>) =>
    (await shown({ text: proposalFile({}, { audit }), afterMs: 7_200_000 })).text;
  const event = { channel: "health_events", severity: "error", payload: '{  "a":   1 }' };
  const bare = await audited({ event });
  assert.doesNotMatch(bare, /waited|before it was written/);
  assert.match(bare, /^ {2}payload +\{ "a": 1 \}$/m);
  assert.match(bare, /^Attempts\n {2}2, without details$/m);
  const whole = await audited({ event, waited_ms: 0, expired_when_written: true });
  assert.match(whole, /^ {2}waited +0 s for its diagnosis$/m);
  assert.match(whole, /^ {2}stale: it was valid until \S+, before it was written$/m);
});

Deno.test("show: on a terminal an attempt that failed is red, one that answered green", async () => {
  const files = memoryFiles();
  files.put(`/r/actions/pending/${ID}.json`, proposalFile());
  const found = await look(openActionFiles({ root: "/r", files }), ID, NOTHING_KNOWN);
  assert.ok(found);
  const palette = paletteFor({ isTerminal: true, env: () => undefined });
  const text = showLines(found, { nowMs: EVENT, width: 80, palette, timeZone: "UTC" }).join("\n");
  assert.ok(text.includes("\x1b[31mnot_json\x1b[0m"));
  assert.ok(text.includes("\x1b[32mok\x1b[0m"));
});

Deno.test("show: no line is wider than the terminal but a command", async () => {
  const reason = "a ".repeat(160);
  const { lines } = await shown({ text: proposalFile({}, { reason }) });
  assert.deepEqual(lines.filter((line) => line.length > 80 && !line.includes("mv ")), []);
});
