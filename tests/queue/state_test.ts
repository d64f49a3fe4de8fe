import assert from "node:assert/strict";
import fc from "fast-check";
import { cleanName } from "../../lib/base/text/names.ts";
import { applyRecord, emptyState, type RecordOf, type StateRecord } from "../../lib/queue/state.ts";
import { createStateDecoder, encodeHeader, encodeRecord } from "../../lib/queue/state_lines.ts";
import { decodeState } from "../support/decode_state.ts";
import { visibleText } from "../../lib/base/text/visible.ts";
import { targetKey } from "../../lib/event/target.ts";
import { anyCharacter } from "../support/any_character.ts";
import { waitingEvent } from "../support/waiting_event.ts";

type DecodedState = ReturnType<typeof decodeState>;

const piha = { node: "piha", service: "mosquitto" };
const key = targetKey(piha);

const waiting = (serial: number): StateRecord => ({
  is: "waiting",
  serial,
  event: waitingEvent(),
  arrivedMs: 1767323045000,
  failures: 0,
});
const done: StateRecord = { is: "done", target: piha };
const proposing: RecordOf<"proposing"> = {
  is: "proposing",
  target: piha,
  serial: 1,
  actionId: "plan-piha-mosquitto-1767323045",
  atMs: 5,
};
const cooldown: StateRecord = { is: "cooldown", target: piha, atMs: 6 };

function after(...records: StateRecord[]) {
  const state = emptyState();
  for (const record of records) applyRecord(state, record);
  return state;
}

/** What `decodeState` read, which must be a state. */
function stateOf(decoded: DecodedState) {
  assert.equal(decoded.kind, "state");
  return decoded as Extract<DecodedState, { kind: "state" }>;
}

Deno.test("applyRecord: the newest event waits, until it is done", () => {
  assert.deepEqual(after(waiting(1), waiting(2)).waiting, new Map([[key, waiting(2)]]));
  assert.deepEqual(after(waiting(1), proposing, done), emptyState());
});

Deno.test("applyRecord: a cooldown confirms the proposal and leaves a newer event waiting", () => {
  assert.deepEqual(after(waiting(1), proposing, waiting(2), cooldown), {
    ...emptyState(),
    waiting: new Map([[key, waiting(2)]]),
    cooldowns: new Map([[key, cooldown]]),
  });
  assert.equal(after(waiting(1), proposing, { ...cooldown, serial: 1 }).waiting.size, 0);
  assert.equal(after(waiting(2), { ...cooldown, serial: 1 }).waiting.size, 1);
  assert.deepEqual(after(cooldown, waiting(2), done).cooldowns, new Map([[key, cooldown]]));
});

Deno.test("decodeState: kinds that wait behind an event are read, those that were only counted too", () => {
  const heard = { serial: 2, event: waitingEvent({ type: "backup_failed" }), arrivedMs: 5 };
  const kind = { type: "backup_failed", severity: "error", count: 2 };
  const record = (...merged: unknown[]) => encodeRecord({ ...waiting(1), merged } as StateRecord);
  const good = [record(kind), record({ ...kind, newest: heard })];
  const bad = [{}, { ...heard, event: {} }, { ...heard, serial: 0.5 }, { ...heard, arrivedMs: "5" }]
    .map((newest) => record({ ...kind, newest }));
  for (const line of good) {
    const { state, damagedLines } = stateOf(decodeState(encodeHeader() + line));
    assert.equal(damagedLines, 0);
    assert.equal(encodeRecord(state.waiting.get(key) ?? done), line);
  }
  const { damagedLines } = stateOf(decodeState(encodeHeader() + bad.join("")));
  assert.equal(damagedLines, bad.length);
});

Deno.test("applyRecord: an event file that is there is that of its proposal only", () => {
  const { actionId, target } = proposing;
  assert.deepEqual(after(proposing, { is: "announced", target, actionId }), emptyState());
  const other: StateRecord = { is: "announced", target, actionId: `${actionId}-2` };
  assert.deepEqual(after(proposing, other).proposing, new Map([[key, proposing]]));
});

