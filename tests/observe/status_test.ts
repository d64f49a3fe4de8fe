import assert from "node:assert/strict";
import { createBacklog } from "../../lib/queue/backlog.ts";
import type { Files } from "../../lib/base/disk/files.ts";
import type { LinkState } from "../../lib/llm/router.ts";
import { createCounters } from "../../lib/observe/outcome.ts";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import { MOST_ROWS } from "../../lib/observe/status/record.ts";
import { createStatusBoard } from "../../lib/observe/status.ts";
import { parseStatus } from "../../lib/observe/status/record.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { targetKey } from "../../lib/event/target.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";
import { waitingEvent } from "../support/waiting_event.ts";

type StatusBoardOptions = Parameters<typeof createStatusBoard>[0];

const PATH = "/r/state/planner-agent.status.json";
/** The fake clock's start. */
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;

function world(
  links: readonly LinkState[] = [],
  { holdOf }: Pick<StatusBoardOptions, "holdOf"> = {},
) {
  const clock = fakeClock();
  const log = recordingLog();
  const disk = memoryFiles();
  disk.put("/r/state/keep", "");
  let writes = 0;
  const files: Files = {
    ...disk,
    writeUnsynced(path, text) {
      writes++;
      return disk.writeUnsynced(path, text);
    },
  };
  const store = createStore({ root: "/r", files, nonce: () => "n" });
  const backlog = createBacklog({ queueLimit: 1_000, cooldownSeconds: 300, clock });
  const counters = createCounters();
  const board = createStatusBoard({
    nodeName: "solaria",
    clock,
    log,
    store,
    backlog,
    counters,
    router: { snapshot: () => links },
    pid: 4711,
    ...(holdOf && { holdOf }),
  });
  return {
    clock,
    log,
    disk,
    backlog,
    counters,
    board,
    writes: () => writes,
    read() {
      const parsed = parseStatus(disk.text(PATH) ?? "");
      assert.ok("record" in parsed, JSON.stringify(parsed));
      return parsed.record;
    },
  };
}

Deno.test("createStatusBoard: what it writes can be read, and tells how the agent is", async () => {
  const { clock, backlog, counters, board, read, disk } = world([
    { link: "a", model: "a", state: "open", failures: 3, opensInMs: 20_000 },
    { link: "b", model: "b", state: "closed", failures: 0, opensInMs: 0 },
  ]);
  for (const service of ["one", "two", "three"]) backlog.add(waitingEvent({ service }));
  const [running, two, three] = [backlog.take(), backlog.take(), backlog.take()];
  assert.ok(running && two && three);
  backlog.finish(two, two.entry);
  const notBefore = clock.monotonic() + 30_000;
  backlog.finish(three, { ...three.entry, failures: 2, notBefore });
  backlog.joinCooldown(targetKey({ node: "vps", service: "traefik" }), 300_000, 0);
  counters.received();
  counters.ended("benign");
  await clock.advance(3_000);
  await board.write();

  const record = read();
  assert.deepEqual(disk.paths(), ["/r/state/keep", PATH]);
  assert.deepEqual(
    [record.node, record.pid, record.started, record.written, record.stopped],
    ["solaria", 4711, NOW, NOW + 3, null],
  );
  assert.deepEqual([record.diagnosing, record.queued, record.parked], [1, 1, 1]);
  assert.deepEqual(record.events.map((e) => [e.service, e.state, e.arrived, e.next_try, e.why]), [
    ["one", "diagnosing", NOW, null, undefined],
    ["two", "queued", NOW, null, undefined],
    ["three", "parked", NOW, NOW + 30, undefined],
  ]);
  assert.deepEqual(record.events[2], {
    node: "piha",
    service: "three",
    type: "service_unhealthy",
    severity: "error",
    state: "parked",
    arrived: NOW,
    failures: 2,
    next_try: NOW + 30,
  });
  assert.deepEqual(record.cooldowns, [{ node: "vps", service: "traefik", ends: NOW + 300 }]);
  assert.deepEqual(record.links.map((l) => [l.link, l.state, l.next_try]), [
    ["a", "open", NOW + 23],
    ["b", "closed", null],
  ]);
  assert.equal(record.since_start.outcomes.benign, 1);
  assert.deepEqual(record.minutes, [{ from: NOW - 1, received: 1, outcomes: { benign: 1 } }]);
});

