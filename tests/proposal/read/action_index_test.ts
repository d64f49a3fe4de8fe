import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { type Files, realFiles } from "../../../lib/base/disk/files.ts";
import { createActionIndex } from "../../../lib/proposal/read/action_index.ts";
import { makeRuntime } from "../../support/agent.ts";
import { fakeClock } from "../../support/clock.ts";
import { runCommand } from "../../support/command.ts";
import { recordingLog } from "../../support/log.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { plantLink } from "../../support/plant_link.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const EPOCH = 1_767_300_000;
const WINDOW_MS = 86_400_000;

function text(more: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...TARGET, timestamp: EPOCH, payload: { action: "restart" }, ...more });
}

function inMemory() {
  const files = memoryFiles();
  const log = recordingLog();
  const clock = fakeClock();
  return {
    files,
    log,
    clock,
    ...createActionIndex({ root: "/r", files, clock, log, windowMs: WINDOW_MS }),
    /** Puts a proposal that came there at `atSeconds` since 1970 into a folder. */
    put(folder: string, name: string, { at = EPOCH, ...more }: Record<string, unknown> = {}) {
      files.put(`/r/actions/${folder}/${name}.json`, text({ updated_at: at, ...more }));
    },
  };
}

Deno.test("outcomesFor: every folder but pending, newest first", async () => {
  const { put, outcomesFor } = inMemory();
  const folders = ["pending", "approved", "running", "completed", "failed", "rejected"];
  for (const [i, folder] of [...folders, "cancelled"].entries()) {
    put(folder, `plan-piha-mosquitto-${EPOCH + i}`, { at: EPOCH + i });
  }
  put("completed", `plan-piha-mosquitto-${EPOCH}-2`, {
    at: EPOCH + 100,
    payload: { action: "redeploy" },
  });
  assert.deepEqual(await outcomesFor(TARGET), [
    {
      actionId: `plan-piha-mosquitto-${EPOCH}-2`,
      action: "redeploy",
      became: "completed",
      atMs: (EPOCH + 100) * 1000,
    },
    ...["cancelled", "rejected", "failed", "completed", "running", "approved"].map((became, i) => ({
      actionId: `plan-piha-mosquitto-${EPOCH + 6 - i}`,
      action: "restart",
      became,
      atMs: (EPOCH + 6 - i) * 1000,
    })),
  ]);
});

Deno.test("outcomesFor: no folders, nothing known, nothing said", async () => {
  const { outcomesFor, log } = inMemory();
  assert.deepEqual(await outcomesFor(TARGET), []);
  assert.deepEqual(log.lines, []);
});

Deno.test("outcomesFor: a target whose names join to the same text is another", async () => {
  const { put, outcomesFor } = inMemory();
  const other = { node: "chelsty", service: "ha-mosquitto" };
  put("completed", `plan-chelsty-ha-mosquitto-${EPOCH}`, other);
  assert.deepEqual(await outcomesFor({ node: "chelsty-ha", service: "mosquitto" }), []);
  assert.equal((await outcomesFor(other)).length, 1);
});

Deno.test("outcomesFor: a copy that was left behind is the same proposal, further on", async () => {
  const { put, outcomesFor } = inMemory();
  for (const folder of ["completed", "approved", "running"]) {
    put(folder, `plan-piha-mosquitto-${EPOCH}`);
  }
  assert.deepEqual((await outcomesFor(TARGET)).map(({ became }) => became), ["completed"]);
});

Deno.test("outcomesFor: damaged, oversized and foreign files are passed over", async () => {
  const { put, files, outcomesFor, log } = inMemory();
  const name = (nth: number) => `plan-piha-mosquitto-${EPOCH}-${nth}`;
  files.put(`/r/actions/completed/${name(2)}.json`, '{"node": "piha"');
  put("completed", name(3), { padding: "x".repeat(300_000) });
  files.put(`/r/actions/completed/${name(4)}.json.bak`, text());
  files.put(`/r/actions/completed/.${name(5)}.json`, text());
  files.put(`/r/actions/completed/plan-piha-mosquitto-soon.json`, text());
  put("completed", name(6));
  assert.deepEqual((await outcomesFor(TARGET)).map(({ actionId }) => actionId), [name(6)]);
  assert.deepEqual(log.lines, []);
});

