import assert from "node:assert/strict";
import { faultHandler } from "../../../lib/cli/run/faults.ts";
import { recordingLog } from "../../support/log.ts";

/** A fault that was thrown through these frames. */
function thrown(...frames: readonly string[]): Error {
  const fault = new TypeError("reply is null");
  fault.stack = ["TypeError: reply is null", ...frames.map((frame) => `    at ${frame}`)].join(
    "\n",
  );
  return fault;
}

function lab() {
  const log = recordingLog();
  let ends = 0;
  return { ...faultHandler(log, () => void ends++), log, ends: () => ends };
}

Deno.test("faultHandler: what a connection throws is logged and counted, and the agent goes on", () => {
  const { handle, count, log, ends } = lab();
  assert.equal(count(), 0);
  handle(thrown("DataHandler.returnReply (file:///npm/ioredis/6.0.0/built/DataHandler.js:1:1)"));
  handle(null);
  assert.equal(ends(), 0);
  assert.deepEqual(log.lines.map(({ level, event, faults }) => [level, event, faults]), [
    ["error", "internal_fault", 1],
    ["error", "internal_fault", 2],
  ]);
  assert.equal(log.lines[0]?.effect, "the agent goes on");
  assert.equal(count(), 2);
});

Deno.test("faultHandler: what went through the pipeline or the queue ends the agent", () => {
  for (
    const path of [
      "planner.ts",
      "planner/decide.ts",
      "queue/journal.ts",
      "gate/flap.ts",
      "proposal/proposer.ts",
      "agent.ts",
      "agent/tick.ts",
    ]
  ) {
    const { handle, log, ends } = lab();
    handle(thrown("after (node:timers)", `step (file:///tmp/planner-agent/lib/${path}:10:5)`));
    assert.equal(ends(), 1, path);
    assert.match(String(log.lines[0]?.effect), /^the agent ends/);
    assert.equal(
      log.lines[0]?.error,
      "TypeError: reply is null     at after (node:timers)     at step " +
        `(file:///tmp/planner-agent/lib/${path}:10:5)`,
    );
  }
});

Deno.test("faultHandler: ten of them are too many, whatever they are", () => {
  const { handle, ends } = lab();
  for (let nth = 1; nth <= 9; nth++) handle(thrown("x (node:net)"));
  assert.equal(ends(), 0);
  handle("the tenth");
  assert.equal(ends(), 1);
});
