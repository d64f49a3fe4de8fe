import { join } from "node:path/posix";
import fc from "fast-check";
import { allCommands } from "../../lib/cli/commands.ts";
import { makeRuntime } from "../support/agent.ts";
import { proposalFile } from "../support/proposal_file.ts";
import { sandbox } from "../support/sandbox.ts";
import { word } from "./hostile.ts";
import { depths, runs } from "./runs.ts";
import { HISTORY_LINES } from "./samples.ts";
import { shownBy } from "./terminal.ts";

/** What would go on for ever, reach out, or try what is forbidden. */
const LEFT_OUT = ["run", "check"];
const NOT_TRIED = /^--?(?:w|prove|from-stream)/;

const COMMANDS = (await allCommands()).filter(({ name }) => !LEFT_OUT.includes(name));

const usual = fc.constantFrom(
  ...["piha", "piha/mosquitto", "plan-piha", "plan-piha-mosquitto-1767323045", "-", "/etc/hosts"],
  ...["2h", "1h", "0s", "999999999999w", "9007199254740993s", "bash", "zsh", "fish", "20", "10000"],
  ...["health_events", "rules", "m@http://127.0.0.1:1", "100", "help", "a reason"],
);
const given = fc.oneof(usual, usual, word);

/** A command with options of its own, each with a value where it takes one, and arguments. */
const typed = fc.constantFrom(...COMMANDS).chain(({ name, options }) => {
  const names = [...Object.keys(options), "help", "version"];
  const option = fc.tuple(fc.constantFrom(...names), given, fc.nat(9)).map(([key, value, how]) => {
    if (how === 0) return [`--${key}=${value}`];
    if (how === 1) return [`--${value}`];
    return options[key]?.type === "string" ? [`--${key}`, value] : [`--${key}`];
  });
  return fc.tuple(fc.array(option, { maxLength: 2 }), fc.array(given, { maxLength: 3 })).map(
    ([some, args]) => [name, ...some.flat(), ...args],
  );
});
const anything = fc.array(fc.oneof(given, fc.constantFrom("version", "help", "--", "-h", "=")), {
  minLength: 1,
  maxLength: 4,
});

Deno.test("fuzz: whatever is typed, it is done or refused, and shown clean", async () => {
  using folder = sandbox();
  const { path: root } = folder;
  makeRuntime(root);
  Deno.mkdirSync(join(root, "state/history"));
  const id = "plan-piha-mosquitto-1767323045";
  Deno.writeTextFileSync(join(root, `actions/pending/${id}.json`), proposalFile());
  const history = HISTORY_LINES.map((line) => JSON.stringify(line)).join("\n");
  Deno.writeTextFileSync(join(root, "state/history/history-00000001.ndjson"), history);
  const input = [new TextEncoder().encode('{"type":"service_unhealthy","node":"piha"}\n')];
  const env = (name: string) => name === "LLM_CHAIN" ? "rules" : undefined;
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(fc.oneof({ weight: 5, arbitrary: typed }, anything), async (args) => {
      const bare = args.filter((each) => !NOT_TRIED.test(each));
      if (LEFT_OUT.includes(bare[0] ?? "run")) return;
      const shown = await shownBy(bare, { root, env, input });
      depth.note("line", !/Usage: |Try 'planner-agent/.test(shown));
    }),
    runs(250),
  );
  depth.atLeast({ line: 0.15 });
});