Deno.test("outcomesFor: only the newest files of a target are read", async () => {
  const { put, files, outcomesFor } = inMemory();
  for (let i = 0; i < 500; i++) {
    put("completed", `plan-piha-mosquitto-${EPOCH + i}`, { at: EPOCH + i });
    put("completed", `plan-piha-grafana-${EPOCH + i}`, { service: "grafana" });
  }
  const read: string[] = [];
  files.fate = ({ op, path }) => {
    if (op === "read") read.push(path);
    return "works";
  };
  const outcomes = await outcomesFor(TARGET);
  assert.equal(read.length, 32);
  assert.equal(outcomes.length, 32);
  assert.equal(outcomes[0]?.actionId, `plan-piha-mosquitto-${EPOCH + 499}`);
});

Deno.test("outcomesFor: repairs are found behind many notices", async () => {
  const { put, outcomesFor } = inMemory();
  for (let i = 0; i < 24; i++) {
    put("completed", `plan-piha-mosquitto-${EPOCH + i}`, {
      at: EPOCH + i,
      payload: { action: i < 4 ? "restart" : i < 8 ? "redeploy" : "notify" },
    });
  }
  const repairs = (await outcomesFor(TARGET)).filter(({ action }) => action !== "notify");
  assert.deepEqual(
    repairs.map(({ action }) => action),
    [...Array(4).fill("redeploy"), "restart", "restart", "restart"],
    "those that count, and no more",
  );
});

Deno.test("decidedFor: neither a copy, another remedy nor old repairs hide what was rejected", async () => {
  const { put, outcomesFor } = inMemory();
  const id = (nth: number) => `plan-piha-mosquitto-${EPOCH + nth}`;
  put("rejected", id(0));
  for (const folder of ["approved", "failed", "cancelled"]) put(folder, id(0));
  for (let nth = 1; nth < 12; nth++) {
    put("rejected", id(nth), {
      at: nth < 6 ? EPOCH : EPOCH - 2 * WINDOW_MS / 1000,
      timestamp: EPOCH - 3 * WINDOW_MS / 1000,
      payload: { action: nth < 6 || nth % 2 ? "redeploy" : "restart" },
    });
  }
  const restarts = (await outcomesFor(TARGET)).filter(({ action, atMs }) =>
    action === "restart" && atMs === EPOCH * 1000
  );
  assert.deepEqual(restarts.map(({ actionId, became }) => [actionId, became]), [
    [id(0), "failed"],
    [id(0), "rejected"],
    [id(0), "cancelled"],
  ]);
});

Deno.test("decidedFor: says where more was completed or rejected lately than is looked at", async () => {
  const lateEpoch = EPOCH + 20_000;
  const cases = {
    "one less than is kept": { folder: "rejected", count: 31, isCut: false },
    "as many as are kept": { folder: "rejected", count: 32, isCut: true },
    "completed ones": { folder: "completed", count: 32, isCut: true },
    "failed ones bound nothing": { folder: "failed", count: 32, isCut: false },
    "older than the window": { folder: "rejected", count: 32, at: EPOCH - 90_000, isCut: false },
    "times in the future": { folder: "rejected", count: 40, at: 99_999_990_000, isCut: true },
    "large ones": { folder: "rejected", count: 6, padding: 250_000, isCut: true },
    "large and old ones": {
      folder: "rejected",
      count: 6,
      padding: 250_000,
      at: EPOCH - 90_000,
      isCut: false,
    },
  };
  for (const [name, { isCut, folder, count, ...how }] of Object.entries(cases)) {
    const { put, decidedFor } = inMemory();
    const { at = lateEpoch, padding = 0 } = { at: undefined, padding: 0, ...how };
    for (let nth = 0; nth < count; nth++) {
      put(folder, `plan-piha-mosquitto-${at + nth}`, {
        padding: "x".repeat(padding),
        payload: { action: "notify" },
      });
    }
    assert.equal((await decidedFor(TARGET)).isCut, isCut, name);
  }
});

