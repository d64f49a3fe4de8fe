/**
 * The failure test's command line.
 *
 * @module
 */
import { FLAG, type Given, HELP, parseOptions, TEXT } from "../bench/options.ts";
import type { Parsed } from "../bench/program.ts";
import { wholeNumber } from "../bench/whole_number.ts";

export interface ChaosOptions {
  /** The first seed. */
  readonly seed: number;
  /** How many seeds, one after the other. */
  readonly seeds: number;
  readonly events: number;
  /** No further seed begins after this. */
  readonly minutes: number;
  readonly calm: boolean;
  readonly longOutages: boolean;
  /** Whether the disks and logs of seeds that pass are kept, too. */
  readonly keep: boolean;
}

export type ChaosArguments = Parsed<ChaosOptions>;

export const CHAOS_HELP = `Usage: deno task chaos [options]

Runs three planners, each with a disk of its own, on one redis-server (INTAKE=streams,
COORDINATION=redis) and a fake Ollama that is slow and often wrong. While events come in, planners
are killed (SIGKILL) and started again, paused, cut off from Redis by a proxy, and Redis itself is
killed and started again on its append-only file. Then it looks at what is left:

  every entry is acknowledged; each event has an outcome in a planner's history, and one more only
  for each time that its entry was handed out again; each service that needs a proposal has one,
  none has two within a cooldown, and none is for what its planner knew to be over, though events
  are sent up to minutes after they happened and in another order; no file is half written; no
  claim on Redis is without an end; every planner ends in good order

One line a seed. A seed decides on everything but time itself: which events come when, what fails,
and what the model answers. Exit status 1 when a seed fails; its disks and logs are kept then.

  --seed N         the first seed (default 1)
  --seeds N        how many, 1 to 1000 (default 1)
  --events N       in each, 100 to 100000 (default 5000), over up to 200 services
  --minutes N      no further seed begins after this, 1 to 1440 (default 60)
  --calm           nothing fails
  --long-outages   Redis is away for up to 6 s, which is longer than planners wait for it: two of
                   them may then propose for a service, after saying coordination_unavailable.
                   Such pairs are counted under "alone"; without this option Redis is away for
                   less than a second
  --keep           disks and logs are kept, also of seeds that pass
  --help
`;

const NUMBERS = {
  seed: { least: 0, most: 4_294_967_295 },
  seeds: { least: 1, most: 1_000 },
  events: { least: 100, most: 100_000 },
  minutes: { least: 1, most: 1_440 },
} as const;

const OPTIONS = {
  seed: TEXT,
  seeds: TEXT,
  events: TEXT,
  minutes: TEXT,
  calm: FLAG,
  "long-outages": FLAG,
  keep: FLAG,
  help: HELP,
} as const;

/** Options as `--name value` or `--name=value`. */
export function parseChaosArguments(argv: readonly string[]): ChaosArguments {
  return parseOptions(argv, { words: OPTIONS, read });
}

function read(given: Given<typeof OPTIONS>, problems: string[]): ChaosOptions {
  const whole = (name: keyof typeof NUMBERS, fallback: number): number => {
    const about = { name: `--${name}`, range: NUMBERS[name], problems };
    return wholeNumber(given[name] ?? String(fallback), about) ?? fallback;
  };
  return {
    seed: whole("seed", 1),
    seeds: whole("seeds", 1),
    events: whole("events", 5_000),
    minutes: whole("minutes", 60),
    calm: given.calm ?? false,
    longOutages: given["long-outages"] ?? false,
    keep: given.keep ?? false,
  };
}

/** The command that makes one seed's run again. */
export function commandFor(seed: number, options: ChaosOptions): string {
  const words = ["deno task chaos", `--seed ${seed}`];
  if (options.events !== 5_000) words.push(`--events ${options.events}`);
  if (options.calm) words.push("--calm");
  if (options.longOutages) words.push("--long-outages");
  return words.join(" ");
}
