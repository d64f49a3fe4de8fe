/**
 * The benchmark's command line.
 *
 * @module
 */
import { type Scenario, SCENARIOS } from "./measures.ts";
import type { Parsed } from "./program.ts";
import { wholeNumber, type WholeRange } from "./whole_number.ts";

export interface Options {
  /** The agent's command; undefined is this project's own. */
  readonly agent: string | undefined;
  /** A second command to run beside it. */
  readonly beside: string | undefined;
  readonly runs: number;
  readonly messages: number;
  readonly idleSeconds: number;
  readonly only: ReadonlySet<Scenario>;
  readonly json: boolean;
  readonly redisPort: number | undefined;
  readonly ollamaPort: number | undefined;
  readonly root: string | undefined;
  /** How many decided proposals a further run of the agent finds; undefined is no such run. */
  readonly decided: number | undefined;
}

export type BenchArguments = Parsed<Options>;

export const HELP = `Usage: deno task bench [options]

Runs an agent over a private redis-server and an HTTP server that speaks Ollama's API, measures
it, and prints medians over the runs. Nothing is judged: the numbers are the result.

  --agent CMD         command of the agent (default: this project's main.ts run, with narrow
                      permissions); {root}, {redis_port} and {ollama_port} in it are filled in
  --beside CMD        a second agent, run in turns with the first; adds ratios
  --runs N            runs of each side, 1 to 20 (default 3)
  --messages N        messages of a drain, 1000 to 1000000 (default 50000)
  --idle SECONDS      how long idle CPU is watched, 1 to 600 (default 10)
  --only NAME,...     some of: ${SCENARIOS.join(", ")}
  --decided N         the agent also where N proposals were completed before, 1 to 1000000 (column
                      "decided")
  --redis-port PORT   fixed ports and folder, for a compiled program that has them built in;
  --ollama-port PORT  the folder must be absent, empty or a former run's, and is emptied
  --root PATH
  --json              print everything, each run too, as one JSON object
  --help

What is measured:
  start      from the start of the process until both channels are subscribed
  idle       from 3 s later on, CPU time of --idle seconds without messages; resident memory then
  benign     messages that need no action, published as fast as Redis takes them, until the
             proposal of one event behind them is on disk
  cooldown   the same with messages of one service that has just had its proposal
  ceiling    both again for a bare ioredis subscriber that only parses JSON (column "bare")
  latency    from PUBLISH until the proposal's file is there, LLM at once; 200 events at random
             moments
  storm      40 services x 25 events at once, each LLM call takes 0.25 s
Memory and CPU are sums over the process and its children; peak memory is of the whole run.
CPU has the kernel's resolution of 10 ms. The agent's output goes to a file. Redis' limit on a
subscriber's backlog is lifted, so that a slow agent loses nothing. Progress is on standard error.
`;

const NUMBERS = {
  "--runs": { least: 1, most: 20 },
  "--messages": { least: 1000, most: 1_000_000 },
  "--idle": { least: 1, most: 600 },
  "--decided": { least: 1, most: 1_000_000 },
  "--redis-port": { least: 1, most: 65535 },
  "--ollama-port": { least: 1, most: 65535 },
} as const satisfies Record<string, WholeRange>;
const TEXTS = ["--agent", "--beside", "--only", "--root"] as const;

function isNumberName(name: string): name is keyof typeof NUMBERS {
  return Object.hasOwn(NUMBERS, name);
}

function isTextName(name: string): name is typeof TEXTS[number] {
  return (TEXTS as readonly string[]).includes(name);
}

function parseOnly(text: string | undefined, problems: string[]): Set<Scenario> {
  if (text === undefined) return new Set(SCENARIOS);
  const only = new Set<Scenario>();
  for (const name of text.split(",").map((part) => part.trim())) {
    const found = SCENARIOS.find((scenario) => scenario === name);
    if (found) only.add(found);
    else problems.push(`--only: "${name}" is none of ${SCENARIOS.join(", ")}`);
  }
  return only;
}

/** Options as `--name value` or `--name=value`; all problems are found at once. */
export function parseArguments(argv: readonly string[]): BenchArguments {
  const problems: string[] = [];
  const numbers: Partial<Record<keyof typeof NUMBERS, number>> = {};
  const texts: Partial<Record<typeof TEXTS[number], string>> = {};
  let json = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--help" || word === "-h") return { kind: "help" };
    if (word === "--json") {
      json = true;
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    if (!isNumberName(name) && !isTextName(name)) {
      problems.push(`"${word}" is not an option`);
      continue;
    }
    const value = equals === -1 ? argv[++i] : word.slice(equals + 1);
    if (value === undefined || value === "") {
      problems.push(`${name} needs a value`);
    } else if (isTextName(name)) {
      texts[name] = value;
    } else {
      const number = wholeNumber(value, { name, range: NUMBERS[name], problems });
      if (number !== undefined) numbers[name] = number;
    }
  }
  const only = parseOnly(texts["--only"], problems);
  if (problems.length > 0) return { kind: "wrong", problems };
  return {
    kind: "run",
    options: {
      agent: texts["--agent"],
      beside: texts["--beside"],
      runs: numbers["--runs"] ?? 3,
      messages: numbers["--messages"] ?? 50_000,
      idleSeconds: numbers["--idle"] ?? 10,
      only,
      json,
      redisPort: numbers["--redis-port"],
      ollamaPort: numbers["--ollama-port"],
      root: texts["--root"],
      decided: numbers["--decided"],
    },
  };
}
