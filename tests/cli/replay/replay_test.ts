import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { proposalLines } from "../../../lib/cli/replay/ending_view.ts";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import type { ActionFile } from "../../../lib/proposal/action_file.ts";
import { makeRuntime, permissions, runAgent, type Settings } from "../../support/agent.ts";
import { sandbox } from "../../support/sandbox.ts";
import { TextLineStream } from "../../support/text_lines.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..", "..", "..");
const RULES: Settings = { LLM_CHAIN: "rules" };
const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;

const event = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: "service_unhealthy",
    node: "piha",
    service: "mosquitto",
    severity: "error",
    timestamp: EPOCH,
    ...changes,
  });

function homelab() {
  const folder = sandbox();
  makeRuntime(folder.path);
  return {
    root: folder.path,
    pending: () =>
      [...Deno.readDirSync(join(folder.path, "actions/pending"))].map(({ name }) => name).sort(),
    put(name: string, text: string | Uint8Array<ArrayBuffer>) {
      const path = join(folder.path, "config", name);
      if (typeof text === "string") Deno.writeTextFileSync(path, text);
      else Deno.writeFileSync(path, text);
      return path;
    },
    tree: () => tree(folder.path),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Every path below a folder, with sizes and times. */
function tree(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    const { size, mtime } = Deno.statSync(path);
    return [`${path} ${size} ${mtime?.getTime()}`, ...isDirectory ? tree(path) : []];
  }).sort();
}

const jsonLines = (text: string) =>
  text.split("\n").filter((l) => l !== "").map((l) => JSON.parse(l));

Deno.test("planner-agent replay: a file and standard input give the same proposals", async () => {
  const input = `${event()}\r\n\n${event({ service: "redis", severity: "critical" })}`;
  using fromFile = homelab();
  using fromInput = homelab();
  const [file, stdin] = await Promise.all([
    runAgent(["replay", fromFile.put("events.ndjson", input)], {
      root: fromFile.root,
      settings: RULES,
    }),
    runAgent(["replay", "-"], { root: fromInput.root, settings: RULES, input }),
  ]);
  assert.deepEqual([file.code, file.err, stdin.code, stdin.err], [0, "", 0, ""]);
  assert.equal(file.out, stdin.out);
  assert.match(file.out, /\n2 received: 2 proposed\n$/);
  const expected = [`plan-piha-mosquitto-${EPOCH}.json`, `plan-piha-redis-${EPOCH}.json`];
  assert.deepEqual([fromFile.pending(), fromInput.pending()], [expected, expected]);
});

Deno.test("planner-agent replay --dry-run: prints proposals and writes nothing", async () => {
  using lab = homelab();
  const before = lab.tree();
  const input = `${event()}\n${event({ type: "service_healthy", service: "redis" })}\n`;
  const options = { root: lab.root, settings: RULES, input };
  const [people, json] = await Promise.all([
    runAgent(["replay", "-", "--dry-run"], options),
    runAgent(["replay", "-", "--dry-run", "--json"], options),
  ]);
  assert.deepEqual([people.code, json.code], [0, 0]);
  // Standard output is the proposals alone; what became of the events is on standard error.
  const proposal = JSON.parse(people.out);
  assert.deepEqual([proposal.action_id, proposal.payload.action], [
    `plan-piha-mosquitto-${EPOCH}`,
    "restart",
  ]);
  assert.match(people.err, /\n2 received: 1 benign, 1 proposed\n$/);
  assert.deepEqual(jsonLines(json.out).map(({ action_id }) => action_id), [proposal.action_id]);
  assert.equal(json.err, "");
  assert.deepEqual(lab.tree(), before);
});

Deno.test("planner-agent replay --json: what became of each event, on its channel", async () => {
  using lab = homelab();
  const input = `${event()}\nnonsense\n${event({ type: "node_online", service: "redis" })}\n`;
  const args = ["replay", "-", "--json", "--channel", "world_updates"];
  const { code, out } = await runAgent(args, { root: lab.root, settings: RULES, input });
  assert.equal(code, 0);
  const ended = jsonLines(out);
  assert.deepEqual([...new Set(ended.map(({ channel }) => channel))], ["world_updates"]);
  assert.deepEqual(ended.map(({ outcome }) => outcome).sort(), [
    "benign",
    "malformed",
    "proposed",
  ]);
});

Deno.test("planner-agent replay: lines that are no events are told and passed over", async () => {
  using lab = homelab();
  const bytes = new TextEncoder();
  const input = new Uint8Array([
    ...bytes.encode(`{"type":\n[]\n"x"\n{"type":"x"}\n${event({ service: "first" })}\n`),
    ...[0xff, 0xfe, 0x0a],
    ...bytes.encode(`${event({ service: "last" })}\n`),
  ]);
  const { code, out, err } = await runAgent(["replay", lab.put("mixed.ndjson", input)], {
    root: lab.root,
    settings: RULES,
  });
  assert.equal(code, 0, err);
  assert.match(out, /\n7 received: 4 malformed, 1 unparseable, 2 proposed\n$/);
  assert.deepEqual(lab.pending(), [
    `plan-piha-first-${EPOCH}.json`,
    `plan-piha-last-${EPOCH}.json`,
  ]);
  assert.equal(jsonLines(err).length > 0, true, "warnings are log lines on standard error");
});