Deno.test("applyRecord: a node is offline until it is back", () => {
  const offline: StateRecord = { is: "offline", node: "vps", atMs: 1 };
  const later = { ...offline, atMs: 2 };
  assert.deepEqual(after(offline, later).offline, new Map([["vps", later]]));
  assert.deepEqual(after(offline, { is: "online", node: "vps" }), emptyState());
});

Deno.test("applyRecord: a target's next waiting event keeps its turn", () => {
  const other: StateRecord = {
    is: "waiting",
    serial: 2,
    event: waitingEvent({ service: "other" }),
    arrivedMs: 1,
    failures: 0,
  };
  assert.deepEqual([...after(waiting(1), other, waiting(3)).waiting.values()], [waiting(3), other]);
});

/** Objects with a prototype, as JSON.parse makes them. */
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });

const name = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 300 }).map((text) =>
  cleanName(text) || "x"
);
const target = plain({ node: name, service: name });
const time = fc.integer({ min: -1e15, max: 1e15 });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: anyCharacter, maxLength: 200 });
const shown = text.map(visibleText);
const anyRecord: fc.Arbitrary<StateRecord> = fc.oneof(
  plain({
    is: fc.constant("flaps" as const),
    target,
    bad: fc.boolean(),
    changesMs: fc.array(time, { maxLength: 4 }),
    told: plain({ atMs: time, gravity: fc.integer({ min: -1, max: 3 }) }),
  }),
  plain({ is: fc.constant("well" as const), target, type: name, atMs: time }),
  plain({
    is: fc.constant("spent" as const),
    of: fc.constantFrom("diagnosis" as const, "proposal" as const),
    atMs: fc.array(time, { maxLength: 4 }),
  }),
  plain({
    is: fc.constant("waiting" as const),
    serial: count,
    event: plain({
      node: name,
      service: name,
      type: name,
      severity: shown,
      channel: shown,
      excerpt: text,
      heardAt: time,
      happenedAt: time,
      timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n === 0 ? 0 : n),
    }),
    arrivedMs: time,
    failures: count,
  }),
  plain({ is: fc.constant("done" as const), target }),
  plain({
    is: fc.constant("proposing" as const),
    target,
    serial: count,
    actionId: fc.stringMatching(/^[A-Za-z0-9._-]{1,187}$/),
    atMs: time,
  }),
  plain({ is: fc.constant("cooldown" as const), target, atMs: time }),
  plain({ is: fc.constant("cooldown" as const), target, serial: count, atMs: time }),
);

Deno.test("decodeState: reads back whatever was written", () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
      const decoded = decodeState(encodeHeader() + records.map(encodeRecord).join(""));
      assert.deepEqual(decoded, { kind: "state", state: after(...records), damagedLines: 0 });
    }),
    { numRuns: 300 },
  );
});

Deno.test("decodeState: a journal cut anywhere gives the state up to the cut", () => {
  fc.assert(fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.nat(), (records, random) => {
    const whole = encodeHeader() + records.map(encodeRecord).join("");
    const cut = whole.slice(0, random % (whole.length + 1));
    const lines = cut.split("\n").length - 1;
    const decoded = decodeState(cut);
    if (lines === 0 && cut !== encodeHeader().trimEnd()) {
      return assert.deepEqual(decoded, { kind: "damaged" });
    }
    const { state, damagedLines } = stateOf(decoded);
    assert.deepEqual(state, after(...records.slice(0, Math.max(0, lines - 1))));
    assert.equal(damagedLines, cut.endsWith("\n") ? 0 : 1);
  }));
});

