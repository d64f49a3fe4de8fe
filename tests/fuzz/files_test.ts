import assert from "node:assert/strict";
import { join } from "node:path/posix";
import fc from "fast-check";
import { dispatch } from "../../lib/cli/command.ts";
import { allCommands } from "../../lib/cli/commands.ts";
import type { Io } from "../../lib/cli/io.ts";
import { parseTopology } from "../../lib/config/topology.ts";
import { parseSilences } from "../../lib/gate/silences.ts";
import { parsePolicy } from "../../lib/policy/file.ts";
import { visibleText } from "../../lib/base/text/visible.ts";
import { decodeState } from "../support/decode_state.ts";
import { parseHistoryLine } from "../../lib/observe/history/line.ts";
import { makeRuntime } from "../support/agent.ts";
import { sandbox } from "../support/sandbox.ts";
import { inTime, inTimeNow, runs } from "./runs.ts";

const COMMANDS = await allCommands();

const NASTY = [
  ...["\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\u202e", "\u0000", "\ud800", "../../etc", "a\nb"],
  ...["__proto__", "constructor", "x".repeat(5_000), "", " ", "plan-piha-x-1", "9".repeat(400)],
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("piha", "vps", "traefik", "restart", "low", "notify") },
  fc.constantFrom(...NASTY),
  fc.string({ maxLength: 20 }),
);
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.constantFrom(null, true, 0, -1, 1e308, 1_767_323_045, "2026-01-02T03:04:05Z", []),
    fc.double(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(word, tie("value"), { maxKeys: 4 }),
  ),
})).value;

/** An object with keys that are looked for, each there or not, well or not. */
function objectOf(keys: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.tuple(
    fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] }),
    fc.dictionary(word, value, { maxKeys: 2 }),
  ).map(([known, more]) => ({ ...more, ...known }));
}

/** JSON text of such an object, as it is or broken somewhere. */
function textOf(object: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(object.map((made) => JSON.stringify(made) ?? ""), fc.nat(), fc.nat(9)).map(
    ([text, at, how]) => {
      const cut = at % (text.length + 1);
      if (how === 0) return text.slice(0, cut);
      if (how === 1) return `${text.slice(0, cut)}\x1b${text.slice(cut)}`;
      return text;
    },
  );
}

const action = objectOf([
  ...["action_id", "type", "node", "service", "risk_level", "confidence", "requires_human"],
  ...["timestamp", "llm_model", "payload", "status", "transitions", "decided_by", "reason"],
]);
const line = objectOf([
  ...["is", "target", "serial", "atMs", "actionId", "event", "outcome", "node", "service", "at"],
  ...["version", "planner_agent_state", "type", "severity", "channel", "action_id", "reason"],
]);
const config = objectOf(["rules", "nodes", "silences", "name", "when", "then", "until", "node"]);

Deno.test("fuzz: a state or history that is damaged is read as far as it goes", () => {
  fc.assert(
    fc.property(fc.array(textOf(line), { maxLength: 8 }), (lines) => {
      for (const head of ["", '{"planner_agent_state":1}\n', '{"version":1}\n']) {
        const decoded = inTimeNow(() => decodeState(head + lines.join("\n")));
        assert.ok(["state", "damaged", "later_version"].includes(decoded.kind));
      }
      for (const text of lines) inTimeNow(() => parseHistoryLine(text));
    }),
    runs(400),
  );
  assert.equal(({} as Record<string, unknown>).piha, undefined);
});

Deno.test("fuzz: a file of an operator is taken, or refused by name", () => {
  fc.assert(
    fc.property(textOf(config), (text) => {
      for (const parse of [parsePolicy, parseTopology, parseSilences]) {
        try {
          inTimeNow(() => parse(text));
        } catch (error) {
          const isTold = error instanceof Error &&
            /^(?:ConfigFile|Topology)Error$/.test(error.name);
          assert.ok(isTold, `${parse.name}: ${error}`);
        }
      }
    }),
    runs(400),
  );
});

/** A terminal that keeps what is shown; a command that would run on is stopped. */
function terminal(runtimePath: string) {
  const shown: string[] = [];
  const io: Io = {
    env: (name) => name === "RUNTIME_PATH" ? runtimePath : name === "NO_COLOR" ? "1" : undefined,
    out: (text) => void shown.push(text),
    // As the process's own standard error does.
    err: (text) => void shown.push(visibleText(text)),
    queuedOut: { write: (bytes) => Promise.resolve(bytes.length) },
    isTerminal: true,
    width: 80,
    input: new Blob([]).stream(),
    open: () => Promise.reject(new Error("no such file")),
    onSignal: () => () => {},
    onOtherSignal: () => {},
    onFault: () => {},
    exit: () => {
      throw new Error("exit");
    },
  };
  return { io, shown };
}

function isClean(shown: readonly string[], about: unknown): void {
  // deno-lint-ignore no-control-regex
  const found = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.exec(shown.join(""));
  assert.equal(found, null, `${JSON.stringify(about)}: ${JSON.stringify(shown)}`);
}

Deno.test("fuzz: whatever lies under RUNTIME_PATH, commands show it clean or say what is wrong", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const id = "plan-piha-mosquitto-1767323045";
  const put = (path: string, text: string) => Deno.writeTextFileSync(join(root, path), text);
  await fc.assert(
    fc.asyncProperty(
      textOf(action),
      textOf(line),
      textOf(config),
      async (proposal, state, silences) => {
        put(`actions/pending/${id}.json`, proposal);
        put(`actions/rejected/${id}-2.json`, proposal);
        put("state/planner-agent.state", `${state}\n`);
        put("state/planner-agent.status.json", state);
        put("state/planner-agent.history", `${state}\n${state}\n`);
        put("config/silences.json", silences);
        for (
          const args of [
            ["pending"],
            ["show", id],
            ["show", `${id}-2`],
            ["stats"],
            ["status"],
            ["explain", "piha/mosquitto"],
            ["silences"],
          ]
        ) {
          const { io, shown } = terminal(root);
          const code = await inTime(dispatch(args, COMMANDS, io));
          assert.ok([0, 1, 2].includes(code), args.join(" "));
          isClean(shown, args);
        }
      },
    ),
    runs(25),
  );
});

Deno.test("fuzz: whatever is typed, it is done or refused, and shown clean", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const argument = fc.oneof(
    word,
    fc.constantFrom(
      "--json",
      "--help",
      "--node",
      "--since",
      "-x",
      "--",
      "-",
      "--watch=1",
      "=",
      "--=",
    ),
    fc.constantFrom("piha/mosquitto", "plan-", "1h", "--version", "help", "bash", "zsh", "fish"),
    word.map((text) => `--${text}`),
  );
  const command = fc.oneof(
    fc.constantFrom("pending", "show", "stats", "status", "explain", "silences", "silence"),
    fc.constantFrom(
      "permissions",
      "completions",
      "version",
      "help",
      "replay",
      "eval",
      "check-event",
    ),
    word.filter((text) => text !== ""),
  );
  await fc.assert(
    fc.asyncProperty(command, fc.array(argument, { maxLength: 4 }), async (name, args) => {
      // What would go on for ever, or try what is forbidden.
      const bare = [name, ...args].filter((word) => !/^--?(?:w|watch|prove)/.test(word));
      const { io, shown } = terminal(folder.path);
      const code = await inTime(dispatch(bare, COMMANDS, io));
      assert.ok([0, 1, 2].includes(code), JSON.stringify(bare));
      isClean(shown, bare);
    }),
    runs(80),
  );
});