Deno.test("outcomesFor: large files end the reading of a folder", async () => {
  const { put, files, outcomesFor } = inMemory();
  for (let i = 0; i < 20; i++) {
    put("failed", `plan-piha-mosquitto-${EPOCH + i}`, { padding: "x".repeat(250_000) });
  }
  let read = 0;
  files.fate = ({ op }) => {
    if (op === "read") read++;
    return "works";
  };
  await outcomesFor(TARGET);
  assert.equal(read, 5, "the fifth passes 1 MiB");
});

Deno.test("outcomesFor: a folder that cannot be read is told once, the others count", async () => {
  const { put, files, outcomesFor, log } = inMemory();
  put("completed", `plan-piha-mosquitto-${EPOCH}`);
  put("rejected", `plan-piha-mosquitto-${EPOCH}-2`);
  files.fate = ({ path }) =>
    path.startsWith("/r/actions/rejected") ? systemError("EACCES", path) : "works";
  for (let i = 0; i < 2; i++) {
    assert.deepEqual((await outcomesFor(TARGET)).map(({ became }) => became), ["completed"]);
  }
  assert.deepEqual(log.lines.map(({ level, event, folder }) => [level, event, folder]), [
    ["warning", "outcomes_unreadable", "rejected"],
  ]);
  files.fate = () => "works";
  assert.equal((await outcomesFor(TARGET)).length, 2);
});

/** Real folders, and how often each was listed. */
function onDisk(root: string) {
  makeRuntime(root);
  const listed: string[] = [];
  const files: Files = {
    ...realFiles,
    eachName(path, take) {
      listed.push(path.slice(root.length + "/actions/".length));
      return realFiles.eachName(path, take);
    },
  };
  const clock = fakeClock();
  const log = recordingLog();
  return {
    listed,
    clock,
    ...createActionIndex({ root, files, clock, log, windowMs: WINDOW_MS }),
    put(folder: string, name: string, content = text()) {
      const path = join(root, "actions", folder, `${name}.json`);
      Deno.writeTextFileSync(path, content);
      return path;
    },
  };
}

/** Sets the time of a file and its folder to a day before the fake clock's. */
function age(path: string, minutes = 0) {
  const then = new Date(Date.UTC(2026, 0, 1) + minutes * 60_000);
  Deno.utimeSync(path, then, then);
  Deno.utimeSync(dirname(path), then, then);
}

Deno.test("outcomesFor: a folder is listed again when it has changed, and only then", async () => {
  using folder = sandbox();
  const { put, outcomesFor, listed } = onDisk(folder.path);
  for (const name of ["approved", "running", "failed", "rejected", "cancelled"]) {
    age(put(name, "plan-vps-x-1767300000"));
  }
  age(put("completed", `plan-piha-mosquitto-${EPOCH}`));
  assert.equal((await outcomesFor(TARGET)).length, 1);
  assert.equal(listed.length, 6);
  assert.equal((await outcomesFor(TARGET)).length, 1);
  assert.equal(listed.length, 6);

  age(put("completed", `plan-piha-mosquitto-${EPOCH + 1}`), 1);
  assert.equal((await outcomesFor(TARGET)).length, 2);
  assert.deepEqual(listed.slice(6), ["completed"]);
});

Deno.test("outcomesFor: what is decided within one tick of a folder's time is seen", async () => {
  using folder = sandbox();
  const clock = fakeClock();
  const { put, outcomesFor } = onDisk(folder.path);
  const sameTick = (path: string) => {
    const now = new Date(clock.now());
    for (const each of [path, dirname(path)]) Deno.utimeSync(each, now, now);
  };
  for (let nth = 1; nth <= 3; nth++) {
    sameTick(put("rejected", `plan-piha-mosquitto-${EPOCH + nth}`));
    assert.equal((await outcomesFor(TARGET)).length, nth);
  }
});

Deno.test("outcomesFor: the time of a completed file is that of its writing", async () => {
  using folder = sandbox();
  const { put, outcomesFor } = onDisk(folder.path);
  age(put("completed", `plan-piha-mosquitto-${EPOCH}`), 5);
  assert.deepEqual(
    (await outcomesFor(TARGET)).map(({ atMs }) => atMs),
    [Date.UTC(2026, 0, 1, 0, 5)],
  );
});

