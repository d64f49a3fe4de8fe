import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { parseConfig } from "../lib/config/config.ts";
import { ENVIRONMENT_NAMES, type EnvironmentName } from "../lib/config/environment.ts";
import { OUTCOMES } from "../lib/observe/outcome.ts";
import { parsePolicy } from "../lib/policy/file.ts";
import { parseTopology } from "../lib/config/topology.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..");
const README = Deno.readTextFileSync(join(PROJECT, "README.md"));

/** The cells of every table row whose first cell is `code`, by that code. */
function rowsOf(heading: string): Map<string, string[]> {
  const [, after = ""] = README.split(`\n${heading}\n`);
  const [chapter = ""] = after.split(/\n#+ /);
  const rows = new Map<string, string[]>();
  for (const line of chapter.split("\n")) {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const name = /^`([^`]+)`$/.exec(cells[0] ?? "")?.[1];
    if (name !== undefined && !rows.has(name)) rows.set(name, cells.slice(1));
  }
  return rows;
}

function sourcesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return sourcesIn(path);
    return entry.name.endsWith(".ts") ? [Deno.readTextFileSync(path)] : [];
  });
}

/** Names of the log events that a source logs as a warning or an error. */
function complaintsIn(source: string): string[] {
  const calls = source.matchAll(
    /\b(?:log(?:\.(?:warning|error)|\[[^\]]*"(?:warning|error)"[^\]]*\])\(|fold\("(?:warning|error)",)\s*"([^"]+)"/g,
  );
  return [...calls].map(([, name = ""]) => name);
}

Deno.test("README: the table of settings has every variable with its default", () => {
  const config = parseConfig(() => undefined);
  const defaults: Readonly<Record<EnvironmentName, string>> = {
    RUNTIME_PATH: config.runtimePath,
    REDIS_URL: config.redisUrl,
    OLLAMA_HOST: config.ollamaHost,
    OLLAMA_MODEL: config.chain.map(({ name }) => name).join(),
    NODE_NAME: config.nodeName,
    COOLDOWN_SECONDS: String(config.cooldownSeconds),
    LLM_CHAIN: "the model above",
    LLM_FIRST_TOKEN_SECONDS: String(config.firstTokenSeconds),
    LLM_IDLE_SECONDS: String(config.idleSeconds),
    LLM_TIMEOUT_SECONDS: String(config.timeoutSeconds),
    LLM_ATTEMPTS: String(config.attemptsPerLink),
    LLM_CONTEXT_TOKENS: String(config.contextTokens),
    LLM_KEEP_ALIVE: config.keepAlive ?? "unset",
    LLM_CONCURRENCY: String(config.concurrency),
    PROMPT_PAYLOAD_BYTES: String(config.promptPayloadBytes),
    QUEUE_LIMIT: String(config.queueLimit),
    EVENT_TTL_SECONDS: String(config.eventTtlSeconds),
    MAX_PENDING_PER_SERVICE: String(config.maxPendingPerService),
    OUTCOME_REPEATS: String(config.outcomeRepeats),
    OUTCOME_WINDOW_SECONDS: String(config.outcomeWindowSeconds),
    VALID_SECONDS: String(config.validSeconds),
    NOTIFY_VALID_SECONDS: String(config.notifyValidSeconds),
    PROPOSAL_CHANNEL: config.proposalChannel || "unset",
    INTAKE: config.intake,
    STREAM_GROUP: config.streamGroup,
    STREAM_CLAIM_SECONDS: String(config.streamClaimSeconds),
    COORDINATION: config.coordination,
    INHIBIT: config.inhibit ? "on" : "off",
    FLAP_CHANGES: String(config.flapChanges),
    FLAP_WINDOW_SECONDS: String(config.flapWindowSeconds),
    START_GRACE_SECONDS: String(config.startGraceSeconds),
    DIAGNOSES_PER_HOUR: String(config.diagnosesPerHour),
    PROPOSALS_PER_DAY: String(config.proposalsPerDay),
    LOG_LEVEL: config.logLevel,
    NO_COLOR: "unset",
    NOTIFY_SOCKET: "unset",
    WATCHDOG_USEC: "unset",
  };
  const rows = rowsOf("## Configuration");
  const documented = ENVIRONMENT_NAMES.map((name) => {
    return [name, rows.get(name)?.[0]?.replaceAll("`", "")];
  });
  assert.deepEqual(documented, ENVIRONMENT_NAMES.map((name) => [name, defaults[name]]));
});

Deno.test("README: the troubleshooting table has the warnings and errors of the log", () => {
  const logged = new Set(sourcesIn(join(PROJECT, "lib")).flatMap(complaintsIn));
  // Written in three different ways: the search would see it if it missed one.
  for (const name of ["malformed_message", "redis_unavailable", "action_write_failed"]) {
    assert.ok(logged.has(name), name);
  }
  const documented = [...rowsOf("## Troubleshooting").keys()];
  assert.deepEqual(documented.toSorted(), [...logged].sort());
});

Deno.test("README: every outcome is explained", () => {
  assert.deepEqual([...rowsOf("## How it works").keys()], [...OUTCOMES]);
});

Deno.test("README: the example configuration files are valid", () => {
  const examples = README.split("```json\n").slice(1).map((part) => part.split("```")[0] ?? "");
  const topology = examples.find((text) => text.includes('"nodes"')) ?? "";
  const policy = examples.find((text) => text.includes('"rules"')) ?? "";
  assert.deepEqual(parseTopology(topology).nodes.map(({ name }) => name), ["attic", "hut"]);
  assert.deepEqual(
    parsePolicy(policy).map(({ name }) => name),
    ["databases_by_hand", "a_person_for_what_is_critical"],
  );
});

Deno.test("README: the chains given as examples are read as described", () => {
  const chainOf = (value: string) =>
    parseConfig((name) => name === "LLM_CHAIN" ? value : undefined).chain.map(({ name }) => name);
  const rows = [...rowsOf("## Configuration").keys()];
  const examples = rows.filter((name) => name.includes(":") || name === "rules");
  assert.deepEqual(examples.map(chainOf), [
    ["qwen2.5:7b"],
    ["qwen2.5:14b@http://solaria:11434", "qwen2.5:3b"],
    ["qwen2.5:7b", "rules"],
    ["rules"],
  ]);
});

Deno.test("README: the tasks it names exist", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(PROJECT, "deno.json")));
  const named = [...README.matchAll(/\.\/scripts\/deno task ([a-z:-]+)/g)].map(([, name]) => name);
  assert.ok(named.includes("demo") && named.includes("test"));
  assert.deepEqual(named.filter((name = "") => !(name in tasks)), []);
});
