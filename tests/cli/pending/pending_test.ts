import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { openActionFiles } from "../../../lib/proposal/read/folders.ts";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import { pendingLines } from "../../../lib/cli/pending/view.ts";
import { reading } from "../../../lib/cli/reading.ts";
import { textWidth } from "../../../lib/cli/view/table.ts";
import { realFiles } from "../../../lib/base/disk/files.ts";
import type { WaitingProposal } from "../../../lib/proposal/read/waiting.ts";
import { makeRuntime, runAgent } from "../../support/agent.ts";
import { proposalFile } from "../../support/proposal_file.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";

const EVENT = 1_767_323_045;
const NOW = EVENT * 1000 + 300_000;

function proposal(changes: Partial<WaitingProposal> = {}): WaitingProposal {
  return {
    actionId: "plan-piha-mosquitto-1767323045",
    node: "piha",
    service: "mosquitto",
    type: "container_restart",
    action: "restart",
    riskLevel: "low",
    requiresHuman: false,
    confidence: 0.9,
    reason: "the container was killed, and nothing in the log says why",
    status: "pending",
    timestamp: EVENT,
    sourceEvent: "service_unhealthy",
    model: "qwen2.5:7b",
    attempts: 1,
    changes: [],
    validUntil: "",
    writtenMs: NOW,
    stale: false,
    altered: false,
    recoveredMs: null,
    ...changes,
  };
}

const PLAIN = paletteFor({ isTerminal: false, env: () => undefined });
const COLOURED = paletteFor({ isTerminal: true, env: () => undefined });

const lines = (proposals: WaitingProposal[], width = 80, palette = PLAIN) =>
  pendingLines({ proposals, damaged: [], unread: 0 }, { nowMs: NOW, width, palette });

Deno.test("pendingLines: nothing waits", () => {
  assert.deepEqual(lines([]), ["No proposal waits for a person."]);
});

Deno.test("pendingLines: by node, folded, with what speaks against approving", () => {
  const shown = lines([
    proposal({ recoveredMs: NOW - 120_000 }),
    proposal({ actionId: "plan-vps-traefik-1767323000", node: "vps", service: "traefik" }),
    proposal({ actionId: "plan-piha-mosquitto-1767322000", stale: true }),
    proposal({
      actionId: "plan-piha-redis-1767319445",
      service: "redis",
      action: "redeploy",
      riskLevel: "guarded",
      requiresHuman: true,
      confidence: 0.456,
      timestamp: EVENT - 3_600,
      stale: true,
      altered: true,
    }),
  ]);
  assert.deepEqual(shown, [
    "4 proposals wait for a person",
    "",
    "  age  action    service    risk     human  conf.  note",
    "piha",
    "5 min  restart   mosquitto  low      no      0.90  x2, recovered 2 min ago",
    "  plan-piha-mosquitto-1767323045  the container was killed, and nothing in the…",
    "  1 h  redeploy  redis      guarded  yes     0.46  altered, stale",
    "  plan-piha-redis-1767319445  the container was killed, and nothing in the log…",
    "vps",
    "5 min  restart   traefik    low      no      0.90",
    "  plan-vps-traefik-1767323000  the container was killed, and nothing in the log…",
  ]);
});

Deno.test("pendingLines: damaged and unread files are told", () => {
  const damaged = [{ actionId: "plan-x-1", why: "it is empty" }];
  const options = { nowMs: NOW, width: 80, palette: PLAIN };
  assert.deepEqual(pendingLines({ proposals: [], damaged, unread: 7 }, options), [
    "0 proposals, and 7 older files that were not read",
    "",
    "damaged file   why",
    "plan-x-1.json  it is empty",
  ]);
});

Deno.test("pendingLines: fit any width, but an id is never cut", () => {
  const wide = proposal({
    node: "node-with-a-rather-long-name-of-its-own",
    service: "日本語".repeat(20),
  });
  for (const width of [40, 60, 80, 200]) {
    for (const line of lines([wide, proposal()], width).slice(2)) {
      assert.equal(textWidth(line) <= width, true, `${width}: ${line}`);
    }
  }
  assert.equal(lines([proposal()], 20).includes("  plan-piha-mosquitto-1767323045"), true);
});