Deno.test("outcomesFor: a link is not followed", async () => {
  using folder = sandbox();
  const { put, outcomesFor } = onDisk(folder.path);
  const real = put("pending", "elsewhere");
  const link = join(folder.path, "actions/completed", `plan-piha-mosquitto-${EPOCH}.json`);
  plantLink(real, link);
  assert.deepEqual(await outcomesFor(TARGET), []);
});

Deno.test("outcomesFor: the agent knows of the restarts that did not last", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const completed = join(folder.path, "actions/completed");
  for (let i = 0; i < 3; i++) {
    Deno.writeTextFileSync(join(completed, `plan-piha-mosquitto-${EPOCH + i}.json`), text());
  }
  const proposed = await Promise.all(["mosquitto", "grafana"].map(async (service) => {
    const event = { type: "service_unhealthy", node: "piha", service, severity: "error" };
    const { out } = await runCommand(["replay", "-", "--dry-run", "--json"], {
      root: folder.path,
      settings: { LLM_CHAIN: "rules" },
      input: JSON.stringify({ ...event, payload: { status: "exited", exit_code: 1 } }),
    });
    return JSON.parse(out);
  }));
  assert.deepEqual(proposed.map(({ type }) => type), ["notify", "container_restart"]);
  assert.match(proposed[0]?.description, /a restart .* ago did not last/);
});

const SUPERVISOR = {
  action_id: "0b9f8f0e-7a55-4b1e-9a39-0d7c2f4f7d10",
  created_at: EPOCH,
  proposed_by: "supervisor",
  ...TARGET,
  action_type: "redeploy_service",
  risk_level: "guarded",
  status: "pending",
};

Deno.test("othersFor: what other programs propose is found by what it says, until it is withdrawn", async () => {
  const { files, othersFor, countWaiting } = inMemory();
  const path = `/r/actions/pending/${SUPERVISOR.action_id}.json`;
  files.put(path, JSON.stringify(SUPERVISOR));
  files.put("/r/actions/pending/plan-piha-mosquitto-1767300000.json", text());
  files.put("/r/actions/pending/else.json", JSON.stringify({ ...SUPERVISOR, service: "grafana" }));
  assert.deepEqual(await othersFor({ node: "piha", service: "Mosquitto" }), [{
    actionId: SUPERVISOR.action_id,
    ...TARGET,
    remedy: "redeploy",
    word: "redeploy_service",
    own: false,
    by: "supervisor",
    sinceMs: EPOCH * 1000,
    untilMs: undefined,
    gravity: -1,
  }]);
  const fault = { ...TARGET, type: "service_unhealthy", severity: "error" };
  assert.equal(await countWaiting(fault), 2);

  await files.makeFolder("/r/actions/cancelled");
  await files.rename(path, `/r/actions/cancelled/${SUPERVISOR.action_id}.json`);
  assert.deepEqual(await othersFor(TARGET), []);
  assert.equal(await countWaiting(fault), 1);
});

Deno.test("othersFor: a node's other name is the node, also where it stands for all of it", async () => {
  const files = memoryFiles();
  const put = (id: string, more: Record<string, unknown>) =>
    files.put(`/r/actions/pending/${id}.json`, JSON.stringify({ type: "restart", ...more }));
  put("a", { node: "Pi-Old", service: "mosquitto" });
  put("b", { node: "Pi-Old", service: "all" });
  const { othersFor } = createActionIndex({
    ...{ root: "/r", files, clock: fakeClock(), log: recordingLog(), windowMs: WINDOW_MS },
    aliases: new Map([["pi-old", "piha"]]),
  });
  const found = async (service: string) =>
    (await othersFor({ node: "piha", service })).map((each) => [each.actionId, each.service]);
  assert.deepEqual(await found("mosquitto"), [["a", "mosquitto"]]);
  assert.deepEqual(await found("piha"), [["b", "piha"]]);
});

Deno.test("othersFor: the planner's own file under another name is none of others", async () => {
  const { files, othersFor, countWaiting } = inMemory();
  files.put("/r/actions/pending/copy.json", text({ source_event: "service_unhealthy" }));
  assert.deepEqual(await othersFor(TARGET), []);
  const fault = { ...TARGET, type: "service_unhealthy", severity: "error" };
  assert.equal(await countWaiting(fault), 1);
});

