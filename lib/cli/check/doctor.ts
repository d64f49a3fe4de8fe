import { systemClock } from "../../base/clock.ts";
import { type Config, ConfigError, heardOn, parseConfig, siteOf } from "../../config/config.ts";
import type { Environment } from "../../config/environment.ts";
import { realFiles } from "../../base/disk/files.ts";
import { randomHex } from "../../base/random.ts";
import { BUILD } from "../../permissions/build.ts";
import { SiteError } from "../../base/host_port.ts";
import { about, type Finding } from "../../observe/health.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { homelabPrompt } from "../../policy/homelab.ts";
import { type Uncovered, uncovered } from "../../permissions/permissions.ts";
import { usableHomelab } from "../homelab.ts";
import { checkAnswer } from "./answer.ts";
import { checkClaims } from "./claims.ts";
import { checkClock, type ClockReading } from "./clock.ts";
import { checkFolders } from "./folders.ts";
import { checkRedis } from "./redis.ts";
import { checkServer } from "./servers.ts";
import { checkAgent, checkConfigFiles, checkPermissions } from "./settings.ts";

interface Questions {
  readonly env: Environment;
  /** Whether no model is to be asked. */
  readonly noLlm: boolean;
  /** A model is asked from now on, which may take minutes. */
  readonly onAsking: (name: string, config: Config) => void;
  readonly signal: AbortSignal;
}

/** What was found out about a server. */
interface Found {
  readonly findings: readonly Finding[];
  readonly clock?: ClockReading | undefined;
}

/**
 * Looks at everything that the agent needs. What does not depend on each other is looked at at the
 * same time, and nothing takes longer than its deadline.
 *
 * All findings, in the order in which they are to be read: first those of the surroundings, at
 * once, then the answer of each link as it comes.
 */
export async function* examine(questions: Questions): AsyncGenerator<readonly Finding[]> {
  let config: Config;
  try {
    config = parseConfig(questions.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problem } = about("configuration", "configuration");
    return yield error.problems.map((detail) => problem("config_invalid", detail));
  }
  const refused = await uncovered(siteOf(config));
  const closed = (name: Uncovered["variable"]) =>
    refused.filter(({ variable }) => variable === name).map(({ value }) => value);
  const [redis, settings, servers] = await Promise.all([
    closed("REDIS_URL").length > 0 ? notPermitted("redis", "Redis") : checkRedisOf(config),
    checkSettings(config, refused),
    Promise.all(checkServers(config, closed("OLLAMA_HOST"))),
  ]);
  const found: readonly Found[] = [redis, ...servers];
  yield [
    ...settings,
    ...found.flatMap(({ findings }) => findings),
    ...checkClock(systemClock.now(), found.flatMap(({ clock }) => clock ?? [])),
  ];
  const usable = new Set(servers.flatMap((server) => server.usable));
  for (const answer of await startAsking(config, usable, questions)) yield [await answer];
}

function notPermitted(check: string, subject: string) {
  const why = "not asked: this program may not connect to it";
  return { findings: [about(check, subject).skipped(why)], usable: [] };
}

async function checkSettings(config: Config, refused: readonly Uncovered[]) {
  const { runtimePath: root, nodeName, chain } = config;
  const links = chain.length === 1 ? "1 link" : `${chain.length} links`;
  const valid = about("configuration", "configuration").fine(`valid; node ${nodeName}, ${links}`);
  const query = (asked: Deno.PermissionDescriptor) => Deno.permissions.query(asked);
  const permissions = await checkPermissions(config, { uncovered: refused, build: BUILD, query });
  if (refused.some(({ variable }) => variable === "RUNTIME_PATH")) return [valid, ...permissions];
  const [operator, folders, agent] = await Promise.all([
    checkConfigFiles(config, realFiles),
    checkFolders({ root, files: realFiles, nonce: randomHex, installed: BUILD !== null }),
    checkAgent({ root, files: realFiles, nowMs: systemClock.now() }),
  ]);
  return [valid, ...operator, ...permissions, ...folders, ...agent];
}

async function checkRedisOf(config: Config): Promise<Found> {
  const clock = systemClock;
  const { redisUrl: url, streamGroup: group, nodeName: consumer } = config;
  const streams = config.intake === "streams" ? { group, consumer } : undefined;
  try {
    const found = await checkRedis({ url, channels: heardOn(config), streams, clock });
    const isAway = found.findings.some(({ code }) => code === "redis_unavailable");
    if (config.coordination === "off" || isAway) return found;
    const claims = await checkClaims({ url, clock, nonce: randomHex });
    return { ...found, findings: [...found.findings, claims] };
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    return { findings: [about("redis", "Redis").problem("config_invalid", error.message)] };
  }
}

/** Each server of the chain, with its links of one API; those of `closed` may not be asked. */
function checkServers(config: Config, closed: readonly string[]) {
  const links = config.chain.filter((link) => link.kind !== "rules");
  const servers = Map.groupBy(links, ({ kind, host }) => `${kind} ${host}`).values();
  return Array.from(servers).flatMap(([first, ...others]) => {
    if (!first) return [];
    return closed.includes(first.host)
      ? notPermitted(first.kind, first.host)
      : checkServer([first, ...others], { ...config, clock: systemClock });
  });
}

/** Starts asking the links: one after the other on a host, which has one processor for all. */
async function startAsking(
  config: Config,
  usable: ReadonlySet<LinkSpec>,
  { noLlm, onAsking, signal }: Questions,
): Promise<Promise<Finding>[]> {
  const homelab = await usableHomelab(config.runtimePath);
  const systemPrompt = homelabPrompt(homelab?.topology, homelab?.policy);
  const ask = (link: LinkSpec) =>
    checkAnswer({ config, link, systemPrompt, clock: systemClock, signal });
  const turns = new Map<string, Promise<unknown>>();
  return config.chain.map((link) => {
    const answer = about("answer", link.name);
    if (link.kind === "rules") return ask(link);
    if (noLlm) return Promise.resolve(answer.skipped("not asked (--no-llm)"));
    if (!usable.has(link)) return Promise.resolve(answer.skipped("not asked: see above"));
    const finding = (turns.get(link.host) ?? Promise.resolve()).then(() => {
      if (!signal.aborted) onAsking(link.name, config);
      return ask(link);
    });
    turns.set(link.host, finding);
    return finding;
  });
}
