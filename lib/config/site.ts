/**
 * The site of a configuration: the hosts and the folder that the agent's permissions must cover.
 *
 * @module
 */
import type { Config } from "./config.ts";
import type { Site } from "../permissions/grants.ts";

/** Where `config` makes the agent go. A chain of the offline rules alone has no host. */
export function siteOf(config: Pick<Config, "redisUrl" | "runtimePath" | "chain">): Site {
  const hosts = config.chain.flatMap((link) => link.kind === "rules" ? [] : [link.host]);
  return {
    redisUrl: config.redisUrl,
    ollamaHosts: [...new Set(hosts)],
    runtimePath: config.runtimePath,
  };
}
