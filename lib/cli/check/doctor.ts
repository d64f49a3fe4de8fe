/**
 * Looks at everything that the agent needs. What does not depend on each other is looked at at the
 * same time, and nothing takes longer than its deadline.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { type Config, ConfigError } from "../../config/config.ts";
import type { Files } from "../../base/disk/files.ts";
import type { Build } from "../../permissions/grants.ts";
import { SiteError } from "../../base/host_port.ts";
import { type Finding, fine, problem, skipped } from "../../observe/health.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { homelabPrompt, readHomelab } from "../../policy/homelab.ts";
import type { Query, Uncovered } from "../../permissions/permissions.ts";
import { createStore } from "../../base/disk/store.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";
import { checkAgent } from "./agent.ts";
import { checkAnswer } from "./answer.ts";
import { checkClaims } from "./claims.ts";
import { checkClock } from "./clock.ts";
import { checkFolders } from "./folders.ts";
import { checkOllama, type OllamaSpec } from "./ollama.ts";
import { checkOpenai, type OpenaiSpec } from "./openai.ts";
import type { ServerCheck } from "./server.ts";
import { checkRedis, type RedisCheck } from "./redis.ts";
import { checkConfigFiles, checkPermissions } from "./settings.ts";

interface DoctorOptions {
  readonly config: Config;
  readonly channels: readonly string[];
  readonly clock: Clock;
  readonly files: Files;
  readonly nonce: () => string;
  readonly build: Build | null;
  readonly query: Query;
  /** What of the settings the permissions do not cover. */
  readonly uncovered: readonly Uncovered[];
  /** Whether no link is to be asked. */
  readonly noLlm: boolean;
  /** A model is asked from now on, which may take minutes. */
  readonly onAsking: (name: string) => void;
  readonly signal: AbortSignal;
}

/**
 * All findings, in the order in which they are to be read: first those of the surroundings, at
 * once, then the answer of each link as it comes.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<readonly Finding[]> {
  const { config, clock } = options;
  const [settings, redis, servers] = await Promise.all([
    checkSettings(options),
    checkRedisIfCovered(options),
    Promise.all(serversOf(config).map((links) => checkServer(links, options))),
  ]);
  const clocks = [redis, ...servers].flatMap((check) => check.clock ? [check.clock] : []);
  yield [
    ...settings,
    ...redis.findings,
    ...servers.flatMap(({ findings }) => findings),
    ...checkClock(clock.now(), clocks),
  ];
  const usable = new Set<LinkSpec>(servers.flatMap((server) => server.usable));
  const answers = await startAnswers(usable, options);
  for (const link of config.chain) yield [await answers(link)];
}

async function checkSettings(options: DoctorOptions): Promise<Finding[]> {
  const { config, files, uncovered, clock } = options;
  const root = config.runtimePath;
  const variables = config.chain.length === 1 ? "1 link" : `${config.chain.length} links`;
  const valid = fine({
    check: "configuration",
    subject: "configuration",
    detail: `valid; node ${config.nodeName}, ${variables}`,
  });
  const permissions = await checkPermissions(config, options);
  if (uncovered.some(({ variable }) => variable === "RUNTIME_PATH")) return [valid, ...permissions];
  const [operator, folders, agent] = await Promise.all([
    checkConfigFiles(config, files),
    checkFolders({ ...options, root, installed: options.build !== null }),
    checkAgent({ root, files, nowMs: clock.now() }),
  ]);
  return [valid, ...operator, ...permissions, ...folders, ...agent];
}

async function checkRedisIfCovered(
  { config, channels, clock, nonce, uncovered }: DoctorOptions,
): Promise<RedisCheck> {
  const about = (detail: string) => ({ check: "redis", subject: "Redis", detail });
  if (uncovered.some(({ variable }) => variable === "REDIS_URL")) {
    return { findings: [skipped(about("not asked: this program may not connect to it"))] };
  }
  try {
    const url = config.redisUrl;
    const streams = config.intake === "streams"
      ? { group: config.streamGroup, consumer: config.nodeName }
      : undefined;
    const redis = await checkRedis({ url, channels, streams, clock });
    const away = redis.findings.some(({ code }) => code === "redis_unavailable");
    if (config.coordination === "off" || away) return redis;
    return { ...redis, findings: [...redis.findings, await checkClaims({ url, clock, nonce })] };
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    return { findings: [problem("config_invalid", about(error.message))] };
  }
}

type ServerSpec = OllamaSpec | OpenaiSpec;

/** The servers of the chain, each with its links of one API. */
function serversOf({ chain }: Config): (readonly ServerSpec[])[] {
  const links = chain.filter((link) => link.kind !== "rules");
  return [...Map.groupBy(links, ({ kind, host }) => `${kind} ${host}`).values()];
}

async function checkServer(
  links: readonly ServerSpec[],
  { config, clock, uncovered }: DoctorOptions,
): Promise<ServerCheck> {
  const [{ host, kind } = { host: "", kind: "ollama" }] = links;
  if (uncovered.some(({ variable, value }) => variable === "OLLAMA_HOST" && value === host)) {
    const detail = "not asked: this program may not connect to it";
    return { findings: [skipped({ check: kind, subject: host, detail })], usable: [] };
  }
  const { contextTokens } = config;
  const ollamas = links.filter((link) => link.kind === "ollama");
  if (ollamas.length > 0) return await checkOllama({ host, links: ollamas, contextTokens, clock });
  const others = links.filter((link) => link.kind === "openai");
  return await checkOpenai({
    host,
    links: others,
    apiKey: config.apiKeys.get(host),
    contextTokens,
    clock,
  });
}

/** Starts asking the links: one after the other on a host, which has one processor for all. */
async function startAnswers(
  usable: ReadonlySet<LinkSpec>,
  options: DoctorOptions,
): Promise<(link: LinkSpec) => Promise<Finding>> {
  const { config, noLlm } = options;
  const prompt = await promptOf(options);
  const turns = new Map<string, Promise<unknown>>();
  const findings = new Map<LinkSpec, Promise<Finding>>();
  for (const link of config.chain) {
    const about = (detail: string) => ({ check: "answer", subject: link.name, detail });
    if (link.kind !== "rules" && noLlm) {
      findings.set(link, Promise.resolve(skipped(about("not asked (--no-llm)"))));
    } else if (link.kind !== "rules" && !usable.has(link)) {
      findings.set(link, Promise.resolve(skipped(about("not asked: see above"))));
    } else {
      const place = link.kind === "rules" ? "" : link.host;
      const before = turns.get(place) ?? Promise.resolve();
      const finding = before.then(() => {
        if (link.kind !== "rules") options.onAsking(link.name);
        return checkAnswer({ ...options, link, systemPrompt: prompt });
      });
      turns.set(place, finding);
      findings.set(link, finding);
    }
  }
  return (link) => findings.get(link) ?? Promise.reject(new Error(`no such link: ${link.name}`));
}

/** The agent's own prompt; the built-in one where the operator's files are wrong. */
async function promptOf({ config, files, nonce }: DoctorOptions): Promise<string> {
  try {
    const store = createStore({ root: config.runtimePath, files, nonce });
    const { topology, policy } = await readHomelab(store);
    return homelabPrompt(topology, policy);
  } catch (error) {
    if (!(error instanceof ConfigError || isSystemFailure(error))) throw error;
    return homelabPrompt();
  }
}
