import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { join } from "node:path/posix";
import { checkMessage } from "../../../lib/cli/check_event/message.ts";
import { checkedLines } from "../../../lib/cli/check_event/view.ts";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import { runCommand } from "../../support/command.ts";
import { sandbox } from "../../support/sandbox.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const PLAIN = paletteFor({ isTerminal: false, env: () => undefined });
const SCHEMA = JSON.parse(
  Deno.readTextFileSync(join(import.meta.dirname ?? ".", "../../../docs/event.schema.json")),
);

const options = { nowMs: NOW, aliases: new Map(), validMs: 1_800_000 };
const check = (value: unknown) =>
  checkMessage(new TextEncoder().encode(JSON.stringify(value)), options);
const shown = (value: unknown) =>
  checkedLines(check(value), { width: 80, palette: PLAIN, timeZone: "UTC" });

const WHOLE = {
  type: "service_unhealthy",
  node: "vps",
  service: "traefik",
  severity: "error",
  timestamp: "2026-01-02T03:00:00Z",
  payload: { last_error: "connection refused" },
};

Deno.test("check-event: a whole event lacks nothing", () => {
  assert.deepEqual(shown(WHOLE), [
    "becomes   an event that is diagnosed",
    "target    vps/traefik",
    "type      service_unhealthy, family unhealthy",
    "severity  error",
    "time      2026-01-02 03:00:00 UTC",
  ]);
});

Deno.test("check-event: what is missing, and what counts instead", () => {
  assert.deepEqual(shown({ type: "ContainerExited", node: "vps" }), [
    "becomes   an event that is diagnosed",
    "target    vps/vps",
    "type      ContainerExited, that is container_exited, family down",
    "severity  info",
    "time      2026-01-02 03:04:05 UTC",
    "missing   service: it is about the node itself",
    "          severity: it counts as info",
    "          timestamp: the time at which it arrives counts",
    "          payload: nothing but its type helps the diagnosis",
  ]);
});

Deno.test("check-event: a level is a severity; good news needs no payload and no known time", () => {
  const { severity: _, payload: __, ...bare } = WHOLE;
  assert.deepEqual(check({ ...WHOLE, severity: undefined, level: "error" }), check(WHOLE));
  const old = { ...bare, timestamp: "2026-01-01T00:00:00Z", severity: "info" };
  for (const type of ["service_recovered", "backup_completed"]) {
    const good = check({ ...old, type });
    assert.deepEqual("missing" in good && good.missing, [], type);
  }
});

Deno.test("check-event: of a message with very many keys the first are named", () => {
  const keys = Array.from({ length: 50 }, (_, nth) => `key_number_${nth}`);
  const refused = check(Object.fromEntries(keys.map((key) => [key, 1])));
  assert.equal(
    "preview" in refused && refused.preview,
    `keys: ${keys.slice(0, 20).join(", ").slice(0, 200)}`,
  );
});

Deno.test("check-event: on a terminal good and bad differ", () => {
  const palette = paletteFor({ isTerminal: true, env: () => undefined });
  const first = (value: unknown) => checkedLines(check(value), { width: 80, palette })[0];
  assert.ok(first(WHOLE)?.includes("\x1b[32man event that is diagnosed"));
  assert.ok(first([])?.includes("\x1b[31mno event"));
});

Deno.test("check-event: an adapter that sends when a fault began is told", () => {
  assert.deepEqual(shown({ ...WHOLE, timestamp: "2026-01-02T02:33:00Z" }).slice(5), [
    "missing   timestamp: it is 31 min old; a restart for it would be stale from the",
    "          start. Send the time of this event, not of the first one",
  ]);
});

Deno.test("check-event: good news, and what is no event", () => {
  assert.equal(
    shown({ ...WHOLE, type: "service_recovered" })[0],
    "becomes   good news: it ends what waits, and is never proposed for",
  );
  assert.deepEqual(shown({ service: "traefik" }), [
    "becomes  no event",
    'why      it has no "type" (or "event_type"): say what happened',
    "message  keys: service",
  ]);
  assert.deepEqual(shown([WHOLE]).slice(0, 2), [
    "becomes  no event",
    "why      it is JSON, but no object: put it into { }",
  ]);
});

Deno.test("check-event: the schema in docs/ takes what the agent takes, and refuses what it refuses", () => {
  const isValid = new Ajv2020({ allowUnionTypes: true }).compile(SCHEMA);
  const cases: unknown[] = [
    WHOLE,
    { event_type: "node_offline", node: "hut", details: { since: 5 } },
    { type: "x", node: 7, severity: 3, timestamp: 1_767_323_045 },
    { type: "x", node: "a", service: null, severity: { level: "high" }, payload: "text" },
    { type: "x" },
    { node: "a" },
    { type: " ", node: "a" },
    { type: "x", node: "" },
    { type: {}, node: "a" },
    [],
    "text",
    null,
  ];
  for (const value of cases) {
    assert.equal(isValid(value), check(value).becomes !== "refused", JSON.stringify(value));
  }
});

Deno.test("planner-agent check-event: one message over several lines, or one a line", async () => {
  using folder = sandbox();
  const ask = (input: string, ...more: string[]) =>
    runCommand(["check-event", "-", ...more], { root: folder.path, input });
  const one = await ask(JSON.stringify(WHOLE, null, 2));
  assert.deepEqual([one.code, one.err], [0, ""]);
  assert.match(one.out, /^becomes +an event that is diagnosed\ntarget +vps\/traefik\n/);
  const two = await ask(`${JSON.stringify(WHOLE)}\nnonsense\n`, "--json");
  assert.equal(two.code, 1);
  assert.deepEqual(JSON.parse(two.out).map(({ becomes }: { becomes: string }) => becomes), [
    "fault",
    "refused",
  ]);
  const none = await ask("");
  assert.deepEqual([none.code, none.out], [2, ""]);
});

Deno.test("planner-agent check-event: a node's other names count, unless config/ is wrong", async () => {
  using folder = sandbox();
  Deno.mkdirSync(join(folder.path, "config"));
  const nodeBy = async (topology: string) => {
    Deno.writeTextFileSync(join(folder.path, "config/topology.json"), topology);
    const input = JSON.stringify({ ...WHOLE, node: "hut-old" });
    const { code, out } = await runCommand(["check-event", "-", "--json"], {
      root: folder.path,
      input,
    });
    return [code, JSON.parse(out)[0].node];
  };
  assert.deepEqual(await nodeBy('{"nodes":[{"name":"hut","role":"Pi","aliases":["hut-old"]}]}'), [
    0,
    "hut",
  ]);
  assert.deepEqual(await nodeBy("{"), [0, "hut-old"]);
  Deno.removeSync(join(folder.path, "config"), { recursive: true });
  Deno.writeTextFileSync(join(folder.path, "config"), "a file in its place");
  const input = `${JSON.stringify(WHOLE)}\n`.repeat(10_000);
  const { code, out } = await runCommand(["check-event", "-", "--json"], {
    root: folder.path,
    input,
  });
  assert.deepEqual([code, JSON.parse(out).length], [0, 10_000], "also of more than 1 MiB");
});
