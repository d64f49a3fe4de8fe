import { systemClock } from "../../base/clock.ts";
import { type Config, ConfigError, heardOn } from "../../config/config.ts";
import { realFiles } from "../../base/disk/files.ts";
import { randomHex } from "../../base/random.ts";
import { BUILD } from "../../permissions/build.ts";
import { SiteError } from "../../base/host_port.ts";
import { about, type Finding } from "../../observe/health.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { homelabPrompt, readHomelab } from "../../policy/homelab.ts";
import type { Uncovered } from "../../permissions/permissions.ts";
import { createStore } from "../../base/disk/store.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";
import { checkAnswer } from "./answer.ts";
import { checkClaims } from "./claims.ts";
import { checkClock } from "./clock.ts";
import { checkFolders } from "./folders.ts";
import { checkRedis, type RedisCheck } from "./redis.ts";
import { checkServer, type ServerCheck } from "./servers.ts";
import { checkAgent, checkConfigFiles, checkPermissions } from "./settings.ts";

interface DoctorOptions {
  readonly config: Config;
  /** What of the settings the permissions do not cover. */
  readonly uncovered: readonly Uncovered[];
  /** Whether no link is to be asked. */
  readonly noLlm: boolean;
  /** A model is asked from now on, which may take minutes. */
  readonly onAsking: (name: string) => void;
  readonly signal: AbortSignal;
}

const NOT_PERMITTED = "not asked: this program may not connect to it";

/**
 * Looks at everything that the agent needs. What does not depend on each other is looked at at the
 * same time, and nothing takes longer than its deadline.
 *
 * All findings, in the order in which they are to be read: first those of the surroundings, at
 * once, then the answer of each link as it comes.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<readonly Finding[]> {
  const [settings, redis, servers] = await Promise.all([
    checkSettings(options),
    checkRedisIfCovered(options),
    Promise.all(checkServers(options)),
  ]);
  yield [
    ...settings,
    ...[redis, ...servers].flatMap(({ findings }) => findings),
    ...checkClock(systemClock.now(), [redis, ...servers].flatMap(({ clock }) => clock ?? [])),
  ];
  const usable = new Set(servers.flatMap((server) => server.usable));
  for (const answer of startAsking(usable, await promptOf(options), options)) yield [await answer];
}

async function checkSettings({ config, uncovered }: DoctorOptions): Promise<Finding[]> {
  const { runtimePath: root, nodeName, chain } = config;
  const links = chain.length === 1 ? "1 link" : `${chain.length} links`;
  const valid = about("configuration", "configuration")
    .fine(`valid; node ${nodeName}, ${links}`);
  const query = (asked: Deno.PermissionDescriptor) => Deno.permissions.query(asked);
  const permissions = await checkPermissions(config, { uncovered, build: BUILD, query });
  if (uncovered.some(({ variable }) => variable === "RUNTIME_PATH")) return [valid, ...permissions];
  const [operator, folders, agent] = await Promise.all([
    checkConfigFiles(config, realFiles),
    checkFolders({ root, files: realFiles, nonce: randomHex, installed: BUILD !== null }),
    checkAgent({ root, files: realFiles, nowMs: systemClock.now() }),
  ]);
  return [valid, ...operator, ...permissions, ...folders, ...agent];
}

async function checkRedisIfCovered(
  { config, uncovered }: DoctorOptions,
): Promise<RedisCheck> {
  const redis = about("redis", "Redis");
  if (uncovered.some(({ variable }) => variable === "REDIS_URL")) {
    return { findings: [redis.skipped(NOT_PERMITTED)] };
  }
  const clock = systemClock;
  const { redisUrl: url, streamGroup: group, nodeName: consumer } = config;
  const streams = config.intake === "streams" ? { group, consumer } : undefined;
  try {
    const found = await checkRedis({ url, channels: heardOn(config), streams, clock });
    const isAway = found.findings.some(({ code }) => code === "redis_unavailable");
    if (config.coordination === "off" || isAway) return found;
    return {
      ...found,
      findings: [...found.findings, await checkClaims({ url, clock, nonce: randomHex })],
    };
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    return { findings: [redis.problem("config_invalid", error.message)] };
  }
}

/** Each server of the chain, with its links of one API. */
function checkServers({ config, uncovered }: DoctorOptions): Promise<ServerCheck>[] {
  const links = config.chain.filter((link) => link.kind !== "rules");
  const servers = Map.groupBy(links, ({ kind, host }) => `${kind} ${host}`).values();
  return Array.from(servers).flatMap(([first, ...others]) => {
    if (!first) return [];
    const { kind, host } = first;
    return uncovered.some(({ variable, value }) => variable === "OLLAMA_HOST" && value === host)
      ? Promise.resolve({ findings: [about(kind, host).skipped(NOT_PERMITTED)], usable: [] })
      : checkServer([first, ...others], { config, clock: systemClock });
  });
}

/** Starts asking the links: one after the other on a host, which has one processor for all. */
function startAsking(
  usable: ReadonlySet<LinkSpec>,
  systemPrompt: string,
  options: DoctorOptions,
): Promise<Finding>[] {
  const { config, noLlm, onAsking, signal } = options;
  const ask = (link: LinkSpec) =>
    checkAnswer({ config, link, systemPrompt, clock: systemClock, signal });
  const turns = new Map<string, Promise<unknown>>();
  return config.chain.map((link) => {
    const answer = about("answer", link.name);
    if (link.kind === "rules") return ask(link);
    if (noLlm) return Promise.resolve(answer.skipped("not asked (--no-llm)"));
    if (!usable.has(link)) return Promise.resolve(answer.skipped("not asked: see above"));
    const finding = (turns.get(link.host) ?? Promise.resolve()).then(() => {
      if (!signal.aborted) onAsking(link.name);
      return ask(link);
    });
    turns.set(link.host, finding);
    return finding;
  });
}

/** The agent's own prompt; the built-in one where the operator's files are wrong. */
async function promptOf({ config }: DoctorOptions): Promise<string> {
  try {
    const store = createStore({ root: config.runtimePath, files: realFiles, nonce: randomHex });
    const { topology, policy } = await readHomelab(store);
    return homelabPrompt(topology, policy);
  } catch (error) {
    if (!(error instanceof ConfigError || isSystemFailure(error))) throw error;
    return homelabPrompt();
  }
}
