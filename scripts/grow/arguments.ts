/**
 * The command line of the measurement of several planners.
 *
 * @module
 */
import { FLAG, type Given, HELP, parseOptions, TEXT } from "../bench/options.ts";
import type { Parsed } from "../bench/program.ts";
import { wholeNumber } from "../bench/whole_number.ts";

export const INTAKES = ["streams", "pubsub"] as const;
export type Intake = typeof INTAKES[number];

export interface GrowOptions {
  /** How many planners, one measurement each. */
  readonly planners: readonly number[];
  readonly intakes: readonly Intake[];
  /** Events that need nothing. */
  readonly flood: number;
  /** Events that need a diagnosis. */
  readonly events: number;
  readonly services: number;
  /** How long each answer of the model takes, milliseconds. */
  readonly llmMs: number;
  /** Whether each planner has a server of its own. */
  readonly ownOllamas: boolean;
  /** Whether the planners share one STREAM_GROUP. */
  readonly oneGroup: boolean;
  readonly json: boolean;
}

export const GROW_HELP = `Usage: deno task grow [options]

Runs several planners on one redis-server with COORDINATION=redis, each with a disk of its own, and
a stand-in for Ollama that answers one request at a time. First a flood of events that need nothing
(events/s), then a burst about many services that need a diagnosis: how long until every service has
its proposal, with how many LLM calls. One line for each intake and number of planners.

  --planners N,...   1 to 8 each (default 1,2,4)
  --intake NAME,...  some of: ${INTAKES.join(", ")} (default both)
  --flood N          events that need nothing, 0 to 1000000 (default 20000)
  --events N         events of the burst, 1 to 100000 (default 2000)
  --services N       that they are about, 1 to 1000 and at most as many (default 100)
  --llm-ms N         one answer of the model, 0 to 10000 (default 100)
  --own-ollamas      each planner has a stand-in of its own
  --one-group        the planners share one STREAM_GROUP; else each has its own and reads all
  --json             print everything as one JSON object
  --help

Memory is what the planners have resident at the end, summed up. Exit status 1 when a service has no
proposal or two, when an event has no outcome, or when a planner does not end in good order.
Progress is on standard error.
`;

const NUMBERS = {
  flood: { fallback: 20_000, range: { least: 0, most: 1_000_000 } },
  events: { fallback: 2_000, range: { least: 1, most: 100_000 } },
  services: { fallback: 100, range: { least: 1, most: 1_000 } },
  "llm-ms": { fallback: 100, range: { least: 0, most: 10_000 } },
} as const;

const OPTIONS = {
  planners: TEXT,
  intake: TEXT,
  flood: TEXT,
  events: TEXT,
  services: TEXT,
  "llm-ms": TEXT,
  "own-ollamas": FLAG,
  "one-group": FLAG,
  json: FLAG,
  help: HELP,
} as const;

/** Options as `--name value` or `--name=value`; what is wrong with values is told all at once. */
export function parseGrowArguments(argv: readonly string[]): Parsed<GrowOptions> {
  return parseOptions(argv, { words: OPTIONS, read });
}

function read(given: Given<typeof OPTIONS>, problems: string[]): GrowOptions {
  const whole = (name: keyof typeof NUMBERS): number => {
    const { fallback, range } = NUMBERS[name];
    const about = { name: `--${name}`, range, problems };
    return wholeNumber(given[name] ?? String(fallback), about) ?? fallback;
  };
  const list = (text: string) => text.split(",").map((word) => word.trim());
  const planners = list(given.planners ?? "1,2,4").flatMap((text) =>
    wholeNumber(text, { name: "--planners", range: { least: 1, most: 8 }, problems }) ?? []
  );
  const intakes = list(given.intake ?? INTAKES.join()).flatMap((text) => {
    const found = INTAKES.find((intake) => intake === text);
    if (!found) problems.push(`--intake: "${text}" is none of ${INTAKES.join(", ")}`);
    return found ?? [];
  });
  const options: GrowOptions = {
    planners,
    intakes,
    flood: whole("flood"),
    events: whole("events"),
    services: whole("services"),
    llmMs: whole("llm-ms"),
    ownOllamas: given["own-ollamas"] ?? false,
    oneGroup: given["one-group"] ?? false,
    json: given.json ?? false,
  };
  if (options.services > options.events) {
    problems.push(`--services: ${options.services} services need at least as many --events`);
  }
  return options;
}
