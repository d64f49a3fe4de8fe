/**
 * The simulation's command line.
 *
 * @module
 */
import { ConfigError } from "../../lib/config/config.ts";
import { FLAG, type Given, HELP, parseOptions, TEXT } from "../bench/options.ts";
import type { Parsed } from "../bench/program.ts";
import { BYTES_PER_TOKEN, type ProfileName, PROFILES } from "./profiles.ts";
import { configOf, type SimulationOptions } from "./run.ts";

export interface SimulateOptions extends Omit<SimulationOptions, "planners" | "ollamas"> {
  /** One simulation each. */
  readonly planners: readonly number[];
  /** Servers that all planners share; undefined: each has its own. */
  readonly ollamas: number | undefined;
  readonly machine: ProfileName;
  /** Whether the most nodes are looked for that are served in time. */
  readonly find: boolean;
  /** In time is a wait of at most so many seconds, for 95 of 100 faults. */
  readonly withinSeconds: number;
  readonly json: boolean;
}

export const SIMULATE_HELP = `Usage: deno task simulate [options]

A day of many nodes in seconds: real planners (queue, cooldown, gate, flapping, budgets, retries,
router) on a clock that jumps from event to event. Simulated are the events, the claims on Redis,
and Ollama: a server that works on one request at a time, for

  seconds = prompt tokens / prompt rate + answer tokens / answer rate

The prompt is the real one, a token for each ${BYTES_PER_TOKEN} bytes. The same --seed gives the same numbers.

  --nodes N             1 to 100000 (default 1000)
  --services N          on each, 1 to 1000 (default 10)
  --hours N             1 to 720 (default 24)
  --seed N              (default 1)
  --planners N,...      a column each (default 1,2,4); more than one have INTAKE=streams and
                        COORDINATION=redis unless --set says otherwise
  --one-group           planners share one STREAM_GROUP; else each has its own and reads all
  --ollamas N           so many servers for all planners (default: each planner has its own)
  --set NAME=VALUE      a setting of the agents, as in the environment; may be repeated

What the servers can do; \`planner-agent check\` prints the two rates of yours:
  --machine NAME        ${
  Object.entries(PROFILES).map(([name, { machine, promptRate, answerRate }]) =>
    `${name}: ${machine}, reads ${promptRate}, writes ${answerRate} tokens/s`
  ).join("\n                        ")
}
                        (assumptions, not measurements; default pi5)
  --prompt-rate N       tokens a second, instead of the machine's
  --answer-rate N
  --prompt-tokens N     instead of those of the real prompt
  --answer-tokens N     (default 60)
  --reuse-prefix        what all prompts begin with is read once only, as Ollama can
  --fail PERCENT        requests that fail with status 500 (default 1)
  --down MINUTES        in the middle no server answers for so long (default 0)

What the nodes report:
  --fault-days N        mean days between two faults of a service (default 30)
  --fault-minutes N     mean time that one lasts (default 10)
  --repeat SECONDS      while it lasts it is reported so often (default 60)
  --benign PERCENT      of all events need nothing (default 80)
  --flapping PERCENT    of the services go bad and well all the time (default 0.1)
  --storms N            a day: what many share fails, a site goes offline, in turn (default 2)
  --storm-nodes PERCENT are hit by one (default 5)
  --storm-minutes N     (default 15)

  --find                look for the most nodes that are served in time instead; from 25 to 12800
  --within SECONDS      in time: 95 of 100 faults have their proposal, or are over, within that
                        (default 600), and no event is dropped, given up or left unread
  --json
  --help
A wait is from a fault's first event to its proposal, or until it was well again before its turn;
what is held because its node is offline does not count. "Proposed when over" is what a model
proposed for a fault whose recovery was published before. Exit status 1 when an event is not
accounted for or a service is proposed for twice within a cooldown.
`;

type NumberName = keyof typeof NUMBERS;

