import assert from "node:assert/strict";
import { type Journal, loadState, openJournal } from "../../lib/queue/journal.ts";
import {
  applyRecord,
  emptyState,
  type SavedState,
  type StateRecord,
} from "../../lib/queue/state.ts";
import { encodeHeader, encodeRecord } from "../../lib/queue/state_lines.ts";
import { decodeState } from "../support/decode_state.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { type MemoryFiles, memoryFiles, type Step } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";

const PATH = "/state/planner-agent.state";
const SECONDS = 1767323045;

const cooldown = (n: number): StateRecord => ({
  is: "cooldown",
  target: { node: "piha", service: `service-${n}` },
  atMs: n,
});

let nonces = 0;

/** A journal in memory whose snapshot is `live`, which every record goes to first. */
function journaling(files: MemoryFiles = memoryFiles()) {
  files.put("/state/README", "");
  const clock = fakeClock(SECONDS * 1000);
  const log = recordingLog();
  const live: StateRecord[] = [];
  const options = { path: PATH, files, clock, log, nonce: () => `n${++nonces}` };
  return {
    ...options,
    live,
    open: () => openJournal({ ...options, snapshot: () => live }),
    load: () => loadState(options),
    /** Changes the state and remembers it, as the agent does. */
    change(journal: Journal, record: StateRecord) {
      live.push(record);
      journal.append(record);
    },
  };
}

const stateAfter = (records: Iterable<StateRecord>): SavedState => {
  const state = emptyState();
  for (const record of records) applyRecord(state, record);
  return state;
};

/** What the next process reads. */
function found(files: MemoryFiles) {
  const decoded = decodeState(files.text(PATH) ?? "");
  assert.equal(decoded.kind, "state");
  return (decoded as Extract<typeof decoded, { kind: "state" }>).state;
}

const names = (files: MemoryFiles) =>
  files.paths().map((path) => path.slice("/state/".length)).filter((name) => name !== "README");

Deno.test("loadState: without a file there is nothing to remember", async () => {
  const { load, log, files } = journaling();
  assert.deepEqual(await load(), emptyState());
  assert.deepEqual(log.lines, []);
  assert.deepEqual(names(files), []);
});

Deno.test("loadState: reads what was written, and leaves a whole file where it is", async () => {
  const { load, log, files } = journaling();
  files.put(PATH, encodeHeader() + encodeRecord(cooldown(1)));
  assert.deepEqual(await load(), stateAfter([cooldown(1)]));
  assert.deepEqual(log.lines, []);
  assert.deepEqual(names(files), ["planner-agent.state"]);
});

Deno.test("loadState: a damaged file is set aside whole, and what can be read is kept", async () => {
  const whole = encodeHeader() + encodeRecord(cooldown(1)) + encodeRecord(cooldown(2));
  const damaged: [string, StateRecord[]][] = [
    ["", []],
    ["\0".repeat(4_096), []],
    ["[1,2]\n", []],
    [whole.slice(0, 5), []],
    [whole.slice(0, -20), [cooldown(1)]],
    [`${whole}\0\0\0\0`, [cooldown(1), cooldown(2)]],
    [whole.replace("cooldown", "cooled"), [cooldown(2)]],
  ];
  for (const [text, kept] of damaged) {
    const { load, log, files } = journaling();
    files.put(PATH, text);
    assert.deepEqual(await load(), stateAfter(kept), JSON.stringify(text.slice(0, 40)));
    assert.deepEqual(log.lines, [{
      level: "warning",
      event: "state_set_aside",
      path: PATH,
      aside: `${PATH}.damaged-${SECONDS}`,
      reason: "damaged; what could be read is kept",
      waiting: 0,
      cooldowns: kept.length,
    }]);
    assert.equal(files.text(`${PATH}.damaged-${SECONDS}`), text);
    // As long as it can be read, it stays until a new one takes its place.
    assert.equal(files.text(PATH), kept.length > 0 ? text : undefined);
  }
});

