import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import { supersededAmong } from "../../../lib/cli/pending/superseded.ts";
import { isReady, pendingJson, pendingLines } from "../../../lib/cli/pending/view.ts";
import type { ProposalOutcome } from "../../../lib/policy/earlier.ts";
import { readingActions } from "../../../lib/cli/reading.ts";
import { textWidth } from "../../../lib/cli/view/width.ts";
import type { WaitingProposal } from "../../../lib/proposal/read/waiting.ts";
import { TextLineStream } from "../../support/text_lines.ts";
import { agentCommand, makeRuntime } from "../../support/agent.ts";
import { runCommand } from "../../support/command.ts";
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
    proposedBy: "planner-agent",
    location: "",
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

const OPTIONS = {
  nowMs: NOW,
  width: 80,
  palette: PLAIN,
  superseded: new Map<string, string>(),
  folder: (name: string) => `/r/actions/${name}`,
};

const lines = (proposals: WaitingProposal[], options: Partial<typeof OPTIONS> = {}) =>
  pendingLines({ proposals, damaged: [], unread: 0 }, { ...OPTIONS, ...options });

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
    "  age  action    service    risk     approver  conf.  note",
    "piha",
    "5 min  restart   mosquitto  low      either     0.90  x2, recovered 2 min ago",
    "  plan-piha-mosquitto-1767323045  the container was killed, and nothing in the…",
    "  1 h  redeploy  redis      guarded  person     0.46  altered, stale",
    "  plan-piha-redis-1767319445  the container was killed, and nothing in the log…",
    "vps",
    "5 min  restart   traefik    low      either     0.90",
    "  plan-vps-traefik-1767323000  the container was killed, and nothing in the log…",
    "",
    "either: a person, or an executor whose own settings allow that. Nothing runs",
    "before its file is in actions/approved.",
  ]);
});

Deno.test("pendingLines: at 60 columns no note, name or id is cut; spare columns go", () => {
  const superseded = new Map([[
    "plan-chelsty-ha-home-assistant-1767323045",
    "restart completed 3 s ago",
  ]]);
  const shown = lines([
    proposal({
      actionId: "plan-chelsty-ha-home-assistant-1767323045",
      node: "chelsty-ha",
      service: "home-assistant",
      requiresHuman: true,
      recoveredMs: NOW - 1000,
    }),
  ], { width: 60, superseded });
  assert.deepEqual(shown, [
    "1 proposal waits for a person",
    "",
    "  age  action   service         risk  approver  note",
    "chelsty-ha",
    "5 min  restart  home-assistant  low   person    superseded:",
    "                                                restart",
    "                                                completed 3",
    "                                                s ago,",
    "                                                recovered 1",
    "                                                s ago",
    "  plan-chelsty-ha-home-assistant-1767323045  the container…",
    "",
    "1 proposal is superseded. This rejects it:",
    "  mv /r/actions/pending/plan-chelsty-ha-home-assistant-1767323045.json /r/actions/rejected/",
  ]);
});

Deno.test("isReady: nothing that is known speaks against it", () => {
  const superseded = new Map([["plan-x-1", "restart completed 3 s ago"]]);
  const ready = (changes: Partial<WaitingProposal>) => isReady(proposal(changes), superseded);
  assert.deepEqual(
    [{}, { stale: true }, { altered: true }, { recoveredMs: 0 }, { actionId: "plan-x-1" }].map(
      ready,
    ),
    [true, false, false, false, false],
  );
});

const outcome = (changes: Partial<ProposalOutcome> = {}): ProposalOutcome => ({
  actionId: "plan-piha-mosquitto-1767323050",
  action: "restart",
  became: "completed",
  atMs: NOW - 3_000,
  ...changes,
});
const supersede = (
  proposals: readonly WaitingProposal[],
  ...outcomes: readonly ProposalOutcome[]
) => supersededAmong(proposals, { outcomesFor: () => Promise.resolve(outcomes), nowMs: NOW });

Deno.test("supersededAmong: after one of a fold was decided, the others say so", async () => {
  const fold = [0, 20, 40].map((ago) =>
    proposal({
      actionId: `plan-piha-mosquitto-${EVENT - ago}`,
      timestamp: EVENT - ago,
      writtenMs: (EVENT - ago) * 1000 + 500,
    })
  );
  for (const became of ["approved", "running", "completed", "failed", "rejected"] as const) {
    assert.deepEqual(
      [...await supersede(fold, outcome({ became }))].map(([, why]) => why),
      Array(3).fill(`restart ${became} 3 s ago`),
    );
  }
});

Deno.test("supersededAmong: a fault after the decision is a new one", async () => {
  const after = proposal({ timestamp: EVENT + 299, writtenMs: NOW - 1_000 });
  assert.equal((await supersede([after], outcome())).size, 0);
  assert.equal((await supersede([after], outcome({ became: "rejected" }))).size, 0);
});

