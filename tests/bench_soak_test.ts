import assert from "node:assert/strict";
import { readMessage } from "../lib/event/message.ts";
import { isBenign } from "../lib/gate/objection.ts";
import { parseEvent } from "../lib/event/parse.ts";
import { silenceFor } from "../lib/gate/silences.ts";
import { parseSilences } from "../lib/gate/silences.ts";
import { parseSoakArguments } from "../scripts/soak/arguments.ts";
import { unsteadyChat } from "../scripts/soak/chat.ts";
import { judgeMemory } from "../scripts/soak/memory.ts";
import { createMix, type Fate, FATES, type MixedMessage, SILENCES } from "../scripts/soak/mix.ts";
import { seededRandom } from "../scripts/soak/random.ts";
import { reportSoak } from "../scripts/soak/report.ts";
import { discrepancies, grouped, parseStopped } from "../scripts/soak/tally.ts";
import { parseClients, queuedBytes } from "../scripts/soak/unread.ts";

const EPOCH_SECONDS = 1_767_312_000;

function mixed(seed: number, count: number): MixedMessage[] {
  const next = createMix({ seed, epochSeconds: EPOCH_SECONDS });
  return Array.from({ length: count }, next);
}

Deno.test("seededRandom: the same numbers for the same seed, from 0 to below 1", () => {
  const numbers = (seed: number) => Array.from({ length: 1_000 }, seededRandom(seed));
  assert.deepEqual(numbers(7), numbers(7));
  assert.notDeepEqual(numbers(7), numbers(8));
  assert.ok(numbers(7).every((number) => number >= 0 && number < 1));
  const mean = numbers(7).reduce((sum, number) => sum + number) / 1_000;
  assert.ok(mean > 0.45 && mean < 0.55, String(mean));
});

Deno.test("createMix: the same messages for the same seed, others for another", () => {
  assert.deepEqual(mixed(1, 2_000), mixed(1, 2_000));
  assert.notDeepEqual(mixed(1, 2_000), mixed(2, 2_000));
});

Deno.test("createMix: each message deserves the fate that is foretold, and every fate occurs", () => {
  const nowMs = EPOCH_SECONDS * 1000;
  const silences = parseSilences(JSON.stringify(SILENCES));

  function fateOf({ bytes, channel }: MixedMessage): Fate {
    const message = readMessage(bytes);
    if (!message.ok) return "malformed";
    const parsed = parseEvent(message.value, channel, nowMs);
    if (!parsed.ok) return "unparseable";
    if (isBenign(parsed.event.type)) return "benign";
    return silenceFor(silences, parsed.event, nowMs) ? "silenced" : "open";
  }

  const seen = new Set<Fate>();
  for (const message of mixed(3, 30_000)) {
    assert.equal(message.fate, fateOf(message));
    seen.add(message.fate);
  }
  assert.deepEqual([...seen].sort(), [...FATES].sort());
});

Deno.test("judgeMemory: medians of quarters; warming up in the first does not count", () => {
  const samples = [300, 10, 100, 102, 104, 104, 108, 110, 112].map((mib, nth) => ({
    published: nth * 100,
    mib,
  }));
  assert.deepEqual(judgeMemory(samples, 800), {
    medians: [155, 101, 104, 110],
    change: 110 / 101 - 1,
    flat: true,
  });
});

Deno.test("judgeMemory: more than a tenth up or down, or nothing measured, is not flat", () => {
  const verdict = (second: number, last: number) =>
    judgeMemory([{ published: 30, mib: second }, { published: 99, mib: last }], 100).flat;
  assert.equal(verdict(100, 109.9), true);
  assert.equal(verdict(100, 110.1), false);
  assert.equal(verdict(100, 89.9), false);
  assert.equal(judgeMemory([], 100).flat, false);
});

const NONE: Readonly<Record<Fate, number>> = {
  malformed: 0,
  unparseable: 0,
  benign: 0,
  silenced: 0,
  open: 0,
};

Deno.test("parseStopped: the last planner_stopped, whatever stands around it", () => {
  const log = [
    'ed":1,"event":"planner_stopped"}',
    '{"event":"planner_stopped","level":"info","timestamp":"t","received":1,"benign":1}',
    '{"event":"planner_stopped","level":"info","timestamp":"t","received":3,"benign":2,"held":1}',
    '{"event":"event_received","type":"planner_stopped"}',
    "",
  ].join("\n");
  assert.deepEqual(parseStopped(log), { received: 3, outcomes: { benign: 2, held: 1 } });
  assert.equal(parseStopped('{"event":"planner_started"}\n'), undefined);
});

Deno.test("grouped: diagnosed and rejected are sums, what waits is last", () => {
  const outcomes = { malformed: 1, unparseable: 2, benign: 4, ignored: 8, proposed: 16 };
  assert.deepEqual(grouped({ stopped: { received: 36, outcomes }, waiting: 5 }), [
    ["rejected", 3],
    ["benign", 4],
    ["diagnosed", 24],
    ["waiting", 5],
  ]);
});

