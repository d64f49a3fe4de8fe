import assert from "node:assert/strict";
import { openShelf } from "../../../lib/proposal/read/shelf.ts";
import { fakeClock } from "../../support/clock.ts";

const EPOCH = 1_767_300_000;
const PREFIX = "plan-piha-mosquitto-";
const numbered = (count: number, id: (nth: number) => string) =>
  Array.from({ length: count }, (_, nth) => `${id(nth)}.json`);

/** A folder whose names a test sets, and how often it was listed and what was read of it. */
function shelf(names: readonly string[], { writtenMs = -Infinity, key = "", bytes = 1 } = {}) {
  const clock = fakeClock();
  const it = {
    clock,
    names: [...names],
    changedMs: clock.now() - 60_000,
    takesMs: 0,
    listings: 0,
    kind: "folder" as "folder" | "other",
    refuses: undefined as Error | undefined,
    looks: 0,
    read: [] as string[],
    key,
    writtenMs,
  };
  const look = (path: string) => {
    if (path === "/f") return { kind: it.kind, writtenMs: it.changedMs };
    it.looks++;
    const nth = Number(/(\d+)\.json$/.exec(path)?.[1] ?? 0);
    return { kind: "file" as const, writtenMs: clock.now() - 100_000 + nth };
  };
  const made = openShelf({
    path: "/f",
    clock,
    windowMs: 100_000,
    files: {
      times(path) {
        const { kind, writtenMs } = look(path);
        return Promise.resolve({ kind, bytes, writtenMs, changedMs: writtenMs });
      },
      async eachName(_, take) {
        it.listings++;
        await clock.advance(it.takesMs);
        if (it.refuses) throw it.refuses;
        for (const name of it.names) take(name);
      },
    },
    read(id) {
      it.read.push(id);
      return Promise.resolve({ key: it.key, writtenMs: it.writtenMs });
    },
  });
  return Object.assign(it, { shelf: made });
}

Deno.test("openShelf: of a target's own files the newest 32 are kept, by time and then by number", async () => {
  const names = numbered(200, (nth) => `${PREFIX}${EPOCH + nth}`);
  const last = [2, 10, 9].map((nth) => `${PREFIX}${EPOCH + 199}-${nth}.json`);
  const { shelf: own } = shelf([...last, ...names, "plan-x.json"]);
  await own.refresh();
  const ids = own.own(PREFIX);
  assert.deepEqual(ids.slice(0, 5), [
    ...[10, 9, 2].map((nth) => `${PREFIX}${EPOCH + 199}-${nth}`),
    `${PREFIX}${EPOCH + 199}`,
    `${PREFIX}${EPOCH + 198}`,
  ]);
  assert.deepEqual([ids.length, ids.at(-1)], [32, `${PREFIX}${EPOCH + 171}`]);
  assert.deepEqual(own.own("plan-piha-"), []);
});

Deno.test("openShelf: 20,000 targets are kept", async () => {
  const { shelf: own } = shelf(numbered(20_001, (nth) => `plan-n-s${nth}-${EPOCH}`));
  await own.refresh();
  const prefixes = [19_999, 20_000].map((nth) => `plan-n-s${nth}-`);
  assert.deepEqual(prefixes.map((prefix) => own.own(prefix).length), [1, 0]);
  assert.deepEqual(prefixes.map((prefix) => own.lacksOwn(prefix, 0)), [false, true]);
  const { shelf: fewer } = shelf(numbered(19_999, (nth) => `plan-n-s${nth}-${EPOCH}`));
  await fewer.refresh();
  assert.equal(fewer.lacksOwn("plan-n-other-", 0), false);
});

Deno.test("openShelf: of others' files 20,000 are looked at, and the newest 5,000 in the window read", async () => {
  const it = shelf(numbered(20_001, (nth) => `other-${nth}`), { key: "k" });
  await it.shelf.refresh();
  await it.shelf.readOthers();
  assert.deepEqual([it.looks, it.read.length], [20_000, 5_000]);
  assert.deepEqual([it.read[0], it.read.at(-1)], ["other-19999", "other-15000"]);
  assert.equal(it.shelf.others("k").length, 5_000);
  assert.deepEqual(
    [it.shelf.lacksOthers(it.clock.now() - 85_002), it.shelf.lacksOthers(it.clock.now() - 85_001)],
    [true, false],
    "the newest that was not read",
  );

  const few = shelf(numbered(3, (nth) => `other-${nth}`), { key: "k" });
  await few.shelf.refresh();
  await few.shelf.readOthers();
  assert.deepEqual(few.read, ["other-2", "other-1"], "what is as old as the window is no more");
  await few.shelf.readOthers();
  assert.equal(few.looks, 3);
});

