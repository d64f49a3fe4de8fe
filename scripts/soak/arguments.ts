/**
 * The soak's command line.
 *
 * @module
 */
import { type Given, HELP, parseOptions, TEXT } from "../bench/options.ts";
import type { Parsed } from "../bench/program.ts";
import { wholeNumber } from "../bench/whole_number.ts";

export interface SoakOptions {
  /** The agent's command; undefined is this project's own. */
  readonly agent: string | undefined;
  readonly messages: number;
  readonly seed: number;
  /** When publishing ends at the latest. */
  readonly minutes: number;
  readonly redisPort: number | undefined;
  readonly ollamaPort: number | undefined;
  readonly root: string | undefined;
}

export type SoakArguments = Parsed<SoakOptions>;

export const SOAK_HELP = `Usage: deno task soak [options]

Sends an agent millions of mixed messages over a private redis-server, as fast as it reads them
and without a rest: benign events, floods in cooldown, thousands of services, hostile names,
flapping, outages of nodes, silenced, malformed, oversize and deeply nested messages, with a fake
Ollama that sometimes fails and an operator who decides on proposals. Then checks that

  every counter adds up   received is what was published; outcomes and what still waits add up to
                          it; what can be foretold (malformed, unparseable, benign, silenced) is
                          exact. Exit status 1 where it does not.
  memory is flat          the median of the last quarter is within 10% of the second's

  --messages N        1000 to 100000000 (default 2000000)
  --seed N            another order of messages (default 1)
  --minutes N         publishing ends after this at the latest, 1 to 1440 (default 30)
  --agent CMD         command of the agent, as for the benchmark: {root}, {redis_port} and
                      {ollama_port} in it are filled in
  --redis-port PORT   fixed ports and folder, for a compiled program that has them built in;
  --ollama-port PORT  the folder must be absent, empty or a former run's, and is emptied
  --root PATH
  --help

Times are shortened, so that what is kept for a time is forgotten within a soak, too: cooldown 5 s,
flapping window 10 s, events given up after 45 s. Progress is on standard error.
`;

const NUMBERS = {
  messages: { least: 1_000, most: 100_000_000 },
  seed: { least: 0, most: 4_294_967_295 },
  minutes: { least: 1, most: 1_440 },
  "redis-port": { least: 1, most: 65_535 },
  "ollama-port": { least: 1, most: 65_535 },
} as const;

const OPTIONS = {
  agent: TEXT,
  root: TEXT,
  messages: TEXT,
  seed: TEXT,
  minutes: TEXT,
  "redis-port": TEXT,
  "ollama-port": TEXT,
  help: HELP,
} as const;

/** Options as `--name value` or `--name=value`. */
export function parseSoakArguments(argv: readonly string[]): SoakArguments {
  return parseOptions(argv, { words: OPTIONS, read });
}

function read(given: Given<typeof OPTIONS>, problems: string[]): SoakOptions {
  const whole = (name: keyof typeof NUMBERS): number | undefined => {
    const text = given[name];
    if (text === undefined) return undefined;
    return wholeNumber(text, { name: `--${name}`, range: NUMBERS[name], problems });
  };
  return {
    agent: given.agent,
    messages: whole("messages") ?? 2_000_000,
    seed: whole("seed") ?? 1,
    minutes: whole("minutes") ?? 30,
    redisPort: whole("redis-port"),
    ollamaPort: whole("ollama-port"),
    root: given.root,
  };
}