Deno.test("createStatusBoard: what is kept back says why and until when", async () => {
  const start = fakeClock().monotonic();
  const { clock, backlog, board, read } = world([], {
    holdOf: ({ event, failures }) =>
      event.service === "held" || failures > 0
        ? { until: start + 600_000, why: "piha is offline" }
        : undefined,
  });
  for (const service of ["held", "parked", "postponed"]) backlog.add(waitingEvent({ service }));
  for (const failures of [undefined, 1, 0]) {
    const running = backlog.take();
    assert.ok(running);
    if (failures === undefined) {
      backlog.finish(running, { ...running.entry, notBefore: 1 });
      continue;
    }
    backlog.finish(running, {
      ...running.entry,
      failures,
      notBefore: clock.monotonic() + 30_000,
    });
  }
  await board.write();
  const record = read();
  assert.deepEqual([record.queued, record.parked], [2, 1]);
  assert.deepEqual(record.events.map((e) => [e.service, e.state, e.next_try, e.why]), [
    ["held", "held", NOW + 600, "piha is offline"],
    ["parked", "parked", NOW + 600, "piha is offline"],
    ["postponed", "held", NOW + 30, "another planner works on it"],
  ]);
  await clock.advance(30_000);
  const [, , later] = board.record().events;
  assert.deepEqual([later?.state, later?.next_try, later?.why], ["queued", null, undefined]);
});

Deno.test("createStatusBoard: what nothing changed is not written again, but once a minute", async () => {
  const { clock, board, backlog, writes, read } = world();
  backlog.add(waitingEvent());
  await board.write();
  for (let i = 0; i < 10; i++) {
    await clock.advance(3_000);
    await board.write();
  }
  assert.equal(writes(), 1);
  await clock.advance(29_999);
  await board.write();
  assert.equal(writes(), 1);
  await clock.advance(1);
  await board.write();
  assert.equal(writes(), 2);
  assert.equal(read().written, NOW + 60);
  await clock.advance(3_000);
  await board.write();
  assert.equal(writes(), 2);
  backlog.add(waitingEvent({ service: "other" }));
  await board.write();
  assert.equal(writes(), 3);
});

Deno.test("createStatusBoard: Redis, as an operator sees it", async () => {
  const { clock, board } = world();
  const redis = () => {
    const row = board.record().redis;
    return row && [row.state, row.since - NOW, row.detail || row.channels.join()];
  };
  const failure = { reason: "refused", detail: "Nothing listens." } as const;
  assert.equal(redis(), null);
  board.redis({ kind: "connecting" });
  await clock.advance(2_000);
  board.redis({ kind: "waiting", failure, attempt: 1, retryInMs: 1_000 });
  assert.deepEqual(redis(), ["waiting", 0, "Nothing listens."]);
  board.redis({ kind: "connecting" });
  assert.deepEqual(redis(), ["waiting", 0, "Nothing listens."]);
  board.redis({ kind: "waiting", failure, attempt: 2, retryInMs: 2_000 });
  assert.deepEqual(redis(), ["waiting", 0, "Nothing listens."]);
  await clock.advance(3_000);
  board.redis({ kind: "subscribed", channels: ["a"], refused: ["b"] });
  await clock.advance(10_000);
  board.redis({ kind: "subscribed", channels: ["a", "b"], refused: [] });
  assert.deepEqual(redis(), ["subscribed", 5, "a,b"]);
  board.redis({ kind: "subscribed", channels: ["a"], refused: ["b"] });
  assert.deepEqual(board.record().redis?.refused, ["b"]);
  board.redis({ kind: "connecting" });
  assert.deepEqual(redis(), ["connecting", 15, ""]);
});

