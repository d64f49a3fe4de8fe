import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { parseConfig } from "../lib/config/config.ts";
import { ENVIRONMENT_NAMES, type EnvironmentName } from "../lib/config/environment.ts";
import { OUTCOMES } from "../lib/observe/outcome.ts";
import { parsePolicy } from "../lib/policy/file.ts";
import { parseTopology } from "../lib/config/topology.ts";
import { pendingLines } from "../lib/cli/pending/view.ts";
import { paletteFor } from "../lib/cli/view/palette.ts";
import { readAction } from "../lib/proposal/read/action.ts";
import type { WaitingProposal } from "../lib/proposal/read/waiting.ts";
import { proposalFile } from "./support/proposal_file.ts";
import { allCommands } from "../lib/cli/commands.ts";
import { parseSilences } from "../lib/gate/silences.ts";
import { anchorsOf, commandsIn, linksIn, readDocs, shellBlocks } from "./support/docs.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..");
const docs = readDocs(PROJECT);
const COMMANDS = await allCommands();
const page = (path: string) => docs.get(path) ?? "";

/** The cells of every table row whose first cell is `code`, by that code. */
function rowsOf(path: string, heading: string): Map<string, string[]> {
  const [, after = ""] = page(path).split(`\n${heading}\n`);
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
    /\b(?:log(?:\.(?:warning|error)|\[[^\]]*"(?:warning|error)"[^\]]*\])\(|fold\("(?:warning|error)",|failingOnce\(log,|\.complain\()\s*"([^"]+)"/g,
  );
  return [...calls].map(([, name = ""]) => name);
}

Deno.test("docs: the table of settings has every variable with its default", () => {
  const config = parseConfig(() => undefined);
  const defaults: Readonly<Record<EnvironmentName, string>> = {
    RUNTIME_PATH: config.runtimePath,
    REDIS_URL: config.redisUrl,
    OLLAMA_HOST: config.ollamaHost,
    OLLAMA_MODEL: config.chain.map(({ name }) => name).join(),
    NODE_NAME: config.nodeName,
    COOLDOWN_SECONDS: String(config.cooldownSeconds),
    LLM_CHAIN: "the model above",
    LLM_API_KEY: "none",
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
    CHANNELS: config.channels.join(),
    STREAMS: config.streams.join(),
    STREAM_GROUP: config.streamGroup,
    STREAM_CLAIM_SECONDS: String(config.streamClaimSeconds),
    COORDINATION: config.coordination,
    INHIBIT: config.inhibit ? "on" : "off",
    FLAP_CHANGES: String(config.flapChanges),
    FLAP_WINDOW_SECONDS: String(config.flapWindowSeconds),
    STORM_SERVICES: String(config.stormServices),
    STORM_WINDOW_SECONDS: String(config.stormWindowSeconds),
    STORM_HOLD_SECONDS: String(config.stormHoldSeconds),
    START_GRACE_SECONDS: String(config.startGraceSeconds),
    DIAGNOSES_PER_HOUR: String(config.diagnosesPerHour),
    PROPOSALS_PER_DAY: String(config.proposalsPerDay),
    LOG_LEVEL: config.logLevel,
    NO_COLOR: "unset",
    NOTIFY_SOCKET: "unset",
    WATCHDOG_USEC: "unset",
    SSLKEYLOGFILE: "unset",
  };
  const rows = rowsOf("docs/configuration.md", "## All settings");
  const documented = ENVIRONMENT_NAMES.map((name) => {
    return [name, rows.get(name)?.[0]?.replaceAll("`", "")];
  });
  assert.deepEqual(documented, ENVIRONMENT_NAMES.map((name) => [name, defaults[name]]));
});

Deno.test("docs: the troubleshooting table has the warnings and errors of the log", () => {
  const logged = new Set(sourcesIn(join(PROJECT, "lib")).flatMap(complaintsIn));
  // Written in different ways: the search would see it if it missed one.
  const each = [
    "malformed_message",
    "redis_unavailable",
    "action_write_failed",
    "heartbeat_failed",
    "redis_stream_refused",
  ];
  for (const name of each) assert.ok(logged.has(name), name);
  const documented = [...rowsOf("docs/troubleshooting.md", "## Log events").keys()];
  assert.deepEqual(documented.toSorted(), [...logged].sort());
});

Deno.test("docs: every outcome is explained", () => {
  assert.deepEqual([...rowsOf("docs/how-it-works.md", "## Outcomes").keys()], [...OUTCOMES]);
});

Deno.test("docs: the example configuration files are valid", () => {
  const examples = page("docs/configuration.md").split("```json\n").slice(1).map((part) =>
    part.split("```")[0] ?? ""
  );
  const topology = examples.find((text) => text.includes('"nodes"')) ?? "";
  const policy = examples.find((text) => text.includes('"rules"')) ?? "";
  assert.deepEqual(parseTopology(topology).nodes.map(({ name }) => name), ["attic", "hut"]);
  assert.deepEqual(
    parsePolicy(policy).map(({ name }) => name),
    ["databases_by_hand", "a_person_for_what_is_critical"],
  );
});

Deno.test("docs: the chains given as examples are read as described", () => {
  const chainOf = (value: string) =>
    parseConfig((name) => name === "LLM_CHAIN" ? value : undefined).chain.map(({ name }) => name);
  const rows = [
    ...rowsOf("docs/configuration.md", "## The LLM chain: which models are asked").keys(),
  ];
  const examples = rows.filter((name) => name.includes(":") || name === "rules");
  assert.deepEqual(examples.map(chainOf), [
    ["qwen2.5:7b"],
    ["qwen2.5:14b@http://solaria:11434", "qwen2.5:3b"],
    ["qwen2.5:7b", "rules"],
    ["openai/qwen2.5-7b@http://solaria:8080"],
    ["rules"],
  ]);
});

