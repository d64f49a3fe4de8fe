import assert from "node:assert/strict";
import { checkAgent, checkConfigFiles, checkPermissions } from "../../../lib/cli/check/settings.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { statusRecord, THEN } from "../../support/status_record.ts";
import { systemError } from "../../support/system_error.ts";

const ROOT = { runtimePath: "/r" };

async function configFiles(texts: Record<string, string>) {
  const files = memoryFiles();
  for (const [name, text] of Object.entries(texts)) files.put(`/r/config/${name}`, text);
  return (await checkConfigFiles(ROOT, files)).map(({ level, subject, code = "", detail }) => ({
    level,
    subject,
    code,
    detail,
  }));
}

Deno.test("checkConfigFiles: without files there is nothing to say", async () => {
  assert.deepEqual(await configFiles({}), []);
});

Deno.test("checkConfigFiles: valid ones, wrong ones and unknown ones", async () => {
  const found = await configFiles({
    "topology.json": '{"nodes":[{"name":"attic","role":"Pi"}]}',
    "policy.json": '{"rules":[{"name":1}]}',
    "polcy.json": "{}",
    "notes.txt": "",
  });
  assert.deepEqual(found.map(({ level, subject, code }) => [level, subject, code]), [
    ["ok", "config/topology.json", ""],
    ["failure", "config/policy.json", "config_file_invalid"],
    ["warning", "config/polcy.json", "config_file_unknown"],
  ]);
  assert.match(found[1]?.detail ?? "", /rules\[0\]/);
});

Deno.test("checkConfigFiles: of many unknown files the first twenty are named", async () => {
  const names = Array.from({ length: 25 }, (_, i) => `x${10 + i}.json`);
  const found = await configFiles(Object.fromEntries(names.map((name) => [name, "{}"])));
  assert.deepEqual(found.map(({ subject }) => subject).sort(), [
    ...names.slice(0, 20).map((name) => `config/${name}`),
  ]);
});

Deno.test("checkConfigFiles: a file that is too large is not read by the agent either", async () => {
  const found = await configFiles({ "policy.json": " ".repeat(1024 * 1024 + 1) });
  assert.deepEqual(found.map(({ code }) => code), ["config_file_invalid"]);
});

Deno.test("checkConfigFiles: a folder and a file that may not be read", async () => {
  const files = memoryFiles();
  files.put("/r/config/policy.json", "{}");
  files.fate = ({ op }) => op === "read" ? systemError("EACCES") : "works";
  const file = await checkConfigFiles(ROOT, files);
  assert.deepEqual(file.map(({ code }) => code), ["config_file_invalid"]);
  files.fate = ({ op }) => op === "list" ? systemError("EACCES") : "works";
  const folder = await checkConfigFiles(ROOT, files);
  assert.deepEqual(folder.map(({ code }) => code), ["folder_not_readable"]);
});

Deno.test("checkPermissions: what is not covered, and a program that could approve", async () => {
  const asked: unknown[] = [];
  const answering = (state: Deno.PermissionState) => (descriptor: Deno.PermissionDescriptor) => {
    asked.push(descriptor);
    return Promise.resolve({ state });
  };
  const well = await checkPermissions(ROOT, {
    uncovered: [],
    build: null,
    query: answering("denied"),
  });
  assert.deepEqual(well.map(({ level }) => level), ["ok", "ok"]);
  assert.deepEqual(asked, [{ name: "write", path: "/r/actions/approved" }]);

  const command = "./scripts/deno task compile";
  const uncovered = [{
    variable: "REDIS_URL" as const,
    value: "redis://a",
    message: `REDIS_URL redis://a: this binary was built for b. Build one for it: ${command}`,
    command,
  }];
  const bad = await checkPermissions(ROOT, { uncovered, build: null, query: answering("granted") });
  assert.deepEqual(bad.map(({ code, detail, remedy }) => [code, detail, remedy]), [
    [
      "permission_missing",
      "REDIS_URL redis://a: this binary was built for b",
      `Build one: ${command}`,
    ],
    [
      "permission_wide",
      "this program may write /r/actions/approved",
      "Use a compiled binary, which has no permission to approve.",
    ],
  ]);
});

Deno.test("checkAgent: none yet, running, stopped, silent, and a folder that may not be read", async () => {
  const files = memoryFiles();
  const nowMs = THEN * 1000;
  const told = async () =>
    (await checkAgent({ root: "/r", files, nowMs }))
      .map(({ check, level, code, detail }) => [check, level, code, detail]);
  const left = async (record: ReturnType<typeof statusRecord>, beatMs: number) => {
    files.put("/r/state/planner-agent.status.json", JSON.stringify(record));
    files.put("/r/state/planner-agent.heartbeat", "");
    await files.touch("/r/state/planner-agent.heartbeat", beatMs);
  };
  assert.deepEqual(await told(), [["agent", "ok", undefined, "none has run here yet"]]);
  await left(statusRecord({ parked: 2 }), nowMs - 3_000);
  const [running, ...problems] = await told();
  assert.deepEqual(running, ["agent", "ok", undefined, "runs, heartbeat 3 s ago"]);
  assert.deepEqual(problems.map(([, , code]) => code), ["events_parked"]);
  files.put("/r/config/silences.json", "7");
  assert.equal((await told()).length, 2, "files under config/ are looked at by themselves");
  await left(statusRecord({ stopped: THEN - 60 }), nowMs - 60_000);
  assert.deepEqual(await told(), [
    ["agent", "ok", undefined, "does not run; it was stopped at 2026-01-02T03:03:05Z"],
  ]);
  await left(statusRecord(), nowMs - 600_000);
  assert.deepEqual((await told()).map(([, , code]) => code), ["agent_silent"]);
  files.fate = ({ op }) => op === "read" ? systemError("EACCES") : "works";
  assert.deepEqual((await told()).map(([, , code]) => code), ["folder_not_readable"]);
});