Deno.test("supersededAmong: a restart completed after its event marks a redeploy, a notify does not", async () => {
  const redeploy = proposal({ action: "redeploy", writtenMs: NOW });
  assert.equal(
    (await supersede([redeploy], outcome())).get(redeploy.actionId),
    "restart completed 3 s ago",
  );
  assert.equal((await supersede([redeploy], outcome({ action: "notify" }))).size, 0);
});

Deno.test("supersededAmong: of a service that flaps only the newer notify counts", async () => {
  const notify = proposal({ actionId: "plan-piha-mosquitto-1767323046", action: "notify" });
  const restart = proposal({ timestamp: EVENT - 60 });
  assert.deepEqual([...await supersede([notify, restart])], [
    [restart.actionId, "a newer notify waits"],
  ]);
});

Deno.test("supersededAmong: what the newest says counts, whatever lies between", async () => {
  const actions = ["restart", "redeploy", "restart"] as const;
  const three = actions.map((action, nth) =>
    proposal({ actionId: `plan-${nth}`, action, timestamp: EVENT - nth })
  );
  assert.deepEqual([...await supersede(three)], [["plan-1", "a newer restart waits"]]);
});

Deno.test("supersededAmong: a decision in the second in which it was written is one about it", async () => {
  const written = proposal({ writtenMs: NOW + 999 });
  assert.equal((await supersede([written], outcome({ atMs: NOW, became: "rejected" }))).size, 1);
  assert.equal(
    (await supersede([written], outcome({ atMs: NOW - 1, became: "rejected" }))).size,
    0,
  );
});

Deno.test("pendingLines: of very many that are superseded 200 are in one command", () => {
  const many = Array.from({ length: 250 }, (_, nth) => proposal({ actionId: `plan-${nth}` }));
  const superseded = new Map(many.map(({ actionId }) => [actionId, "restart completed"]));
  const [said, command = ""] = lines(many, { superseded }).slice(-2);
  assert.equal(said, "250 proposals are superseded. This rejects 200 of them:");
  assert.equal(command.split(" ").filter((word) => word.endsWith(".json")).length, 200);
  assert.match(command, /\/plan-199\.json \/r\/actions\/rejected\/$/);
});

Deno.test("pendingLines: one older file that was not read is told, too", () => {
  assert.match(
    pendingLines({ proposals: [], damaged: [], unread: 1 }, OPTIONS)[0] ?? "",
    /^0 proposals, and 1 older file/,
  );
  const [entry] = pendingJson({ proposals: [proposal()], damaged: [], unread: 1 }, OPTIONS).pending;
  assert.deepEqual([entry?.valid_until, entry?.age_seconds], [null, 300]);
});

Deno.test("pendingLines: damaged and unread files are told", () => {
  const damaged = [{ actionId: "plan-x-1", why: "it is empty" }];
  const options = OPTIONS;
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
    for (const line of lines([wide, proposal()], { width }).slice(2)) {
      assert.equal(textWidth(line) <= width, true, `${width}: ${line}`);
    }
  }
  assert.equal(
    lines([proposal()], { width: 20 }).includes("  plan-piha-mosquitto-1767323045"),
    true,
  );
});

Deno.test("pendingLines: colours do not move the columns", () => {
  const proposals = [proposal({ stale: true }), proposal({ node: "vps", altered: true })];
  const coloured = lines(proposals, { palette: COLOURED });
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
    runCommand(["pending"], options),
    runCommand(["pending", "--json"], options),
    runCommand(["pending", "--ids"], options),
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
  assert.match(people.out, /restart {2}mosquitto {2}low {3}either {5}0\.90 {2}stale\n/);
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
    proposed_by: "planner-agent",
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
    superseded: null,
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
  const replayed = await runCommand(["replay", "-"], {
    root: lab.root,
    input: `${JSON.stringify(healthy)}\n`,
    settings: { LLM_CHAIN: "rules" },
  });
  assert.equal(replayed.code, 0, replayed.err);
  const { out } = await runCommand(["pending", "--json"], { root: lab.root });
  const [{ recovered_at }] = JSON.parse(out).pending;
  assert.match(recovered_at, /^20\d\d-/);
});

