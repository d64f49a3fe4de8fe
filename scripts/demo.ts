/**
 * Shows the agent at work to someone who has neither Redis nor Ollama: replays sample events
 * through it and prints what became of each, and what it wrote. `--help` tells the rest.
 *
 * @module
 */
import { join } from "node:path/posix";
import { parseArgs } from "node:util";
import { randomHex } from "../lib/base/random.ts";
import { lineSink } from "../lib/base/log/log.ts";
import { ChainSyntaxError } from "../lib/llm/chain.ts";
import { VERSION } from "../lib/base/version.ts";
import { PROJECT, replay, ReplayError } from "./demo/replay.ts";
import { eventCount, SCENES } from "./demo/scenes.ts";
import {
  endingTable,
  heading,
  type Look,
  placeTable,
  proposalTable,
  readProposals,
} from "./demo/view.ts";

const HELP = `Usage: ./scripts/deno task demo [--root DIR]
                                   [--model-server URL [--model NAME]]
Replays sample events through the agent, without Redis and without an LLM, and shows what it wrote.

  --root DIR           write into this folder, which should be empty (default: a new temporary one)
  --model-server URL   ask a model: llama.cpp's server, an Ollama, or another that speaks OpenAI's API
  --model NAME         the model's name there (default: "default", which llama.cpp's server takes)
  --help               this text`;

/** Width where the output goes to a file or a pipe. */
const PIPE_WIDTH = 100;

const write = lineSink(Deno.stdout);
const say = (...lines: string[]) => write(`${lines.join("\n")}\n`);

function look(): Look {
  if (!Deno.stdout.isTerminal()) return { width: PIPE_WIDTH, colour: false };
  return { width: Deno.consoleSize().columns, colour: !Deno.env.get("NO_COLOR") };
}

async function demo(root: string, chain: string): Promise<void> {
  const view = look();
  const config = join(root, "config");
  await Deno.mkdir(config, { recursive: true });
  await Deno.copyFile(join(PROJECT, "scripts/demo/policy.json"), join(config, "policy.json"));

  const without = chain === "rules" ? "without Redis and without an LLM" : "without Redis";
  say(
    `planner-agent ${VERSION}: ${await eventCount()} sample messages, ${without}.`,
    ...(chain === "rules" ? [] : [`LLM_CHAIN is ${chain}.`]),
    "The chain ends in `rules`, the diagnosis that is built in; severe events are served first.",
  );
  for (const [i, { title, note, file, settings }] of SCENES.entries()) {
    say("", heading(`${i + 1}. ${title}`, view), note, "");
    say(
      ...endingTable(
        await replay(file, { root, settings: { LLM_CHAIN: chain, ...settings } }),
        view,
      ),
    );
  }

  const pending = join(root, "actions/pending");
  const proposals = await readProposals(pending);
  say("", heading(`${proposals.length} proposals wait for a person`, view), "");
  say(...proposalTable(proposals, view));
  const whole = proposals.find(({ changedBy }) => changedBy !== "") ?? proposals[0];
  if (whole) say("", heading(`One of them whole: ${whole.id}.json`, view), "", whole.text);

  say(
    "",
    heading("Where it all lies", view),
    "",
    ...placeTable([
      [pending, "the proposals"],
      [join(root, "events"), "an event that tells of each"],
      [join(root, "state"), "what survives a restart: cooldowns, waiting events"],
      [join(config, "policy.json"), "the operator's own rule of this demo"],
    ], view),
    "",
    "To approve one is to move it to actions/approved. The agent has no permission to do that.",
  );
}

/** Deno.makeTempDir() refuses where the Deno that may be run lies below the temporary folder. */
async function temporaryFolder(): Promise<string> {
  const folder = join(Deno.env.get("TMPDIR") || "/tmp", `planner-agent-demo-${randomHex()}`);
  await Deno.mkdir(folder, { mode: 0o700 });
  return folder;
}

async function main(): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: Deno.args,
      options: {
        root: { type: "string" },
        "model-server": { type: "string" },
        model: { type: "string", default: "default" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    lineSink(Deno.stderr)(`demo: ${error instanceof Error ? error.message : error}\n\n${HELP}\n`);
    return 2;
  }
  if (values.help) {
    say(HELP);
    return 0;
  }
  try {
    const server = values["model-server"];
    const chain = server === undefined ? "rules" : `openai/${values.model}@${server},rules`;
    await demo(values.root ?? await temporaryFolder(), chain);
    return 0;
  } catch (error) {
    if (!(error instanceof ReplayError || error instanceof ChainSyntaxError)) throw error;
    lineSink(Deno.stderr)(`demo: ${error.message}\n`);
    return 1;
  }
}

Deno.exit(await main());