Deno.test("createStateDecoder: in blocks of whole lines a journal says the same", () => {
  const lines = [encodeHeader(), encodeRecord(waiting(1)), "{}\n", encodeRecord(cooldown), "half"];
  const decoder = createStateDecoder();
  for (const block of [lines[0], `${lines[1]}${lines[2]}`, lines[3], lines[4]]) {
    decoder.take(block ?? "");
  }
  assert.deepEqual(decoder.decoded(), decodeState(lines.join("")));
  assert.deepEqual(stateOf(decoder.decoded()).damagedLines, 2);
  assert.deepEqual(createStateDecoder().decoded(), { kind: "damaged" }, "an empty file");
});

Deno.test("decodeState: what is no journal at all is damaged", () => {
  const noJournals = ["", "\n", "\0".repeat(4096), "[]", "null", "7", '"x"', "{", "{}\n", "\ufffd"];
  for (const content of [...noJournals, '{"planner_state":"1"}\n', `${"[".repeat(1_000_000)}\n`]) {
    assert.deepEqual(decodeState(content), { kind: "damaged" }, content.slice(0, 30));
  }
});

Deno.test("decodeState: a later version is told, whatever follows", () => {
  assert.deepEqual(decodeState('{"planner_state":2}\nunheard-of\n'), {
    kind: "later_version",
    version: 2,
  });
});

Deno.test("decodeState: a line that no agent writes is counted and passed over", () => {
  const event = waitingEvent();
  const wrong = [
    "",
    "\0\0\0",
    "[]",
    "null",
    '{"is":"toString"}',
    '{"is":"__proto__"}',
    '{"is":["done"]}',
    '{"is":"done"}',
    '{"is":"done","target":{"node":"a"}}',
    '{"is":"done","target":{"node":"a","service":""}}',
    JSON.stringify({ is: "done", target: { node: "a\0b", service: "c" } }),
    JSON.stringify({ is: "cooldown", target: piha, atMs: "now" }),
    JSON.stringify({ is: "cooldown", target: piha, atMs: null }),
    JSON.stringify({ is: "cooldown", target: piha, atMs: 1, serial: "1" }),
    JSON.stringify({ ...proposing, actionId: "../approved/x" }),
    JSON.stringify({ ...proposing, actionId: "" }),
    JSON.stringify({ ...proposing, serial: 1.5 }),
    JSON.stringify({ is: "waiting", serial: 1, event, arrivedMs: 1 }),
    JSON.stringify({ ...waiting(1), event: { ...event, timestamp: "1" } }),
    JSON.stringify({ ...waiting(1), event: { ...event, excerpt: { a: 1 } } }),
    JSON.stringify({ ...waiting(1), event: { ...event, node: "x".repeat(201) } }),
    JSON.stringify({ ...waiting(1), event: { ...event, severity: "\x1b]0;title\x07" } }),
    JSON.stringify({ ...waiting(1), event: { ...event, channel: "\0" } }),
    JSON.stringify({ ...waiting(1), merged: [{ type: "\x9b", severity: "error", count: 1 }] }),
    // Later than a date can be.
    JSON.stringify({ ...waiting(1), event: { ...event, heardAt: 8.64e15 + 1 } }),
    JSON.stringify({ ...waiting(1), event: { ...event, happenedAt: -8.64e15 - 1 } }),
    JSON.stringify({ ...waiting(1), arrivedMs: 1e300 }),
    JSON.stringify({ ...cooldown, atMs: 1e300 }),
    JSON.stringify({ is: "spent", of: "proposal", atMs: [1, 1e300] }),
  ];
  const text = encodeHeader() + wrong.map((line) => `${line}\n`).join("") + encodeRecord(cooldown);
  const { state, damagedLines } = stateOf(decodeState(text));
  assert.equal(damagedLines, wrong.length);
  assert.deepEqual(state, after(cooldown));
});

Deno.test("decodeState: never throws", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (noise) => {
    assert.equal(stateOf(decodeState(`${encodeHeader()}${noise}\n`)).state.waiting.size, 0);
    decodeState(noise);
  }));
});