Deno.test("countWaiting: all that wait are counted, also where no repairs are", async () => {
  const files = memoryFiles();
  for (let nth = 1; nth <= 9; nth++) {
    files.put(`/r/actions/pending/plan-piha-mosquitto-${EPOCH + nth}.json`, text());
  }
  const { countWaiting } = createActionIndex({
    ...{ root: "/r", files, clock: fakeClock(), log: recordingLog(), windowMs: WINDOW_MS },
    repeats: 0,
  });
  const fault = { ...TARGET, type: "service_unhealthy", severity: "error" };
  assert.equal(await countWaiting(fault), 9);
});

Deno.test("countWaiting: what is stale, or for a lesser fault, keeps nothing back", async () => {
  const { clock, files, countWaiting } = inMemory();
  const minutes = (from: number) => new Date(clock.now() + from * 60_000).toISOString();
  const file = (nth: number, severity: string, written: number) =>
    files.put(
      `/r/actions/pending/plan-piha-mosquitto-17673000${nth}.json`,
      JSON.stringify({
        ...JSON.parse(text()),
        timestamp: (clock.now() + written * 60_000) / 1000,
        payload: {
          action: "restart",
          valid_until: minutes(written + 30),
          audit: {
            proposed_at: minutes(written),
            event: { ...TARGET, type: "service_unhealthy", severity },
          },
        },
      }),
    );
  file(10, "warning", -10);
  file(11, "error", -10);
  file(12, "critical", -31);
  const fault = (severity: string) => ({ ...TARGET, type: "service_unhealthy", severity });
  assert.deepEqual(
    await Promise.all(["info", "warning", "error", "critical"].map(fault).map(countWaiting)),
    [2, 2, 1, 0],
  );
});

Deno.test("othersFor: a file that was half-written at first is read again", async () => {
  const { files, clock, othersFor } = inMemory();
  const path = "/r/actions/pending/container-restart-piha-mosquitto.json";
  const whole = JSON.stringify({ ...TARGET, type: "container_restart" });
  files.put(path, whole.slice(0, 20));
  await files.touch(path, clock.now());
  assert.deepEqual(await othersFor(TARGET), []);
  files.put(path, whole);
  await files.touch(path, clock.now() + 1);
  assert.deepEqual((await othersFor(TARGET)).map(({ remedy }) => remedy), ["restart"]);
});

Deno.test("outcomesFor: decided files of other programs count within the window", async () => {
  const { files, clock, outcomesFor } = inMemory();
  const put = async (id: string, ageMs: number, more: Record<string, unknown> = {}) => {
    files.put(`/r/actions/rejected/${id}.json`, JSON.stringify({ ...SUPERVISOR, ...more }));
    await files.touch(`/r/actions/rejected/${id}.json`, clock.now() - ageMs);
  };
  const at = new Date(clock.now() - 60_000).toISOString();
  await put("recent", 5_000, {
    transition_history: [{ from: "pending", to: "rejected", timestamp: at, by: "operator-anna" }],
  });
  await put("old", WINDOW_MS + 1);
  await put("rollback", 5_000, { action_type: "rollback" });
  assert.deepEqual(await outcomesFor(TARGET), [{
    actionId: "recent",
    became: "rejected",
    action: "redeploy",
    atMs: clock.now() - 60_000,
    by: "operator-anna",
  }]);
});

Deno.test("outcomesFor: a large folder is listed seldom, and what moves into it is followed", async () => {
  const memory = memoryFiles();
  const clock = fakeClock();
  const log = recordingLog();
  let listings = 0;
  const files: Files = {
    ...memory,
    async eachName(path, take) {
      if (path.endsWith("completed") && ++listings === 1) await clock.advance(1_000);
      await memory.eachName(path, take);
    },
  };
  const index = createActionIndex({ root: "/r", files, clock, log, windowMs: WINDOW_MS });
  const id = `plan-piha-mosquitto-${EPOCH}`;
  await memory.makeFolder("/r/actions/completed");
  memory.put(`/r/actions/running/${id}.json`, text());
  await index.warmUp();
  assert.deepEqual((await index.outcomesFor(TARGET)).map(({ became }) => became), ["running"]);
  await memory.rename(`/r/actions/running/${id}.json`, `/r/actions/completed/${id}.json`);
  assert.deepEqual((await index.outcomesFor(TARGET)).map(({ became }) => became), ["completed"]);
  assert.equal(listings, 1);
  await clock.advance(50_000);
  await index.outcomesFor(TARGET);
  assert.equal(listings, 2);
});