Deno.test("planner-agent replay: a line over 1 MiB is refused, the next one counts", async () => {
  using lab = homelab();
  const filler = "x".repeat(1024 * 1024);
  const most = event({ service: "fits", payload: { filler: filler.slice(200) } });
  const input = `${event({ payload: { filler } })}\n${most}\n${filler.repeat(5)}\n${event()}\n`;
  const { code, out, err } = await runAgent(["replay", "-"], {
    root: lab.root,
    settings: RULES,
    input,
  });
  assert.equal(code, 0, err);
  assert.match(out, /\n4 received: 2 malformed, 2 proposed\n$/);
  assert.deepEqual(lab.pending(), [
    `plan-piha-fits-${EPOCH}.json`,
    `plan-piha-mosquitto-${EPOCH}.json`,
  ]);
  assert.equal(err.length < 5_000, true, "a preview, not the line");
});

Deno.test("planner-agent replay: 1,000 services through a queue of ten, none lost", async () => {
  using lab = homelab();
  const services = (count: number) =>
    Array.from({ length: count }, (_, n) => event({ service: `s${n}` })).join("\n");
  const options = { root: lab.root, settings: { ...RULES, QUEUE_LIMIT: "10" } };
  // Each file that is written waits for the disk: of those fewer do.
  const [dry, wet] = await Promise.all([
    runAgent(["replay", "-", "--dry-run", "--json"], { ...options, input: services(1_000) }),
    runAgent(["replay", "-"], { ...options, input: services(300) }),
  ]);
  assert.deepEqual([dry.code, dry.err, wet.code, wet.err], [0, "", 0, ""]);
  assert.equal(new Set(jsonLines(dry.out).map(({ action_id }) => action_id)).size, 1_000);
  assert.match(wet.out, /\n300 received: 300 proposed\n$/);
  assert.equal(lab.pending().length, 300);
});

Deno.test("planner-agent replay: what no link answers is status 1, and kept for the next run", async () => {
  using lab = homelab();
  // Nothing listens on port 1.
  const settings = { OLLAMA_HOST: "http://127.0.0.1:1" };
  const first = await runAgent(["replay", "-"], { root: lab.root, settings, input: event() });
  assert.equal(first.code, 1);
  assert.match(first.out, /\n?1 received: 1 waiting for another try\n$/);
  assert.match(first.err, /"event":"llm_chain_exhausted"/);
  assert.deepEqual(lab.pending(), []);

  const second = await runAgent(["replay", "-"], { root: lab.root, settings: RULES });
  assert.equal(second.code, 0, second.err);
  assert.deepEqual(lab.pending(), [`plan-piha-mosquitto-${EPOCH}.json`]);
});

Deno.test("planner-agent replay: SIGTERM ends it, with the event safe", async () => {
  using lab = homelab();
  await using child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--frozen",
      ...permissions(lab.root),
      join(PROJECT, "main.ts"),
      "replay",
      "-",
    ],
    env: { RUNTIME_PATH: lab.root, ...RULES },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${event()}\n`));
  const lines: string[] = [];
  for await (
    const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TextLineStream(),
    )
  ) {
    lines.push(line);
    // Its input stays open: only the signal can end it.
    if (lines.length === 1) child.kill("SIGTERM");
  }
  assert.deepEqual([(await child.status).code, await errors], [0, ""]);
  assert.match(lines[0] ?? "", /^proposed +piha\/mosquitto /);
  assert.equal(lines.at(-1), "1 received: 1 proposed");
  assert.deepEqual(lab.pending(), [`plan-piha-mosquitto-${EPOCH}.json`]);
  await writer.abort().catch(() => {});
});

Deno.test("planner-agent replay: a file that is not there, and no file at all", async () => {
  using lab = homelab();
  const missing = join(lab.root, "config/missing.ndjson");
  const [absent, folder, none, two, option] = await Promise.all([
    runAgent(["replay", missing], { root: lab.root, settings: RULES }),
    runAgent(["replay", lab.root], { root: lab.root, settings: RULES }),
    runAgent(["replay"], { root: lab.root, settings: RULES }),
    runAgent(["replay", "a", "b"], { root: lab.root, settings: RULES }),
    runAgent(["replay", "-", "--channel"], { root: lab.root, settings: RULES }),
  ]);
  for (const { code, out } of [absent, folder, none, two, option]) {
    assert.deepEqual([code, out], [2, ""]);
  }
  assert.match(folder.err, /^planner-agent: replay: cannot read '.*': it is a folder\n/);
  assert.match(absent.err, new RegExp(`^planner-agent: replay: cannot read '${missing}': `));
  assert.match(
    none.err,
    /replay takes one FILE, or - for standard input\nUsage: planner-agent replay/,
  );
  assert.match(option.err, /Usage: planner-agent replay/);
  assert.deepEqual(lab.pending(), []);
});

Deno.test("replay: on a terminal a dry run is a table, with every id whole", () => {
  const palette = paletteFor({ isTerminal: false, env: () => undefined });
  const file = {
    action_id: "plan-piha-mosquitto-1767323045",
    confidence: 0.5,
    payload: { action: "restart", reason: "service_unhealthy: its container is stopped" },
  } as ActionFile;
  assert.deepEqual(proposalLines([file], { width: 80, palette }), [
    "proposal                        action   conf.  reason",
    "plan-piha-mosquitto-1767323045  restart   0.50  service_unhealthy: its container",
    "                                                is stopped",
  ]);
  assert.deepEqual(proposalLines([file], { width: 40, palette }), [
    "proposal                        action",
    "plan-piha-mosquitto-1767323045  restart",
  ]);
});