Deno.test("createStatusBoard: a change of Redis is written at once, also during a write", async () => {
  const { board, read } = world();
  const first = board.write();
  board.redis({ kind: "connecting" });
  board.redis({ kind: "subscribed", channels: ["a"], refused: [] });
  await first;
  assert.equal(read().redis?.state, "subscribed");
});

Deno.test("createStatusBoard: at most 200 events and 200 cooldowns are named, all are counted", () => {
  const asked = new Set<string>();
  const { board, backlog } = world([], {
    holdOf: ({ key }) => void asked.add(key),
  });
  for (let i = 0; i < 300; i++) {
    backlog.add(waitingEvent({ service: `s${i}` }));
    backlog.joinCooldown(targetKey({ node: "n", service: `c${i}` }), 300_000, 0);
  }
  const record = board.record();
  assert.deepEqual([record.queued, record.events.length], [300, MOST_ROWS]);
  assert.deepEqual([record.cooling_down, record.cooldowns.length], [300, MOST_ROWS]);
  // The ones that started last, which end last.
  assert.equal(record.cooldowns.at(-1)?.service, "c299");
  assert.equal(asked.size, MOST_ROWS);
  for (let i = 0; i < 2; i++) backlog.take();
  const { diagnosing, events } = board.record();
  assert.deepEqual([diagnosing, events.length], [2, MOST_ROWS]);
  assert.deepEqual(events.slice(0, 3).map(({ state }) => state), [
    "diagnosing",
    "diagnosing",
    "queued",
  ]);
});

Deno.test("createStatusBoard: the last proposal and the end are written", async () => {
  const { clock, board, read } = world();
  const file = {
    action_id: "plan-a-b-1",
    node: "a",
    service: "b",
    payload: { action: "restart" },
  } as ActionFile;
  await clock.advance(1_000);
  board.proposed(file);
  await clock.advance(1_000);
  await board.close();
  const expected = { action_id: "plan-a-b-1", node: "a", service: "b", action: "restart" };
  assert.deepEqual(read().last_proposal, { ...expected, at: NOW + 1 });
  assert.equal(read().stopped, NOW + 2);
});

Deno.test("createStatusBoard: that it has stopped is written also where a write is under way", async () => {
  const { board, read } = world();
  void board.write();
  await board.close();
  assert.equal(read().stopped, NOW);
});

Deno.test("createStatusBoard: after its end it begins no file that it could leave half", async () => {
  const { board, writes } = world();
  await board.close();
  const before = writes();
  board.redis({ kind: "stopped" });
  await settle();
  assert.equal(writes(), before);
});

Deno.test("createStatusBoard: a clock that jumps moves all times along", async () => {
  const { clock, board } = world();
  clock.jump(86_400_000);
  assert.deepEqual([board.record().started, board.record().written], [NOW + 86_400, NOW + 86_400]);
  await clock.advance(1);
  clock.jump(1_000);
  assert.equal(board.record().started, NOW + 86_400);
  clock.jump(1);
  assert.equal(board.record().started, NOW + 86_401);
});

Deno.test("createStatusBoard: a disk that refuses is one line, and no leftover", async () => {
  const { board, disk, log, clock, read } = world();
  disk.fate = ({ op }) => op === "rename" ? systemError("ENOSPC") : "works";
  await board.write();
  await clock.advance(3_000);
  await board.write();
  assert.deepEqual(log.of("status_write_failed").map(({ code }) => code), ["ENOSPC"]);
  assert.deepEqual(disk.paths(), ["/r/state/keep"]);
  disk.fate = () => "works";
  await board.write();
  assert.equal(read().written, NOW + 3);
  disk.fate = ({ op }) => op === "create" ? systemError("EROFS") : "works";
  board.redis({ kind: "connecting" });
  await settle();
  assert.equal(log.of("status_write_failed").length, 2);
});