Deno.test("loadState: a second crash before the new file is written loses nothing", async () => {
  for (const links of [true, false]) {
    for (let at = 1;; at++) {
      const { load, open, files } = journaling();
      files.put(PATH, `${encodeHeader()}${encodeRecord(cooldown(1))}{"is":"wai`);
      let steps = 0;
      files.fate = ({ op }) => {
        if (++steps === at) return "crash";
        return op === "link" && !links ? systemError("EPERM") : "works";
      };
      const end = await Promise.race([load().then(() => "loaded"), files.crashed]);
      const again = journaling(files.afterKill());
      assert.deepEqual(await again.load(), stateAfter([cooldown(1)]), `step ${at}`);
      if (end !== "loaded") continue;
      files.fate = () => "works";
      await (await open()).close();
      assert.equal(files.text(PATH), encodeHeader(), "the next state replaces it");
      assert.match(files.text(`${PATH}.damaged-${SECONDS}`) ?? "", /\{"is":"wai$/);
      break;
    }
  }
});

Deno.test("loadState: a file that the disk cannot read is set aside like a damaged one", async () => {
  const { load, log, files } = journaling();
  files.put(PATH, encodeHeader());
  files.fate = ({ op }) => op === "read" ? systemError("EIO") : "works";
  assert.deepEqual(await load(), emptyState());
  assert.equal(log.of("state_set_aside").length, 1);
  assert.deepEqual(names(files), [`planner-agent.state.damaged-${SECONDS}`]);
});

Deno.test("loadState: a later version's file is set aside unchanged and never overwritten", async () => {
  const later = '{"planner_state":7}\nunheard-of\n';
  const { load, open, change, log, files } = journaling();
  files.put(PATH, later);
  assert.deepEqual(await load(), emptyState());
  assert.equal(
    log.of("state_set_aside")[0]?.reason,
    "written by a later version (7); this one starts without it",
  );
  const journal = await open();
  change(journal, cooldown(1));
  await journal.close();
  files.put(PATH, later.replace("7", "8"));
  await load();
  assert.equal(files.text(`${PATH}.later-version-${SECONDS}`), later);
  assert.equal(files.text(`${PATH}.later-version-${SECONDS}-2`), later.replace("7", "8"));
});

Deno.test("loadState: keeps five damaged files, the one just set aside among them", async () => {
  const { load, files } = journaling();
  for (let n = 1; n <= 7; n++) files.put(`${PATH}.damaged-190000000${n}`, String(n));
  files.put(`${PATH}.later-version-1`, "later");
  files.put(PATH, "damaged");
  await load();
  assert.deepEqual(names(files), [
    `planner-agent.state.damaged-${SECONDS}`,
    "planner-agent.state.damaged-1900000004",
    "planner-agent.state.damaged-1900000005",
    "planner-agent.state.damaged-1900000006",
    "planner-agent.state.damaged-1900000007",
    "planner-agent.state.later-version-1",
  ]);
});

Deno.test("loadState: old damage that cannot be removed does not keep the agent from starting", async () => {
  const { load, files } = journaling();
  for (let n = 1; n <= 7; n++) files.put(`${PATH}.damaged-${n}`, "");
  files.put(PATH, encodeHeader() + encodeRecord(cooldown(1)) + "half");
  files.fate = ({ op }) => op === "remove" ? systemError("EROFS") : "works";
  assert.deepEqual(await load(), stateAfter([cooldown(1)]));
});

Deno.test("journal: each change is in the file when append returns", async () => {
  const { open, change, live, files } = journaling();
  const journal = await open();
  assert.equal(files.text(PATH), encodeHeader());
  for (let n = 0; n < 10; n++) {
    change(journal, cooldown(n));
    assert.deepEqual(found(files.afterKill()), stateAfter(live));
  }
  assert.deepEqual(names(files), ["planner-agent.state"]);
  await journal.close();
});

Deno.test("journal: what is older than a second survives a power cut", async () => {
  const { open, change, clock, files } = journaling();
  const journal = await open();
  change(journal, cooldown(1));
  await clock.advance(500);
  assert.deepEqual(found(files.afterPowerCut(() => 0)), emptyState());
  change(journal, cooldown(2));
  await clock.advance(500);
  assert.deepEqual(found(files.afterPowerCut(() => 0)), stateAfter([cooldown(1), cooldown(2)]));
  change(journal, cooldown(3));
  await clock.advance(1_000);
  assert.equal(found(files.afterPowerCut(() => 0)).cooldowns.size, 3);
  await journal.close();
});

Deno.test("journal: sync tells whether what was appended survives a power cut now", async () => {
  const { open, change, files } = journaling();
  const journal = await open();
  change(journal, cooldown(1));
  assert.equal(await journal.sync(), true);
  assert.deepEqual(found(files.afterPowerCut(() => 0)), stateAfter([cooldown(1)]));
  files.fate = ({ op }) => op === "sync" || op === "create" ? systemError("EIO") : "works";
  change(journal, cooldown(2));
  assert.equal(await journal.sync(), false);
  files.fate = () => "works";
  await journal.close();
  assert.equal(await journal.sync(), true);
  assert.deepEqual(
    found(files.afterPowerCut(() => 0)),
    stateAfter([cooldown(1), cooldown(2)]),
  );
});

Deno.test("journal: where it cannot be written at all, nothing is said to be on the disk", async () => {
  const { open, change, files, clock } = journaling();
  files.fate = ({ op }) => op === "create" ? systemError("EROFS") : "works";
  const journal = await open();
  change(journal, cooldown(1));
  assert.equal(await journal.sync(), false);
  await journal.close();
  assert.equal(await journal.sync(), false);
  assert.equal(clock.waiting, 0);
});

Deno.test("journal: is rewritten from the snapshot when it has grown", async () => {
  const { open, live, clock, files } = journaling();
  const journal = await open();
  live.push(cooldown(0));
  for (let n = 0; n < 999; n++) journal.append(cooldown(0));
  await clock.advance(0);
  assert.equal(files.text(PATH)?.split("\n").length, 1_001);
  journal.append(cooldown(0));
  await clock.advance(0);
  assert.equal(files.text(PATH), encodeHeader() + encodeRecord(cooldown(0)));
  // From then on it grows anew.
  for (let n = 0; n < 999; n++) journal.append(cooldown(0));
  await clock.advance(0);
  assert.equal(files.text(PATH)?.split("\n").length, 1_002);
  await journal.close();
});

Deno.test("journal: with much to remember it is rewritten less often", async () => {
  const { open, live, clock, files } = journaling();
  for (let n = 0; n < 500; n++) live.push(cooldown(n));
  const journal = await open();
  for (let n = 0; n < 1_999; n++) journal.append(cooldown(0));
  await clock.advance(0);
  assert.equal(files.text(PATH)?.split("\n").length, 2_501);
  journal.append(cooldown(0));
  await clock.advance(0);
  assert.equal(files.text(PATH)?.split("\n").length, 502);
  await journal.close();
});

Deno.test("journal: a few huge records make it grow, too", async () => {
  const { open, clock, files } = journaling();
  const journal = await open();
  const huge: StateRecord = {
    is: "cooldown",
    target: { node: "x", service: "y".repeat(2 ** 20) },
    atMs: 1,
  };
  for (let n = 0; n < 16; n++) journal.append(huge);
  await clock.advance(0);
  assert.equal(files.text(PATH), encodeHeader());
  journal.append(cooldown(0));
  await clock.advance(0);
  assert.equal(files.text(PATH), encodeHeader() + encodeRecord(cooldown(0)));
  await journal.close();
});

Deno.test("journal: a change during any step of a rewrite survives, whenever the process ends", async () => {
  for (let at = 1;; at++) {
    for (const crash of [false, true]) {
      const { open, change, live, files } = journaling();
      const journal = await open();
      change(journal, cooldown(0));
      const expected = stateAfter([cooldown(0), cooldown(1)]);
      let steps = 0;
      let changed = false;
      files.fate = ({ op }) => {
        // Nothing else runs within a step that is done when it returns.
        const atOnce = op === "open" || op === "append" || op === "rename";
        if (!atOnce && ++steps === at) {
          changed = true;
          files.fate = () => "works";
          change(journal, cooldown(1));
          files.fate = () => crash ? "crash" : "works";
        }
        return crash && changed ? "crash" : "works";
      };
      await Promise.race([journal.rewrite(), files.crashed]);
      if (!changed) {
        await journal.close();
        return assert.equal(at, 6, "create, write, write, sync, syncFolder");
      }
      assert.deepEqual(found(files.afterKill()), expected, `step ${at}`);
      if (crash) continue;
      await journal.rewrite();
      assert.deepEqual(found(files.afterKill()), stateAfter(live));
      await journal.close();
    }
  }
});

Deno.test("journal: a change during a rewrite reaches the disk within a second", async () => {
  const { open, change, clock, files } = journaling();
  const journal = await open();
  const paused = Promise.withResolvers<void>();
  const writeNew = files.writeNew;
  files.writeNew = async (path, text) => {
    await writeNew(path, text);
    await paused.promise;
  };
  const rewriting = journal.rewrite();
  change(journal, cooldown(1));
  await clock.advance(5_000);
  paused.resolve();
  await rewriting;
  await clock.advance(1_000);
  assert.deepEqual(found(files.afterPowerCut(() => 0)), stateAfter([cooldown(1)]));
  await journal.close();
});

Deno.test("journal: after a power cut at any step of a rewrite, the old state or the new", async () => {
  for (let at = 1;; at++) {
    const { open, change, live, files } = journaling();
    const journal = await open();
    change(journal, cooldown(1));
    await journal.rewrite();
    live.push(cooldown(2));
    let steps = 0;
    files.fate = () => ++steps === at ? "crash" : "works";
    const end = await Promise.race([
      journal.rewrite().then(() => "rewritten"),
      files.crashed.then(() => "crashed"),
    ]);
    for (const chance of [() => 0, () => 1, () => Number(at % 2 === 0)]) {
      const { cooldowns } = found(files.afterPowerCut(chance));
      assert.ok(cooldowns.size === 2 || end === "crashed" && cooldowns.size === 1, `step ${at}`);
    }
    files.fate = () => "works";
    if (end === "rewritten") return await journal.close();
  }
});

/** Every step of this kind fails until `works` is called. */
function breakdown(files: MemoryFiles, ops: Step["op"][], error: Error) {
  files.fate = ({ op }) => ops.includes(op) ? error : "works";
  return { works: () => files.fate = () => "works" };
}

Deno.test("journal: a full disk is logged once, and all is written when it works again", async () => {
  const { open, change, live, clock, log, files } = journaling();
  const journal = await open();
  change(journal, cooldown(0));
  const full = breakdown(files, ["append", "write"], systemError("ENOSPC"));
  for (let n = 1; n <= 5; n++) {
    change(journal, cooldown(n));
    await clock.advance(10_000);
  }
  assert.deepEqual(log.lines, [{
    level: "error",
    event: "state_write_failed",
    path: PATH,
    code: "ENOSPC",
    error: "No space left on device (os error 28)",
    remedy:
      "The disk is full: free space (df -h) or inodes (df -i) on the filesystem of RUNTIME_PATH.",
  }]);
  assert.deepEqual(found(files), stateAfter([cooldown(0)]), "the old file must stay");
  full.works();
  await clock.advance(10_000);
  assert.deepEqual(log.lines.at(-1), { level: "info", event: "state_written_again", path: PATH });
  assert.equal(log.lines.length, 2);
  assert.deepEqual(found(files), stateAfter(live));
  assert.deepEqual(names(files), ["planner-agent.state"]);
  change(journal, cooldown(9));
  assert.deepEqual(found(files), stateAfter(live));
  await journal.close();
  assert.equal(files.open, 0);
  assert.equal(clock.waiting, 0);
});

Deno.test("journal: half a line that a full disk took does not spoil what follows", async () => {
  const { open, change, live, clock, log, files } = journaling();
  const journal = await open();
  let appends = 0;
  files.fate = ({ op }) => op === "append" && ++appends === 2 ? systemError("ENOSPC") : "works";
  change(journal, cooldown(1));
  change(journal, cooldown(2));
  assert.equal(log.of("state_write_failed").length, 1);
  await clock.advance(10_000);
  assert.deepEqual(decodeState(files.text(PATH) ?? ""), {
    kind: "state",
    state: stateAfter(live),
    damagedLines: 0,
  });
  await journal.close();
});

Deno.test("journal: while a rewrite fails, changes still go to the old file", async () => {
  for (const op of ["create", "write", "open", "rename"] as const) {
    const { open, change, live, clock, log, files } = journaling();
    const journal = await open();
    change(journal, cooldown(1));
    const broken = breakdown(files, [op], systemError("ENOSPC"));
    await journal.rewrite();
    assert.equal(log.of("state_write_failed").length, 1, op);
    change(journal, cooldown(2));
    assert.deepEqual(found(files.afterKill()), stateAfter(live), op);
    assert.deepEqual(names(files), ["planner-agent.state"], "a leftover");
    broken.works();
    await clock.advance(10_000);
    assert.deepEqual(log.of("state_written_again").length, 1);
    assert.deepEqual(found(files.afterKill()), stateAfter(live), op);
    await journal.close();
    assert.equal(files.open, 0);
  }
});

Deno.test("journal: while the disk refuses, it is rewritten every 10 s, however many changes come", async () => {
  const { open, change, clock, files } = journaling();
  const journal = await open();
  let tries = 0;
  files.fate = ({ op }) => op === "create" && ++tries > 0 ? systemError("ENOSPC") : "works";
  for (let n = 0; n < 1_100; n++) change(journal, cooldown(n));
  await settle();
  for (let n = 0; n < 100; n++) change(journal, cooldown(n));
  await settle();
  assert.equal(tries, 1);
  for (const nth of [2, 3]) {
    await clock.advance(9_999);
    change(journal, cooldown(nth));
    assert.equal(tries, nth - 1);
    await clock.advance(1);
    assert.equal(tries, nth);
  }
  files.fate = () => "works";
  await journal.close();
  assert.equal(clock.waiting, 0);
});

Deno.test("journal: a folder that cannot be synced loses no change to the end of the process", async () => {
  const { open, change, live, clock, log, files } = journaling();
  const journal = await open();
  const broken = breakdown(files, ["syncFolder"], systemError("EIO"));
  await journal.rewrite();
  change(journal, cooldown(1));
  assert.deepEqual(found(files.afterKill()), stateAfter(live));
  broken.works();
  await clock.advance(10_000);
  assert.deepEqual(log.lines.map((line) => line.event), [
    "state_write_failed",
    "state_written_again",
  ]);
  await journal.close();
});

Deno.test("journal: after a failed sync a new file is written, however many changes come", async () => {
  const { open, change, live, clock, log, files } = journaling();
  const journal = await open();
  let syncs = 0;
  files.fate = ({ op, path }) =>
    op === "sync" && path === PATH || op === "sync" && ++syncs === 1 ? systemError("EIO") : "works";
  for (let n = 0; n < 12; n++) {
    change(journal, cooldown(n));
    await clock.advance(1_000);
  }
  assert.deepEqual(log.lines.map((line) => line.event).slice(0, 2), [
    "state_write_failed",
    "state_written_again",
  ]);
  assert.deepEqual(found(files.afterKill()), stateAfter(live));
  await journal.close();
});

Deno.test("journal: a disk that fails at the start is no reason to give up", async () => {
  const { open, change, live, clock, log, files } = journaling();
  const broken = breakdown(files, ["create"], systemError("EROFS"));
  const journal = await open();
  change(journal, cooldown(1));
  assert.equal(log.of("state_write_failed")[0]?.code, "EROFS");
  broken.works();
  await clock.advance(10_000);
  assert.deepEqual(found(files), stateAfter(live));
  await journal.close();
});

Deno.test("journal: close writes the snapshot and leaves no timer, even where it fails", async () => {
  for (const fails of [false, true]) {
    const { open, change, live, clock, files } = journaling();
    const journal = await open();
    change(journal, cooldown(1));
    live.length = 0;
    if (fails) breakdown(files, ["create"], systemError("ENOSPC"));
    await journal.close();
    assert.deepEqual(found(files), fails ? stateAfter([cooldown(1)]) : emptyState());
    assert.equal(files.open, 0);
    assert.equal(clock.waiting, 0);
  }
});

Deno.test("journal: close during a rewrite still writes the last state", async () => {
  const { open, live, files } = journaling();
  const journal = await open();
  const rewriting = journal.rewrite();
  live.push(cooldown(1));
  await Promise.all([rewriting, journal.close()]);
  assert.deepEqual(found(files), stateAfter(live));
});

Deno.test("journal: of a file that another took the place of meanwhile nothing is promised", async () => {
  const files = memoryFiles();
  const syncing = Promise.withResolvers<void>();
  const slow = {
    ...files,
    openAppend(path: string) {
      const file = files.openAppend(path);
      return { ...file, sync: () => syncing.promise.then(file.sync) };
    },
  };
  const { path, clock, log, nonce, live } = journaling(files);
  const journal = await openJournal({ path, files: slow, clock, log, nonce, snapshot: () => live });
  journal.append(cooldown(1));
  const synced = journal.sync();
  await journal.rewrite();
  syncing.resolve();
  assert.equal(await synced, false);
  await journal.close();
});
