import assert from "node:assert/strict";
import { streamGroup } from "../../../lib/intake/streams/group.ts";
import { IDS_ONLY } from "../../../lib/base/redis/reply_check.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What is sent, and how long and for how much it waits; each reply in turn. */
function lab(...replies: readonly unknown[]) {
  const sent: unknown[] = [];
  let nth = 0;
  const group = streamGroup({
    group: "planner",
    consumer: "solaria",
    call(command, how) {
      sent.push(how === undefined ? command.join(" ") : [command.join(" "), how]);
      const reply = replies[nth++];
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    },
  });
  return { group, sent };
}

const ENTRY = { stream: "s", id: "7-0", idleMs: 1_500, deliveries: 3 };

Deno.test("streamGroup: every command as Redis gets it", async () => {
  const { group, sent } = lab("OK", null, null, [], [], [], [], [], 1, [], [], [], "8-0");
  await group.create("s", "5-0");
  await group.read(["s", "t"], 16, 5_000);
  await group.read(["s"], 1, 0);
  await group.own("s", { count: 100 });
  await group.own("s", { from: "(7-0", to: "9-0", idleMs: 1.5, count: 2 });
  await group.deliver(ENTRY);
  await group.refresh(ENTRY);
  await group.count(ENTRY);
  await group.acknowledge("s", ["7-0", "8-0"]);
  await group.has(ENTRY);
  await group.behind("s", "7-0", 1);
  await group.adopt(ENTRY);
  await group.bury({ stream: "s", id: "7-0", fields: [bytes("k"), bytes("v")] }, {
    reason: "why",
    deliveries: 5,
  });
  assert.deepEqual(sent, [
    "XGROUP CREATE s planner 5-0 MKSTREAM",
    [
      "XREADGROUP GROUP planner solaria COUNT 16 BLOCK 5000 STREAMS s t > >",
      { blockMs: 5_000 },
    ],
    ["XREADGROUP GROUP planner solaria COUNT 1 STREAMS s >", { blockMs: 0 }],
    "XPENDING s planner - + 100 solaria",
    "XPENDING s planner IDLE 2 (7-0 9-0 2 solaria",
    "XCLAIM s planner solaria 1500 7-0",
    "XCLAIM s planner solaria 1500 7-0 JUSTID",
    "XCLAIM s planner solaria 0 7-0 RETRYCOUNT 3 JUSTID",
    "XACK s planner 7-0 8-0",
    ["XRANGE s 7-0 7-0", { bounds: IDS_ONLY }],
    ["XRANGE s (7-0 + COUNT 1", { bounds: IDS_ONLY }],
    "XCLAIM s planner solaria 0 7-0 FORCE JUSTID",
    "XADD s:dead MAXLEN ~ 10000 * 107 118 dead_reason why dead_stream s dead_id 7-0 " +
    "dead_deliveries 5 dead_consumer solaria",
  ]);
});

Deno.test("streamGroup: who takes over what others left asks by its place, and gets ids alone", async () => {
  const { group, sent } = lab([bytes("9-0"), [bytes("7-0")], [bytes("6-0")]]);
  assert.deepEqual(await group.takeOver("s", 599.5, "0-0", 100), {
    cursor: "9-0",
    ids: ["7-0"],
    gone: 1,
  });
  assert.deepEqual(sent, ["XAUTOCLAIM s planner solaria 600 0-0 COUNT 100 JUSTID"]);
});

Deno.test("streamGroup: that another planner made the group is well, any other refusal is not", async () => {
  const refusal = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });
  await lab(refusal("BUSYGROUP Consumer Group name already exists")).group.create("s", "0");
  for (const error of [refusal("NOPERM no permissions"), new Error("BUSYGROUP of no reply")]) {
    await assert.rejects(lab(error).group.create("s", "0"), error);
  }
});