Deno.test("outcomesFor: what was found for 1,000 targets is remembered for 30 s", async () => {
  const files = memoryFiles();
  let looks = 0;
  const clock = fakeClock();
  const changedMs = clock.now() - 60_000;
  const index = createActionIndex({
    root: "/r",
    clock,
    log: recordingLog(),
    windowMs: WINDOW_MS,
    files: {
      ...files,
      async eachName(path, take) {
        if (path.endsWith("failed")) await take(`plan-n-s0-${EPOCH}.json`);
      },
      times: (path) => {
        if (path.endsWith(".json")) looks++;
        return Promise.resolve({ kind: "folder", bytes: 0, writtenMs: changedMs, changedMs });
      },
      read() {
        looks++;
        return Promise.resolve(undefined);
      },
    },
  });
  const ask = async (nth: number) => {
    looks = 0;
    await index.outcomesFor({ node: "n", service: `s${nth}` });
    return looks;
  };
  assert.equal(await ask(0), 1);
  for (let nth = 1; nth < 1_000; nth++) await ask(nth);
  assert.equal(await ask(0), 0, "one of 1,000");
  await ask(1_000);
  assert.equal(await ask(0), 1, "the last but 1,000");
  await clock.advance(29_999);
  assert.equal(await ask(0), 0);
  await clock.advance(1);
  assert.equal(await ask(0), 1);
});

Deno.test("othersFor: what 2,000 files say is remembered, the newest are read first", async () => {
  const { files, clock, othersFor, warmUp } = inMemory();
  for (let nth = 0; nth < 2_001; nth++) {
    const path = `/r/actions/pending/other-${nth}.json`;
    files.put(path, JSON.stringify({ node: "piha", service: `s${nth}`, type: "redeploy" }));
    await files.touch(path, clock.now() - nth * 1_000);
  }
  await warmUp();
  const read: string[] = [];
  files.fate = ({ op, path }) => {
    if (op === "read") read.push(path);
    return "works";
  };
  for (const service of ["s1", "s0"]) {
    assert.equal((await othersFor({ node: "piha", service })).length, 1);
  }
  assert.deepEqual(read, ["/r/actions/pending/other-0.json"]);
});

Deno.test("othersFor: a file that another took the place of is read again, though as old", async () => {
  const look = { kind: "file" as const, bytes: 1, writtenMs: 5, changedMs: 1_000 };
  let now = { ...look, text: text({ type: "restart" }) };
  const files = {
    async eachName(path: string, take: (name: string) => void) {
      if (path.endsWith("/pending")) await take("x.json");
    },
    times: (path: string) =>
      Promise.resolve(path.endsWith(".json") ? now : { ...look, kind: "folder" as const }),
    read: () => Promise.resolve(now),
  };
  const options = { root: "/r", clock: fakeClock(), log: recordingLog(), windowMs: WINDOW_MS };
  const { othersFor } = createActionIndex({ ...options, files });
  const remedies = async () => (await othersFor(TARGET)).map(({ remedy }) => remedy);
  assert.deepEqual(await remedies(), ["restart"]);
  now = { ...now, text: text({ payload: { action: "redeploy" } }) };
  assert.deepEqual(await remedies(), ["restart"]);
  now = { ...now, changedMs: 2_000 };
  assert.deepEqual(await remedies(), ["redeploy"]);
});

Deno.test("decidedFor: says where other programs left more than is read", async () => {
  for (const [folder, isCut] of [["rejected", true], ["failed", false]] as const) {
    const { files, clock, decidedFor } = inMemory();
    for (let nth = 0; nth < 70; nth++) {
      const path = `/r/actions/${folder}/other-${nth}.json`;
      files.put(path, "x".repeat(250_000));
      await files.touch(path, clock.now());
    }
    assert.equal((await decidedFor(TARGET)).isCut, isCut, folder);
  }
});
