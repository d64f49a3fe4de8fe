import { isAbsolute, normalize } from "node:path/posix";
import { BUILD } from "../permissions/build.ts";
import { parseApiKeys } from "./api_keys.ts";
import type { Environment, EnvironmentName } from "./environment.ts";
import type { Site } from "../permissions/grants.ts";
import { withoutCredentials } from "../base/host_port.ts";
import { ChainSyntaxError, type LinkSpec, parseChain, parseOllamaHost } from "../llm/chain.ts";
import { redactText } from "../base/text/redact.ts";
import { LOG_LEVELS, type LogLevel } from "../base/log/log.ts";
import { NOT_IN_A_CLUSTER, redisUrlProblem } from "../base/redis/address.ts";

/** The channels and streams that node agents and observers send on when nothing else is said. */
export const CHANNELS = ["health_events", "world_updates"] as const;
/** Whether a channel or stream may be named so. */
export const isChannelName = (name: string): boolean => /^[!-~]{1,200}$/.test(name);
/** Each is a subscription of its own, so that a refused one leaves the others alone. */
const MOST_CHANNELS = 16;

/** Where the agent goes when nothing is said: the reference homelab. */
const HOMELAB = {
  redisUrl: "redis://100.108.208.3:6379",
  ollamaHosts: ["http://100.108.208.3:11434"],
  runtimePath: "/opt/homelab",
} as const;

/** Everything that is wrong with the configuration, one sentence each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/** Everything an operator can set. Times are in seconds, as in the environment. */
export type Config = ReturnType<typeof parseConfig>;

/** The names that events come on, channels or streams. */
export function heardOn({ intake, channels, streams }: Config): readonly string[] {
  return intake === "streams" ? streams : channels;
}

/** Where `config` makes the agent go. A chain of the offline rules alone has no host. */
export function siteOf({ redisUrl, runtimePath, chain }: Config): Site {
  const hosts = chain.flatMap((link) => link.kind === "rules" ? [] : [link.host]);
  return { redisUrl, ollamaHosts: [...new Set(hosts)], runtimePath };
}

const DAY_S = 86_400;
const MONTH_S = 31 * DAY_S;

/**
 * Reads the whole configuration. A variable that is empty counts as unset.
 *
 * @param site what REDIS_URL, OLLAMA_HOST and RUNTIME_PATH are when unset: a binary can go nowhere
 * but where it was built for.
 * @throws {ConfigError} naming every variable that is wrong, its value and what it takes.
 */
