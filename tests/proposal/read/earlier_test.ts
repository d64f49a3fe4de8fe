import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { type Files, realFiles } from "../../../lib/base/disk/files.ts";
import { createOutcomes } from "../../../lib/proposal/read/earlier.ts";
import { makeRuntime, runAgent } from "../../support/agent.ts";
import { fakeClock } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { plantLink } from "../../support/plant_link.ts";
import { sandbox } from "../../support/sandbox.ts";
import { systemError } from "../../support/system_error.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const EPOCH = 1_767_300_000;

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
    outcomesFor: createOutcomes({ root: "/r", files, clock, log }),
    /** Puts a proposal that came there at `atSeconds` since 1970 into a folder. */
    put(folder: string, name: string, { at = EPOCH, ...more }: Record<string, unknown> = {}) {
      files.put(`/r/actions/${folder}/${name}.json`, text({ updated_at: at, ...more }));
    },
  };
}

Deno.test("createOutcomes: every folder but pending, newest first", async () => {
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

Deno.test("createOutcomes: no folders, nothing known, nothing said", async () => {
  const { outcomesFor, log } = inMemory();
  assert.deepEqual(await outcomesFor(TARGET), []);
  assert.deepEqual(log.lines, []);
});

Deno.test("createOutcomes: a target whose names join to the same text is another", async () => {
  const { put, outcomesFor } = inMemory();
  const other = { node: "chelsty", service: "ha-mosquitto" };
  put("completed", `plan-chelsty-ha-mosquitto-${EPOCH}`, other);
  assert.deepEqual(await outcomesFor({ node: "chelsty-ha", service: "mosquitto" }), []);
  assert.equal((await outcomesFor(other)).length, 1);
});

Deno.test("createOutcomes: a copy that was left behind is the same proposal, further on", async () => {
  const { put, outcomesFor } = inMemory();
  for (const folder of ["completed", "approved", "running"]) {
    put(folder, `plan-piha-mosquitto-${EPOCH}`);
  }
  assert.deepEqual((await outcomesFor(TARGET)).map(({ became }) => became), ["completed"]);
});

Deno.test("createOutcomes: damaged, oversized and foreign files are passed over", async () => {
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

Deno.test("createOutcomes: only the newest files of a target are read", async () => {
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

Deno.test("createOutcomes: large files end the reading of a folder", async () => {
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

Deno.test("createOutcomes: a folder that cannot be read is told once, the others count", async () => {
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
    list(path) {
      listed.push(path.slice(root.length + "/actions/".length));
      return realFiles.list(path);
    },
  };
  const clock = fakeClock();
  const log = recordingLog();
  return {
    listed,
    outcomesFor: createOutcomes({ root, files, clock, log }),
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

Deno.test("createOutcomes: a folder is listed again when it has changed, and only then", async () => {
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

Deno.test("createOutcomes: the time of a completed file is that of its writing", async () => {
  using folder = sandbox();
  const { put, outcomesFor } = onDisk(folder.path);
  age(put("completed", `plan-piha-mosquitto-${EPOCH}`), 5);
  assert.deepEqual(
    (await outcomesFor(TARGET)).map(({ atMs }) => atMs),
    [Date.UTC(2026, 0, 1, 0, 5)],
  );
});

Deno.test("createOutcomes: a link is not followed", async () => {
  using folder = sandbox();
  const { put, outcomesFor } = onDisk(folder.path);
  const real = put("pending", "elsewhere");
  const link = join(folder.path, "actions/completed", `plan-piha-mosquitto-${EPOCH}.json`);
  plantLink(real, link);
  assert.deepEqual(await outcomesFor(TARGET), []);
});

Deno.test("createOutcomes: the agent proposes no fourth restart of what three did not mend", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const completed = join(folder.path, "actions/completed");
  for (let i = 0; i < 3; i++) {
    Deno.writeTextFileSync(join(completed, `plan-piha-mosquitto-${EPOCH + i}.json`), text());
  }
  const event = { type: "service_unhealthy", ...TARGET, severity: "error", timestamp: EPOCH + 9 };
  const replay = async (settings: Record<string, string>) => {
    const { code, out } = await runAgent(["replay", "-", "--dry-run", "--json"], {
      root: folder.path,
      settings: { LLM_CHAIN: "rules", ...settings },
      input: JSON.stringify(event),
    });
    const { type, description, payload: { action, policy } } = JSON.parse(out);
    return {
      code,
      type,
      description,
      action,
      rules: policy?.map(({ rule }: { rule: string }) => rule),
    };
  };
  const careful = await replay({});
  assert.deepEqual(
    [careful.code, careful.type, careful.action, careful.rules],
    [0, "notify", "notify", ["repeated_without_lasting_effect"]],
  );
  assert.match(careful.description, /^NOTIFY mosquitto on piha: not proposed as restart: /);
  const off = await replay({ OUTCOME_REPEATS: "0" });
  assert.deepEqual([off.type, off.rules], ["container_restart", undefined]);
});
