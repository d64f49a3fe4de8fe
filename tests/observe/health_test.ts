import assert from "node:assert/strict";
import { about, worst } from "../../lib/observe/health.ts";

Deno.test("about: a condition is as bad as its kind, with its own remedy or a better one", () => {
  const { fine, problem, skipped } = about("redis", "Redis");
  const of = { check: "redis", subject: "Redis" };
  assert.deepEqual(fine("there"), { ...of, level: "ok", detail: "there" });
  assert.deepEqual(skipped("off"), { ...of, level: "skipped", detail: "off" });
  assert.deepEqual(problem("model_missing", "gone"), {
    ...of,
    ...{ level: "failure", detail: "gone", code: "model_missing", remedy: "ollama pull NAME" },
  });
  assert.deepEqual(problem("agent_stopped", "at 3", "wait"), {
    ...of,
    ...{ level: "warning", detail: "at 3", code: "agent_stopped", remedy: "wait" },
  });
});

Deno.test("worst: a failure, then a warning, then nothing", () => {
  const { fine, problem, skipped } = about("redis", "Redis");
  const [warning, failure] = [problem("redis_old", ""), problem("redis_unavailable", "")];
  assert.equal(worst([warning, failure, fine("")]), "failure");
  assert.equal(worst([fine(""), warning]), "warning");
  assert.equal(worst([fine(""), skipped("")]), "ok");
});