const NUMBERS = {
  nodes: { fallback: 1_000, least: 1, most: 100_000 },
  services: { fallback: 10, least: 1, most: 1_000 },
  hours: { fallback: 24, least: 1, most: 720 },
  seed: { fallback: 1, least: 0, most: 4_000_000_000 },
  ollamas: { fallback: 0, least: 1, most: 64 },
  "prompt-rate": { fallback: 0, least: 0.1, most: 1e6 },
  "answer-rate": { fallback: 0, least: 0.1, most: 1e6 },
  "prompt-tokens": { fallback: 0, least: 1, most: 1e6 },
  "answer-tokens": { fallback: 60, least: 1, most: 1e5 },
  fail: { fallback: 1, least: 0, most: 100 },
  down: { fallback: 0, least: 0, most: 100_000 },
  "fault-days": { fallback: 30, least: 0.01, most: 100_000 },
  "fault-minutes": { fallback: 10, least: 0.1, most: 100_000 },
  repeat: { fallback: 60, least: 1, most: 86_400 },
  benign: { fallback: 80, least: 0, most: 99 },
  flapping: { fallback: 0.1, least: 0, most: 100 },
  storms: { fallback: 2, least: 0, most: 1_000 },
  "storm-nodes": { fallback: 5, least: 0, most: 100 },
  "storm-minutes": { fallback: 15, least: 1, most: 10_000 },
  within: { fallback: 600, least: 1, most: 86_400 },
} as const;

const WHOLE: ReadonlySet<string> = new Set(["nodes", "services", "hours", "seed", "ollamas"]);

const OPTIONS = {
  nodes: TEXT,
  services: TEXT,
  hours: TEXT,
  seed: TEXT,
  planners: TEXT,
  ollamas: TEXT,
  machine: TEXT,
  "prompt-rate": TEXT,
  "answer-rate": TEXT,
  "prompt-tokens": TEXT,
  "answer-tokens": TEXT,
  fail: TEXT,
  down: TEXT,
  "fault-days": TEXT,
  "fault-minutes": TEXT,
  repeat: TEXT,
  benign: TEXT,
  flapping: TEXT,
  storms: TEXT,
  "storm-nodes": TEXT,
  "storm-minutes": TEXT,
  within: TEXT,
  set: { ...TEXT, multiple: true },
  "reuse-prefix": FLAG,
  "one-group": FLAG,
  find: FLAG,
  json: FLAG,
  help: HELP,
} as const;

/** Options as `--name value` or `--name=value`; what is wrong with values is told all at once. */
export function parseSimulateArguments(argv: readonly string[]): Parsed<SimulateOptions> {
  return parseOptions(argv, { words: OPTIONS, read });
}

function read(given: Given<typeof OPTIONS>, problems: string[]): SimulateOptions {
  function number(name: NumberName): number {
    const { fallback, least, most } = NUMBERS[name];
    const text = given[name];
    if (text === undefined) return fallback;
    const form = WHOLE.has(name) ? /^\d{1,12}$/ : /^\d{1,12}(\.\d{1,6})?$/;
    const value = form.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const takes = WHOLE.has(name) ? "a whole number" : "a number";
    problems.push(`--${name}: "${text}" is not ${takes} from ${least} to ${most}`);
    return fallback;
  }

  const machineName = given.machine ?? "pi5";
  const machine = isProfile(machineName) ? machineName : "pi5";
  if (machine !== machineName) {
    problems.push(`--machine: "${machineName}" is none of ${Object.keys(PROFILES).join(", ")}`);
  }
  const planners = (given.planners ?? "1,2,4").split(",").map((text) => Number(text.trim()));
  if (!planners.every((count) => Number.isInteger(count) && count >= 1 && count <= 64)) {
    problems.push(`--planners: "${given.planners}" are not whole numbers from 1 to 64`);
  }
  const settings = settingsOf(given.set ?? [], problems);
  return {
    seed: number("seed"),
    shape: {
      nodes: number("nodes"),
      servicesPerNode: number("services"),
      hours: number("hours"),
      faultDays: number("fault-days"),
      faultMinutes: number("fault-minutes"),
      repeatSeconds: number("repeat"),
      benignPercent: number("benign"),
      flappingPercent: number("flapping"),
      storms: number("storms"),
      stormPercent: number("storm-nodes"),
      stormMinutes: number("storm-minutes"),
    },
    planners,
    ollamas: number("ollamas") || undefined,
    machine,
    speed: {
      promptRate: number("prompt-rate") || PROFILES[machine].promptRate,
      answerRate: number("answer-rate") || PROFILES[machine].answerRate,
    },
    promptTokens: number("prompt-tokens") || undefined,
    answerTokens: number("answer-tokens"),
    reusesPrefix: given["reuse-prefix"] ?? false,
    ownGroups: !(given["one-group"] ?? false),
    failPercent: number("fail"),
    downMinutes: number("down"),
    settings,
    find: given.find ?? false,
    withinSeconds: number("within"),
    json: given.json ?? false,
  };
}

function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

function settingsOf(words: readonly string[], problems: string[]): Record<string, string> {
  const settings = Object.fromEntries(words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) problems.push(`--set: "${word}" is not NAME=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  }));
  try {
    configOf(0, { planners: 1, settings });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  return settings;
}