Deno.test("discrepancies: none when everything is accounted for", () => {
  const published = { ...NONE, malformed: 1, benign: 2, open: 4 };
  const outcomes = { malformed: 1, benign: 2, proposed: 1, dropped: 2 };
  assert.deepEqual(
    discrepancies({ published, stopped: { received: 7, outcomes }, waiting: 1 }),
    [],
  );
});

Deno.test("discrepancies: what got lost, what is counted twice, what ended as something else", () => {
  const published = { ...NONE, malformed: 1, benign: 2, open: 1_000 };
  const outcomes = { malformed: 2, benign: 2, proposed: 999 };
  assert.deepEqual(
    discrepancies({ published, stopped: { received: 1_002, outcomes }, waiting: 1 }),
    [
      "received: 1,002, not 1,003",
      "outcomes and what waits together: 1,004, not 1,002",
      "malformed: 2, not 1",
    ],
  );
});

Deno.test("reportSoak: says what is wrong, and that it is", () => {
  const result = {
    published: { ...NONE, benign: 10 },
    stopped: { received: 10, outcomes: { benign: 9 } },
    waiting: 0,
    samples: [{ published: 3, mib: 100 }, { published: 9, mib: 150 }],
    count: 10,
    seconds: 2,
    llmCalls: 0,
    decided: 0,
  };
  const { text, exact } = reportSoak(result);
  assert.equal(exact, false);
  assert.deepEqual(text.split("\n").slice(-4), [
    "memory: NOT flat, the last quarter's median is +50.0% from the second's (10.0% allowed)",
    "counters: DO NOT add up",
    "  outcomes and what waits together: 9, not 10",
    "  benign: 9, not 10",
  ]);
});

Deno.test("parseClients, queuedBytes: what Redis and the kernel hold for the subscribers alone", () => {
  const list =
    "id=3 addr=127.0.0.1:52620 laddr=127.0.0.1:42325 fd=8 omem=20480 tot-mem=1 cmd=subscribe\n" +
    "id=4 addr=[::1]:8 laddr=[::1]:42325 fd=9 omem=1 tot-mem=1 cmd=subscribe\n";
  const clients = parseClients(list);
  assert.deepEqual(clients, { ports: new Set([52620, 8]), heldBytes: 20481 });
  const tcp = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt",
    "   0: 0100007F:A555 00000000:0000 0A 00000000:00000005 00:00000000 00000000",
    "   1: 0100007F:CD8C 0100007F:A555 01 00000000:00000010 00:00000000 00000000",
    "   2: 0100007F:A555 0100007F:CD8C 01 00000103:00000000 00:00000000 00000000",
    "   3: 0100007F:A555 0100007F:CD96 01 00000fff:00000000 00:00000000 00000000",
    "",
  ].join("\n");
  assert.equal(queuedBytes(tcp, clients.ports), 0x113);
});

Deno.test("unsteadyChat: of fifty chats two fail, one babbles, two ignore", () => {
  const format = { properties: { action: {}, reason: {} } };
  const replies = Array.from(
    { length: 50 },
    (_, nth) => unsteadyChat({ stream: false, format }, nth + 1),
  );
  assert.equal(replies.filter(({ status }) => status === 500).length, 2);
  assert.equal(replies.filter(({ text }) => text.includes("I am sorry")).length, 1);
  const ignoring = '\\"action\\":\\"ignore\\"';
  assert.equal(replies.filter(({ text }) => text.includes(ignoring)).length, 2);
});

Deno.test("parseSoakArguments: defaults, values, and every problem", () => {
  const defaults = {
    agent: undefined,
    messages: 2_000_000,
    seed: 1,
    minutes: 30,
    redisPort: undefined,
    ollamaPort: undefined,
    root: undefined,
  };
  assert.deepEqual(parseSoakArguments([]), { kind: "run", options: defaults });
  assert.deepEqual(
    parseSoakArguments(["--messages=1000", "--seed", "9", "--agent", "./a run", "--root=/tmp/r"]),
    {
      kind: "run",
      options: { ...defaults, messages: 1_000, seed: 9, agent: "./a run", root: "/tmp/r" },
    },
  );
  assert.deepEqual(parseSoakArguments(["--messages=1e6", "--minutes", "0"]), {
    kind: "wrong",
    problems: [
      '--messages: "1e6" is not a whole number from 1000 to 100000000',
      '--minutes: "0" is not a whole number from 1 to 1440',
    ],
  });
  assert.equal(parseSoakArguments(["--what"]).kind, "wrong");
  assert.deepEqual(parseSoakArguments(["-h"]), { kind: "help" });
});
