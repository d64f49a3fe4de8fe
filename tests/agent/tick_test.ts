import assert from "node:assert/strict";
import { startTicking } from "../../lib/agent/tick.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";

/** An agent's parts that note what is asked of them, ticking on a hand-moved clock. */
function ticking(tickMs?: number) {
  const clock = fakeClock();
  const log = recordingLog();
  const done: string[] = [];
  const self = { clock, log, done, heartbeat: (): Promise<void> => Promise.resolve() };
  const note = (what: string) => () => void done.push(what);
  const stop = startTicking({
    clock,
    log,
    store: {
      heartbeat(nowMs) {
        done.push(`heartbeat ${nowMs - started}`);
        return self.heartbeat();
      },
      configWrittenMs: () => Promise.resolve(0),
      readConfig: () => Promise.resolve(void done.push("silences")),
    },
    backlog: { prune: note("prune backlog") },
    journal: { rewrite: () => Promise.resolve(void done.push("rewrite")) },
    suppression: { prune: note("prune suppression") },
    useSilences: () => {},
    onJump: note("jump"),
    board: { write: () => Promise.resolve(void done.push("status")) },
    world: { look: () => Promise.resolve(void done.push("world")) },
    onTick: note("tick"),
    ...(tickMs !== undefined && { tickMs }),
  });
  return { ...self, stop, self };
}

const started = fakeClock().now();
const AT_START = ["world", "heartbeat 0", "silences", "status"];
const tick = (ms: number) => [
  "world",
  `heartbeat ${ms}`,
  "silences",
  "prune backlog",
  "prune suppression",
  "status",
  "tick",
];

Deno.test("startTicking: at once, every 3 s, and not after its end", async () => {
  const { clock, done, stop, log } = ticking();
  assert.deepEqual(done, AT_START);
  await clock.advance(2_999);
  assert.deepEqual(done, AT_START);
  await clock.advance(3_001);
  assert.deepEqual(done, [...AT_START, ...tick(3_000), ...tick(6_000)]);
  stop();
  assert.equal(clock.waiting, 0);
  assert.deepEqual(log.lines, []);
});

Deno.test("startTicking: more often when asked, never more seldom", async () => {
  const often = ticking(1_000);
  await often.clock.advance(1_000);
  assert.deepEqual(often.done, [...AT_START, ...tick(1_000)]);
  often.stop();
  const seldom = ticking(60_000);
  await seldom.clock.advance(3_000);
  assert.deepEqual(seldom.done, [...AT_START, ...tick(3_000)]);
  seldom.stop();
});

Deno.test("startTicking: a heartbeat that cannot be written is told once, until it works", async () => {
  const { clock, log, stop, self } = ticking();
  const full = Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
  self.heartbeat = () => Promise.reject(full);
  await clock.advance(9_000);
  assert.equal(log.of("heartbeat_failed").length, 1);
  self.heartbeat = () => Promise.resolve();
  await clock.advance(3_000);
  self.heartbeat = () => Promise.reject(full);
  await clock.advance(3_000);
  const said = log.of("heartbeat_failed");
  assert.deepEqual(said.map(({ level }) => level), ["warning", "warning"]);
  stop();
});

Deno.test("startTicking: a clock that jumps is told, the state is written anew, and silences are looked at", async () => {
  const { clock, log, done, stop } = ticking();
  await clock.advance(3_000);
  assert.ok(!done.includes("rewrite"));
  clock.jump(-3_600_000);
  await clock.advance(3_000);
  assert.deepEqual(done.slice(-2), ["rewrite", "jump"]);
  assert.deepEqual(log.of("clock_jumped").map(({ seconds }) => seconds), [-3_600]);
  await clock.advance(3_000);
  assert.equal(log.of("clock_jumped").length, 1);
  stop();
});

Deno.test("startTicking: each jump is told once, forwards and back; time that passes is none, and a small step is drift", async () => {
  const { clock, log, stop } = ticking();
  const jumps = () => log.of("clock_jumped").map(({ seconds }) => seconds);
  await clock.advance(30_000);
  assert.deepEqual(jumps(), []);
  for (const ms of [1_999, 1_999, 1_767_312_000_000, 0, -2_000, -1_999]) {
    clock.jump(ms);
    await clock.advance(3_000);
  }
  assert.deepEqual(jumps(), [1_767_312_000, -2]);
  stop();
});
