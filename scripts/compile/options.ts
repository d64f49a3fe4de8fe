/**
 * The compile task's command line.
 *
 * @module
 */
import { grantsFor, runtimeFolder, type Site } from "../../lib/permissions/grants.ts";
import { SiteError, withoutCredentials } from "../../lib/base/host_port.ts";
import { redisPlace, redisUrlProblem } from "../../lib/base/redis/address.ts";
import { collectorUrl } from "./collector.ts";

/** Architectures that are built, by the name in the file `planner-agent-<arch>`. */
export const TARGETS = {
  x86_64: "x86_64-unknown-linux-gnu",
  aarch64: "aarch64-unknown-linux-gnu",
} as const;
export type Arch = keyof typeof TARGETS;

/** What to build, for where, and into which folder. */
export interface CompileOptions {
  readonly archs: readonly Arch[];
  readonly site: Site;
  readonly out: string;
}

export const COMPILE_USAGE = `Usage: ./scripts/deno task compile [OPTION]...
Builds dist/planner-agent-<arch> with its permissions baked in.

  --target x86_64|aarch64|all   architecture (default: all)
  --redis-url URL               redis://HOST[:PORT] or rediss://...; redis+cluster://HOST[:PORT],...;
                                redis+sentinel://SENTINEL[:PORT],.../NAME?nodes=HOST[:PORT],...
  --ollama-host URL             [http[s]://]HOST[:PORT]; once per host of the LLM chain
  --runtime-path DIR            folder of actions/, events/, state/ and config/
  --otel URL                    traces to the OTLP collector at http[s]://HOST[:PORT] (default: none)
  --out DIR                     where the files go (default: dist)
  --help                        this text

Without options the build is for the agent's default hosts and folder. DENORT_BIN names a base
binary of the one architecture built, where Deno's download host cannot be reached.`;

const OPTIONS = ["--target", "--redis-url", "--ollama-host", "--runtime-path", "--otel", "--out"];

/** A command line that cannot be followed; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A URL or host as it goes into the binary: without credentials, and without what a URL hides. */
function placeOf(option: string, text: string): string {
  const place = withoutCredentials(text);
  if (!/[\s\p{Cc}]/u.test(place)) return place;
  throw new SiteError(`${option} ${JSON.stringify(place)}: there is a blank or line end in it`);
}

/**
 * Reads the command line.
 *
 * @param defaults the site of a build without options.
 * @returns null where help was asked for.
 * @throws UsageError for an unknown, repeated or incomplete option; SiteError for a value that
 * cannot be granted.
 */
export function parseCompileArgs(args: readonly string[], defaults: Site): CompileOptions | null {
  const single = new Map<string, string>();
  const ollamaHosts: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [name = "", ...rest] = (args[i] ?? "").split("=");
    if (name === "--help" || name === "-h") return null;
    if (!OPTIONS.includes(name)) {
      throw new UsageError(`unknown option ${JSON.stringify(args[i])}`);
    }
    const value = rest.length > 0 ? rest.join("=") : args[++i];
    if (value === undefined || value === "") throw new UsageError(`${name} needs a value`);
    if (name === "--ollama-host") ollamaHosts.push(value);
    else if (single.has(name)) throw new UsageError(`${name} is given twice`);
    else single.set(name, value);
  }
  const target = single.get("--target") ?? "all";
  const archs = target === "all"
    ? Object.keys(TARGETS) as Arch[]
    : Object.hasOwn(TARGETS, target)
    ? [target as Arch]
    : [];
  if (archs.length === 0) {
    throw new UsageError(`--target ${JSON.stringify(target)}: it takes x86_64, aarch64 or all`);
  }
  // The site is kept in the binary and its manifest; a password is not.
  const otel = single.get("--otel");
  const site = {
    redisUrl: placeOf("--redis-url", single.get("--redis-url") ?? defaults.redisUrl),
    ollamaHosts: (ollamaHosts.length > 0 ? ollamaHosts : defaults.ollamaHosts)
      .map((host) => placeOf("--ollama-host", host)),
    runtimePath: runtimeFolder(single.get("--runtime-path") ?? defaults.runtimePath),
    ...(otel !== undefined && { collector: collectorUrl(otel) }),
  };
  grantsFor(site, []);
  // The binary takes it for its REDIS_URL, so it must be one.
  const problem = redisUrlProblem(site.redisUrl);
  if (problem) {
    throw new SiteError(`--redis-url ${JSON.stringify(site.redisUrl)}: it takes ${problem}`);
  }
  const redis = redisPlace(site.redisUrl);
  if (redis.kind === "sentinel" && redis.nodes.length === 0) {
    throw new SiteError(
      `--redis-url ${site.redisUrl}: a build has to know every Redis that may become the primary. ` +
        `Name them as the sentinels do: ${site.redisUrl}?nodes=HOST:PORT,HOST:PORT`,
    );
  }
  return { archs, site, out: single.get("--out") ?? "dist" };
}
