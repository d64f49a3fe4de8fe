import assert from "node:assert/strict";
import { interruptible } from "../../lib/cli/interruptible.ts";
import { recordingLog } from "../support/log.ts";

/** A program that is told by `signal`, and the statuses that it ended with. */
function lab() {
  const log = recordingLog();
  const exits: number[] = [];
  let signal = (_name: string) => {};
  let released = 0;
  const io = {
    onSignal(callback: (name: string) => void) {
      signal = callback;
      return () => void released++;
    },
    exit: (status: number) => exits.push(status) as never,
  };
  return { io, log, exits, signal: (name: string) => signal(name), released: () => released };
}

Deno.test("interruptible: the first signal stops, the second ends the process with status 1", () => {
  const { io, log, exits, signal, released } = lab();
  const { signal: stopping, release } = interruptible(io, log);
  signal("SIGINT");
  assert.deepEqual([stopping.aborted, exits], [true, []]);
  signal("SIGTERM");
  assert.deepEqual(exits, [1]);
  assert.deepEqual(log.lines.map(({ event, signal }) => [event, signal]), [
    ["shutdown_signal", "SIGINT"],
    ["shutdown_signal", "SIGTERM"],
  ]);
  release();
  assert.equal(released(), 1);
});

Deno.test("interruptible: who has something to do first ends it by himself", () => {
  const { io, log, exits, signal } = lab();
  const insisted: number[] = [];
  interruptible(io, log, (status) => insisted.push(status));
  for (let nth = 0; nth < 2; nth++) signal("SIGTERM");
  assert.deepEqual([insisted, exits], [[1], []]);
});
