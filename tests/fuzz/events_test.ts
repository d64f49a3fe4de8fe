import assert from "node:assert/strict";
import fc from "fast-check";
import { readLines } from "../../lib/intake/ndjson.ts";
import { makeRuntime } from "../support/agent.ts";
import { sandbox } from "../support/sandbox.ts";
import { altered, cuts, pieces, textOf } from "./hostile.ts";
import { depths, inTime, runs } from "./runs.ts";
import { shownBy } from "./terminal.ts";

const EVENT = {
  type: "service_unhealthy",
  node: "piha",
  service: "mosquitto",
  severity: "error",
  timestamp: "2026-01-02T03:04:05Z",
  source: "node-agent",
  payload: { exit_code: 137, log: "Out of memory", containers: [{ name: "mosquitto" }] },
};
const LABEL = {
  event: EVENT,
  acceptable: ["restart", "notify"],
  requires_human: null,
  context: [
    { event: { ...EVENT, type: "node_offline", timestamp: "2026-01-02T03:00:00Z" } },
    { action: "restart", became: "completed", timestamp: "2026-01-02T02:00:00Z" },
    { outcome: { action: "redeploy", status: "failed", at: 1_767_322_000, node: "piha" } },
  ],
  why: "it ran out of memory",
  source: "made up",
};
const lines = (sound: unknown) =>
  fc.tuple(
    fc.array(textOf(altered(fc.constant(sound))), { minLength: 1, maxLength: 5 }),
    fc.constantFrom("\n", "\r\n", "\n\n", "\n \n"),
  ).map(([texts, end]) => new TextEncoder().encode(texts.join(end)));

/** The rules answer at once, and reach nothing. */
const env = (name: string) => name === "LLM_CHAIN" ? "rules" : undefined;

Deno.test("fuzz: a stream of lines says the same however it is split", async () => {
  const read = async (parts: readonly Uint8Array[]) => {
    const found: unknown[] = [];
    for await (const line of readLines(ReadableStream.from(parts) as ReadableStream, 300)) {
      found.push(line instanceof Uint8Array ? [...line] : line.kind);
    }
    return found;
  };
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(lines(EVENT), fc.uint8Array({ maxLength: 700 })),
      cuts,
      (bytes, at) =>
        inTime(async () => {
          assert.deepEqual(await read(pieces(bytes, at)), await read([bytes]));
        }),
    ),
    runs(200),
  );
});

Deno.test(
  "fuzz: whatever a file of events holds, it is replayed dry or told of, and shown clean",
  async () => {
    using folder = sandbox();
    makeRuntime(folder.path);
    const depth = depths();
    await fc.assert(
      fc.asyncProperty(lines(EVENT), cuts, async (bytes, at) => {
        const typed = { root: folder.path, env, input: pieces(bytes, at) };
        for (const [command = "", ...args] of [["replay", "--dry-run"], ["check-event"]]) {
          const shown = await shownBy([command, "-", ...args], typed);
          depth.note(command, /-> \w+ by rules|an event that is diagnosed/.test(shown));
          await shownBy([command, "-", "--json", ...args], typed);
        }
      }),
      runs(120),
    );
    depth.atLeast({ replay: 0.4, "check-event": 0.4 });
  },
);

Deno.test(
  "fuzz: whatever a file of labels holds, it is tried or refused by line, and shown clean",
  async () => {
    using folder = sandbox();
    makeRuntime(folder.path);
    const depth = depths();
    await fc.assert(
      fc.asyncProperty(lines(LABEL), cuts, async (bytes, at) => {
        const typed = { root: folder.path, env, input: pieces(bytes, at) };
        const shown = await shownBy(["eval", "-"], typed);
        depth.note("eval", !shown.includes("cannot be used"));
        if (shown.includes("cannot be used")) assert.match(shown, /\n {2}(?:line \d+: |there )/);
        await shownBy(["eval", "-", "--json"], typed);
      }),
      runs(120),
    );
    depth.atLeast({ eval: 0.1 });
  },
);