export function parseConfig(env: Environment, site: Site = BUILD?.site ?? HOMELAB) {
  const problems: string[] = [];
  const text = (name: EnvironmentName, fallback: string) => env(name)?.trim() || fallback;
  const reject = (name: EnvironmentName, value: string, takes: string) => {
    // Addresses end up in the wrong variable, passwords with them.
    const shown = redactText(/:[^]*@/.test(value) ? withoutCredentials(value) : value);
    problems.push(`${name} is ${JSON.stringify(shown)}; it takes ${takes}`);
  };

  function whole(name: EnvironmentName, fallback: number, least: number, most: number): number {
    const value = text(name, String(fallback));
    const number = /^\d{1,12}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    reject(name, value, `a whole number from ${least} to ${most} (default ${fallback})`);
    return fallback;
  }

  function matching(name: EnvironmentName, fallback: string, form: RegExp, takes: string): string {
    const value = text(name, fallback);
    if (value !== "" && !form.test(value)) reject(name, value, takes);
    return value;
  }

  function oneOf<Word extends string>(
    name: EnvironmentName,
    fallback: Word,
    words: readonly Word[],
  ): Word {
    const value = text(name, fallback);
    const word = words.find((each) => each === value);
    if (word === undefined) reject(name, value, words.join(" or "));
    return word ?? fallback;
  }

  function logLevel(): LogLevel {
    const value = text("LOG_LEVEL", "info");
    const wanted = value.toLowerCase() === "warn" ? "warning" : value.toLowerCase();
    const level = LOG_LEVELS.find((known) => known === wanted);
    if (!level) reject("LOG_LEVEL", value, `one of ${LOG_LEVELS.join(", ")} (default info)`);
    return level ?? "info";
  }

  function names(name: "CHANNELS" | "STREAMS"): readonly string[] {
    const value = text(name, CHANNELS.join());
    const given = value.split(",").map((each) => each.trim());
    const usable = given.length <= MOST_CHANNELS && new Set(given).size === given.length &&
      given.every((each) => isChannelName(each) && !given.includes(`${each}:dead`));
    if (usable) return given;
    const dead = name === "STREAMS" ? ", none of them another's dead letters (NAME:dead)" : "";
    const form = `1 to ${MOST_CHANNELS} different names with commas between them and no blanks in `;
    reject(name, value, `${form}them${dead}`);
    return given;
  }

  const path = text("RUNTIME_PATH", site.runtimePath);
  if (!isAbsolute(path)) reject("RUNTIME_PATH", path, "an absolute path, such as /opt/homelab");

  const redisUrl = text("REDIS_URL", site.redisUrl);
  const redisProblem = redisUrlProblem(redisUrl);
  if (redisProblem) reject("REDIS_URL", withoutCredentials(redisUrl), redisProblem);
  const isCluster = /^rediss?\+cluster:/i.test(redisUrl);

  const host = text("OLLAMA_HOST", site.ollamaHosts[0] ?? HOMELAB.ollamaHosts[0]);
  let ollamaHost = host;
  try {
    ollamaHost = parseOllamaHost(host);
  } catch (error) {
    if (!(error instanceof ChainSyntaxError)) throw error;
    reject("OLLAMA_HOST", withoutCredentials(host), "http://host:port, https://host or host:port");
  }

  const model = matching(
    "OLLAMA_MODEL",
    "qwen2.5:7b",
    /^[^\s,@]{1,200}$/,
    "a model name as `ollama list` prints it, such as qwen2.5:7b",
  );
  let chain: readonly LinkSpec[] = [];
  try {
    chain = parseChain(text("LLM_CHAIN", model), ollamaHost);
  } catch (error) {
    if (!(error instanceof ChainSyntaxError)) throw error;
    problems.push(`LLM_CHAIN: ${error.message}`);
  }
  const keys = parseApiKeys(text("LLM_API_KEY", ""), chain);
  if ("problem" in keys) problems.push(`LLM_API_KEY: ${keys.problem}`);
  /** By the host of a link. Never to be shown elsewhere. */
  const apiKeys: ReadonlyMap<string, string> = "problem" in keys ? new Map() : keys;

  const intake = oneOf("INTAKE", "pubsub", ["pubsub", "streams"]);
  // Without claims, planners that share a group would diagnose one service at the same time.
  const shared = intake === "streams" ? "redis" : "off";
  const coordination = oneOf("COORDINATION", shared, ["off", "redis"]);
  const channels = names("CHANNELS");
  const streams = names("STREAMS");
  const config = {
    runtimePath: path === "/" ? path : normalize(path).replace(/\/+$/, ""),
    redisUrl,
    ollamaHost,
    /** First asked first. */
    chain,
    apiKeys,
    nodeName: matching(
      "NODE_NAME",
      "solaria",
      /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/,
      "1 to 64 letters, digits, dots, dashes or underscores: it names a folder",
    ),
    cooldownSeconds: whole("COOLDOWN_SECONDS", 300, 0, MONTH_S),
    firstTokenSeconds: whole("LLM_FIRST_TOKEN_SECONDS", 300, 1, DAY_S),
    idleSeconds: whole("LLM_IDLE_SECONDS", 60, 1, DAY_S),
    timeoutSeconds: whole("LLM_TIMEOUT_SECONDS", 600, 1, DAY_S),
    attemptsPerLink: whole("LLM_ATTEMPTS", 2, 1, 10),
    contextTokens: whole("LLM_CONTEXT_TOKENS", 4096, 1024, 1_048_576),
    keepAlive: matching(
      "LLM_KEEP_ALIVE",
      "",
      /^-?\d+(\.\d+)?(ms|s|m|h)?$/,
      "a time as Ollama takes it: 5m, 1h, 0 or -1",
    ) || undefined,
    concurrency: whole("LLM_CONCURRENCY", 1, 1, 64),
    promptPayloadBytes: whole("PROMPT_PAYLOAD_BYTES", 2048, 0, 65_536),
    queueLimit: whole("QUEUE_LIMIT", 1000, 1, 100_000),
    eventTtlSeconds: whole("EVENT_TTL_SECONDS", 3600, 1, MONTH_S),
    maxPendingPerService: whole("MAX_PENDING_PER_SERVICE", 0, 0, 100_000),
    /** So many completed proposals of one action in the window are enough to stop proposing it. */
    outcomeRepeats: whole("OUTCOME_REPEATS", 3, 0, 30),
    outcomeWindowSeconds: whole("OUTCOME_WINDOW_SECONDS", DAY_S, 0, MONTH_S),
    intake,
    channels,
    streams,
    /** The consumer group of the streams; planners in one group share the work. */
    streamGroup: matching(
      "STREAM_GROUP",
      "planner",
      /^[A-Za-z0-9._:-]{1,100}$/,
      "1 to 100 letters, digits, dots, dashes, colons or underscores",
    ),
    /** An entry left untouched this long is taken over by another planner; 0: derived. */
    streamClaimSeconds: whole("STREAM_CLAIM_SECONDS", 0, 0, MONTH_S),
    coordination,
    /** Whether a node's outage holds back its services' events. */
    inhibit: oneOf("INHIBIT", "on", ["on", "off"]) === "on",
    /** Changes within the window that make a target flap; 0 turns the detection off. */
    flapChanges: whole("FLAP_CHANGES", 6, 0, 1000),
    flapWindowSeconds: whole("FLAP_WINDOW_SECONDS", 1800, 1, DAY_S),
    /** So many services of a node that go bad within the window are a storm; 0 turns that off. */
    stormServices: whole("STORM_SERVICES", 0, 0, 1000),
    stormWindowSeconds: whole("STORM_WINDOW_SECONDS", 60, 1, DAY_S),
    /** The longest that a storm holds its services. */
    stormHoldSeconds: whole("STORM_HOLD_SECONDS", 600, 1, DAY_S),
    /** Nothing is diagnosed so long after the start. */
    startGraceSeconds: whole("START_GRACE_SECONDS", 0, 0, DAY_S),
    /** 0 stands for no limit, as of proposals. */
    diagnosesPerHour: whole("DIAGNOSES_PER_HOUR", 2000, 0, 100_000),
    proposalsPerDay: whole("PROPOSALS_PER_DAY", 2000, 0, 100_000),
    /** How long after its event a restart or redeploy may be approved, and a notify. */
    validSeconds: whole("VALID_SECONDS", 1_800, 1, MONTH_S),
    notifyValidSeconds: whole("NOTIFY_VALID_SECONDS", DAY_S, 1, 366 * DAY_S),
    /** Where each proposal is announced on Redis; "" is nowhere. */
    proposalChannel: matching(
      "PROPOSAL_CHANNEL",
      "",
      /^[!-~]{1,200}$/,
      "a channel of Redis, without blanks",
    ),
    logLevel: logLevel(),
  };
  if (config.proposalChannel !== "" && channels.includes(config.proposalChannel)) {
    problems.push(
      `PROPOSAL_CHANNEL is "${config.proposalChannel}", one of CHANNELS: the agent's own ` +
        "announcements would come back as events; name another channel",
    );
  }
  if (isCluster && intake === "streams") problems.push(`INTAKE is "streams"; ${NOT_IN_A_CLUSTER}`);
  if (isCluster && text("COORDINATION", "") === "redis") {
    problems.push(`COORDINATION is "redis"; ${NOT_IN_A_CLUSTER}`);
  }
  // The runtime obeys it despite all permissions, and the keys of a TLS session expose passwords.
  if (env("SSLKEYLOGFILE")) {
    problems.push(
      "SSLKEYLOGFILE is set: the keys of TLS connections would be written there; unset it",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}