Deno.test("docs: the tasks they name exist", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(PROJECT, "deno.json")));
  const named = [...docs.values()].flatMap((text) =>
    [...text.matchAll(/\.\/scripts\/deno task ([a-z:-]+)/g)].map(([, name]) => name)
  );
  assert.ok(named.includes("demo") && named.includes("test"));
  assert.deepEqual(named.filter((name = "") => !(name in tasks)), []);
});

Deno.test("docs: README is a front page", () => {
  assert.ok(page("README.md").split("\n").length <= 250);
});

Deno.test("docs: every relative link leads to a file, and every anchor to a heading", () => {
  const broken: string[] = [];
  for (const [path, text] of docs) {
    for (const link of linksIn(text)) {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      const exists = docs.has(target) || isThere(join(PROJECT, target));
      if (!exists) broken.push(`${path}: ${link} is no file`);
      else if (anchor !== undefined && !anchorsOf(page(target)).has(anchor)) {
        broken.push(`${path}: ${link} is no heading`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("docs: every page is reached from README", () => {
  const linked = linksIn(page("README.md")).map((link) => link.split("#")[0] ?? "");
  const pages = [...docs.keys()].filter((path) => path.startsWith("docs/"));
  assert.ok(pages.length >= 17);
  assert.deepEqual(pages.filter((path) => !linked.includes(path)), []);
});

Deno.test("docs: every block of shell commands is run, or says why not", () => {
  const silent = [...docs].flatMap(([path, text]) =>
    shellBlocks(text).filter(({ note }) => !/^(run(: [a-z]+)?$|not run: \S.{10})/.test(note))
      .map(({ code }) => `${path}: ${code.split("\n")[0]}`)
  );
  assert.deepEqual(silent, []);
});

Deno.test("docs: each test that a block names is there", () => {
  const named = [...docs.values()].flatMap((text) =>
    shellBlocks(text).flatMap(({ note }) => note.match(/tests\/[\w/]+_test\.ts/g) ?? [])
  );
  assert.ok(named.length > 3);
  assert.deepEqual(named.filter((path) => !isThere(join(PROJECT, path))), []);
});

Deno.test("docs: every command and option of planner-agent that is shown exists", () => {
  const wrong: string[] = [];
  for (const [path, text] of docs) {
    for (const { name, flags, shown } of commandsIn(text)) {
      const command = COMMANDS.find((known) => known.name === name);
      const known = command && [...Object.keys(command.options), "help", "version"];
      const unknown = flags.filter((flag) => !known?.includes(flag));
      if (!command || unknown.length > 0) wrong.push(`${path}: ${shown}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("docs: every command has its row", () => {
  const rows = page("docs/commands.md").split("\n").filter((line) => line.startsWith("| "));
  const named = rows.flatMap((row) => /^\| \[?`([a-z-]+)/.exec(row)?.[1] ?? []);
  assert.deepEqual(
    COMMANDS.map(({ name }) => name).filter((name) => !named.includes(name)),
    [],
  );
});

Deno.test("docs: the silence that is shown is valid", () => {
  const example = page("docs/silences.md").split("```json\n")[1]?.split("```")[0] ?? "";
  assert.deepEqual(parseSilences(example).map(({ service, reason }) => [service, reason]), [
    ["graf*", "upgrade"],
    [undefined, "backup"],
  ]);
});

Deno.test("docs: the list of proposals that is shown is what pending prints", () => {
  const nowMs = 1_795_619_290_000;
  const proposal = (changes: Partial<WaitingProposal>): WaitingProposal => ({
    ...readProposal(),
    requiresHuman: true,
    confidence: 0.5,
    writtenMs: nowMs,
    stale: false,
    altered: false,
    recoveredMs: null,
    ...changes,
  });
  const traefik = {
    actionId: "plan-vps-traefik-1795619049",
    node: "vps",
    service: "traefik",
    timestamp: 1_795_619_049,
    reason: "service_unhealthy: its container is stopped or unhealthy",
  };
  const lines = pendingLines({
    proposals: [
      proposal({
        actionId: "plan-chelsty-infra-zigbee2mqtt-1795619179",
        node: "chelsty-infra",
        service: "zigbee2mqtt",
        timestamp: 1_795_619_179,
        reason: "container_exited: its container is stopped",
        recoveredMs: nowMs - 1_000,
      }),
      proposal(traefik),
      proposal({ ...traefik, actionId: "plan-vps-traefik-1795618749" }),
      proposal({
        actionId: "plan-piha-grafana-1795616769",
        node: "piha",
        service: "grafana",
        action: "redeploy",
        riskLevel: "guarded",
        confidence: 0.4,
        timestamp: 1_795_616_769,
        reason: "container_restart_loop: it was restarted already again and again",
        stale: true,
      }),
    ],
    damaged: [{ actionId: "plan-vps-mail-1762053124", why: "it is empty" }],
    unread: 0,
  }, {
    nowMs,
    width: 80,
    palette: paletteFor({ isTerminal: false, env: () => undefined }),
    superseded: new Map(),
    folder: (name) => `/opt/homelab/actions/${name}`,
  });
  for (const path of ["README.md", "docs/approving.md"]) {
    assert.ok(
      page(path).includes(lines.join("\n")),
      `copy this into ${path}:\n${lines.join("\n")}`,
    );
  }
});

function readProposal() {
  const read = readAction(proposalFile(), "plan-piha-mosquitto-1767323045");
  assert.ok(read.kind === "proposal");
  return read.view;
}