Deno.test("planner-agent pending: says where it looked in vain", async () => {
  using folder = sandbox();
  const missing = await runCommand(["pending"], { root: folder.path });
  assert.deepEqual(missing, {
    code: 1,
    out: "",
    err: `planner-agent: there is no ${folder.path}/actions/pending; is RUNTIME_PATH right?\n`,
  });
  const elsewhere = await runCommand(["pending"], {
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
  const io = { env: () => folder.path, err: (line: string) => told += line };
  const status = await readingActions(io, () => {
    throw systemError("EACCES", "/r/actions/completed");
  });
  assert.equal(status, 1);
  assert.match(told, /^planner-agent: \/r\/actions\/completed cannot be read: this user has no/);
  const argument = await runCommand(["pending", "x"], { root: folder.path });
  assert.deepEqual([argument.code, argument.out], [2, ""]);
});

/** Five restarts for one outage, of which the newest was approved, and a fault on another node. */
function outage() {
  const folder = sandbox();
  makeRuntime(folder.path);
  const now = Math.floor(Date.now() / 1000);
  const put = (place: string, action_id: string, changes: Record<string, unknown> = {}) =>
    Deno.writeTextFileSync(
      join(folder.path, "actions", place, `${action_id}.json`),
      proposalFile({ action_id, ...changes }, { valid_until: "2099-01-01T00:00:00Z" }),
    );
  const ids = [80, 60, 40, 20].map((ago) => `plan-piha-immich-${now - ago}`);
  for (const id of ids) put("pending", id, { service: "immich", timestamp: Number(id.slice(-10)) });
  put("completed", `plan-piha-immich-${now - 10}`, {
    service: "immich",
    timestamp: now - 10,
    completed_at: new Date(now * 1000).toISOString(),
  });
  const traefik = `plan-vps-traefik-${now - 5}`;
  put("pending", traefik, { node: "vps", service: "traefik", timestamp: now - 5 });
  return { root: folder.path, ids, traefik, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("planner-agent pending: after a restart was done the rest of its fold is superseded", async () => {
  using lab = outage();
  const { out } = await runCommand(["pending"], { root: lab.root });
  assert.match(out, /immich +low +either +0\.90 +x4, superseded: restart/);
  assert.match(out, /\n4 proposals are superseded\. This rejects them:\n {2}mv /);
  const [command = ""] = /^ {2}mv .*$/m.exec(out) ?? [];
  for (const id of lab.ids) assert.ok(command.includes(`/pending/${id}.json `), id);
  assert.equal(command.includes(lab.traefik), false);
  assert.ok(command.endsWith(`${lab.root}/actions/rejected/`));
});

Deno.test("planner-agent pending: --ready and --node", async () => {
  using lab = outage();
  const ask = async (...more: string[]) =>
    (await runCommand(["pending", "--ids", ...more], { root: lab.root })).out.trimEnd().split("\n");
  assert.deepEqual(await ask("--ready"), [lab.traefik]);
  assert.deepEqual(await ask("--node", "vps"), [lab.traefik]);
  assert.deepEqual((await ask("--node", "piha")).sort(), [...lab.ids].sort());
  assert.deepEqual(await ask("--node", "piha", "--ready"), [""]);
  const said = async (...more: string[]) =>
    await runCommand(["pending", ...more], { root: lab.root });
  assert.equal(
    (await said("--node", "piah")).out,
    "No proposal that was asked for waits; 5 others do.\n",
  );
  assert.deepEqual(
    [(await said("--ids", "--json")).code, (await said("--ids", "--json")).err.split("\n")[0]],
    [2, "planner-agent: pending: --ids and --json contradict each other"],
  );
});

Deno.test("pendingLines: nothing of what was asked for is not nothing at all", () => {
  const none = (others: number) =>
    pendingLines({ proposals: [], damaged: [], unread: 0 }, { ...OPTIONS, others });
  assert.deepEqual(none(0), ["No proposal waits for a person."]);
  assert.deepEqual(none(1), ["No proposal that was asked for waits; 1 other does."]);
});

Deno.test("planner-agent pending: --watch lists ids again and again, too", async () => {
  using lab = outage();
  const child = agentCommand(["pending", "--watch", "--ids"], { root: lab.root }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  const seen: string[] = [];
  for await (const line of lines) {
    if (seen.push(line) === 10) child.kill("SIGTERM");
  }
  await child.stderr.cancel();
  assert.equal((await child.status).code, 0);
  assert.deepEqual(seen.slice(5), seen.slice(0, 5));
});

Deno.test("planner-agent pending: --watch goes on until it is told to stop", async () => {
  using lab = outage();
  const child = agentCommand(["pending", "--watch", "--json"], { root: lab.root }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  const [first, second] = [[], []] as unknown[][];
  let seen = 0;
  for await (const line of lines) {
    (seen++ === 0 ? first : second)?.push(...JSON.parse(line).pending);
    if (seen === 2) child.kill("SIGTERM");
  }
  await child.stderr.cancel();
  assert.equal((await child.status).code, 0);
  assert.deepEqual([first?.length, second?.length], [5, 5]);
});

Deno.test("pendingLines: another program's proposal, by whom and for which house", () => {
  const shown = lines([
    proposal({
      actionId: "container-restart-chelsty-ha-homeassistant",
      node: "chelsty-ha",
      service: "homeassistant",
      riskLevel: "",
      requiresHuman: null,
      confidence: null,
      proposedBy: "supervisor",
      location: "chelsty",
    }),
  ], { width: 120 });
  assert.match(shown.join("\n"), /restart +homeassistant +- +- +by supervisor, chelsty\n/);
});
