import assert from "node:assert/strict";
import { redisListening } from "../../lib/intake/listener.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";

Deno.test("redisListening: for how long nothing was heard counts from the last loss", async () => {
  const clock = fakeClock();
  const deaf: number[] = [];
  const stop = new AbortController();
  const { run } = redisListening({
    url: "redis://127.0.0.1:1",
    names: ["a"],
    clock,
    log: recordingLog(),
    random: () => 0,
    lost: () => ({}),
    session(connection) {
      connection.hearing(["a"], (seconds) => void deaf.push(seconds));
      return new Promise((resolve) => {
        clock.after(20_000, () => resolve({ reason: "closed", detail: "" }));
      });
    },
  });
  const over = run(stop.signal);
  await clock.advance(21_250);
  assert.deepEqual(deaf, [0, 1.3]);
  await clock.advance(20_000);
  stop.abort();
  await over;
});