Deno.test("openShelf: a folder that changed up to 2.5 s before is listed again", async () => {
  for (const [ageMs, listings] of [[2_500, 2], [2_501, 1], [-2_501, 1]] as const) {
    const it = shelf([]);
    it.changedMs = it.clock.now() - ageMs;
    await it.shelf.refresh();
    await it.shelf.refresh();
    assert.equal(it.listings, listings);
  }
});

Deno.test("openShelf: a link to a folder is listed each time: its own time says nothing", async () => {
  const it = shelf([]);
  it.kind = "other";
  for (const listings of [1, 2]) {
    await it.shelf.refresh();
    assert.equal(it.listings, listings);
  }
});

Deno.test("openShelf: a long listing that fails is told by the next, and ends nothing", async () => {
  const it = shelf([]);
  it.takesMs = 51;
  await it.shelf.refresh();
  it.changedMs++;
  await it.clock.advance(51 * 50);
  it.refuses = new Error("gone");
  await it.shelf.refresh();
  await it.clock.advance(51);
  it.takesMs = 0;
  it.refuses = undefined;
  await it.shelf.refresh();
  await it.clock.advance(0);
  assert.equal(it.shelf.generation, 2);
});

Deno.test("openShelf: a file of others that has gone is for its target no more", async () => {
  const it = shelf(numbered(2, (nth) => `other-${nth + 1}`), { key: "k" });
  await it.shelf.refresh();
  await it.shelf.readOthers();
  it.names.shift();
  it.changedMs++;
  await it.shelf.refresh();
  await it.shelf.readOthers();
  assert.deepEqual([it.shelf.others("k"), it.read.length], [["other-2"], 2]);
});

Deno.test("openShelf: listing takes one part of the time in fifty", async () => {
  const it = shelf([]);
  it.takesMs = 10;
  await it.shelf.refresh();
  it.changedMs++;
  await it.clock.advance(499);
  await it.shelf.refresh();
  assert.equal(it.listings, 1);
  await it.clock.advance(1);
  await it.shelf.refresh();
  assert.equal(it.listings, 2);
});

Deno.test("openShelf: a listing is waited for, unless the one before took more than 50 ms", async () => {
  for (const [takesMs, waits] of [[50, true], [51, false]] as const) {
    const it = shelf([]);
    it.takesMs = takesMs;
    await it.shelf.refresh();
    it.names.push(`${PREFIX}${EPOCH}.json`);
    it.changedMs++;
    await it.clock.advance(takesMs * 50);
    await it.shelf.refresh();
    assert.equal(it.shelf.own(PREFIX).length === 1, waits);
    await it.shelf.refresh();
    while (it.shelf.generation < 2) await it.clock.advance(0);
    assert.equal(it.shelf.own(PREFIX).length, 1);
  }
});

Deno.test("openShelf: what has gone is known of a folder of 2,000 names", async () => {
  for (const [count, gone] of [[2_000, ["other-0"]], [2_001, []]] as const) {
    const it = shelf(numbered(count, (nth) => `other-${nth}`));
    assert.deepEqual(await it.shelf.refresh(), []);
    it.names.shift();
    it.changedMs++;
    assert.deepEqual(await it.shelf.refresh(), gone);
  }
});

Deno.test("openShelf: fifty young files that make no sense are read again, for ten minutes", async () => {
  const it = shelf(numbered(51, (nth) => `other-${nth + 1}`));
  it.writtenMs = it.clock.now();
  await it.shelf.refresh();
  for (const [ms, reads] of [[0, 51], [599_999, 50], [1, 50], [0, 0]] as const) {
    it.read.length = 0;
    await it.clock.advance(ms);
    await it.shelf.readOthers();
    assert.equal(it.read.length, reads);
  }
});

Deno.test("openShelf: a file that came from another folder is news", async () => {
  const { shelf: files } = shelf([]);
  await files.refresh();
  const before = files.generation;
  files.add(`${PREFIX}${EPOCH}`);
  assert.equal(files.generation, before + 1);
  assert.deepEqual(files.own(PREFIX), [`${PREFIX}${EPOCH}`]);
});

Deno.test("openShelf: 16 MiB of others' files are read when they appear, and none that is no proposal", async () => {
  const cases = [[256 * 1024, 64, true], [256 * 1024 + 1, 100, false], [160 * 1024, 100, false]];
  for (const [bytes, count, lacks] of cases as [number, number, boolean][]) {
    const it = shelf(numbered(100, (nth) => `other-${nth + 1}`), { bytes, key: "k" });
    assert.equal(it.shelf.lacksOthers(-Infinity), false);
    await it.shelf.refresh();
    await it.shelf.readOthers();
    assert.deepEqual([it.read.length, it.shelf.lacksOthers(0)], [count, lacks], String(bytes));
    assert.equal(it.read[0], "other-100");
  }
});