Deno.test("pendingLines: colours do not move the columns", () => {
  const proposals = [proposal({ stale: true }), proposal({ node: "vps", altered: true })];
  const coloured = lines(proposals, 80, COLOURED);
  assert.equal(coloured.some((line) => line.includes("\x1b[33mstale\x1b[0m")), true);
  // deno-lint-ignore no-control-regex
  assert.deepEqual(coloured.map((line) => line.replace(/\x1b\[\d+m/g, "")), lines(proposals));
});

/** A RUNTIME_PATH with a good, an edited and a damaged file in actions/pending. */
function homelab() {
  const folder = sandbox();
  makeRuntime(folder.path);
  const pending = join(folder.path, "actions/pending");
  const put = (name: string, text: string) => Deno.writeTextFileSync(join(pending, name), text);
  put("plan-piha-mosquitto-1767323045.json", proposalFile());
  put("plan-vps-traefik-1767323050.json", "{");
  put(".plan-vps-x-1767323050.abc.tmp", "{");
  const tree = () =>
    JSON.stringify(
      [...Deno.readDirSync(pending)].map(({ name }) => [
        name,
        Deno.statSync(join(pending, name)).mtime,
      ]).sort(),
    );
  return { root: folder.path, tree, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("planner-agent pending: for people, for programs, and ids alone", async () => {
  using lab = homelab();
  const before = lab.tree();
  // Another setting that is wrong does not keep a person from looking.
  const options = { root: lab.root, settings: { LLM_CHAIN: ",", LOG_LEVEL: "loud" } };
  const [people, json, ids] = await Promise.all([
    runAgent(["pending"], options),
    runAgent(["pending", "--json"], options),
    runAgent(["pending", "--ids"], options),
  ]);
  assert.deepEqual([people.code, people.err, json.code, json.err, ids.code, ids.err], [
    0,
    "",
    0,
    "",
    0,
    "",
  ]);
  assert.match(people.out, /^1 proposal waits for a person\n/);
  assert.match(people.out, /restart {2}mosquitto {2}low {3}no {6}0\.90 {2}stale\n/);
  assert.match(people.out, /plan-vps-traefik-1767323050\.json {2}it is not JSON\n$/);
  assert.equal(people.out.includes("\x1b"), false);
  assert.equal(ids.out, "plan-vps-traefik-1767323050\nplan-piha-mosquitto-1767323045\n");
  const { pending: [first, ...more], damaged, unread } = JSON.parse(json.out);
  const { age_seconds, ...rest } = first;
  assert.deepEqual([more.length, unread, Number.isSafeInteger(age_seconds)], [0, 0, true]);
  assert.deepEqual(rest, {
    action_id: "plan-piha-mosquitto-1767323045",
    node: "piha",
    service: "mosquitto",
    action: "restart",
    type: "container_restart",
    risk_level: "low",
    requires_human: false,
    confidence: 0.9,
    reason: "the container was killed",
    source_event: "service_unhealthy",
    timestamp: EVENT,
    llm_model: "qwen2.5:7b",
    valid_until: "2026-01-02T03:34:05Z",
    stale: true,
    altered: false,
    recovered_at: null,
  });
  assert.deepEqual(damaged, [{ file: "plan-vps-traefik-1767323050.json", why: "it is not JSON" }]);
  assert.equal(lab.tree(), before);
  assert.deepEqual([...Deno.readDirSync(join(lab.root, "state"))], []);
});

Deno.test("planner-agent pending: a recovery since the event, from the agent's history", async () => {
  using lab = homelab();
  const healthy = { type: "service_healthy", node: "piha", service: "mosquitto", severity: "info" };
  const replayed = await runAgent(["replay", "-"], {
    root: lab.root,
    input: `${JSON.stringify(healthy)}\n`,
    settings: { LLM_CHAIN: "rules" },
  });
  assert.equal(replayed.code, 0, replayed.err);
  const { out } = await runAgent(["pending", "--json"], { root: lab.root });
  const [{ recovered_at }] = JSON.parse(out).pending;
  assert.match(recovered_at, /^20\d\d-/);
});

Deno.test("planner-agent pending: says where it looked in vain", async () => {
  using folder = sandbox();
  const missing = await runAgent(["pending"], { root: folder.path });
  assert.deepEqual(missing, {
    code: 1,
    out: "",
    err: `planner-agent: there is no ${folder.path}/actions/pending; is RUNTIME_PATH right?\n`,
  });
  const elsewhere = await runAgent(["pending"], {
    root: folder.path,
    settings: { RUNTIME_PATH: "/usr/elsewhere" },
  });
  assert.equal(elsewhere.code, 1);
  assert.match(
    elsewhere.err,
    /\/usr\/elsewhere\/actions\/pending cannot be read: this program was/,
  );
  makeRuntime(folder.path);
  let told = "";
  const actions = openActionFiles({ root: folder.path, files: realFiles });
  const status = await reading({ err: (line) => told += line }, actions, () => {
    throw systemError("EACCES", "/r/actions/completed");
  });
  assert.equal(status, 1);
  assert.match(told, /^planner-agent: \/r\/actions\/completed cannot be read: this user has no/);
  const argument = await runAgent(["pending", "x"], { root: folder.path });
  assert.deepEqual([argument.code, argument.out], [2, ""]);
});
