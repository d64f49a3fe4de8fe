/**
 * Takes up changes of config/topology.json and config/policy.json while the agent runs (SIGHUP).
 *
 * @module
 */
import type { Log } from "../base/log/log.ts";
import { ConfigError } from "../config/config.ts";
import type { HomelabFiles } from "../policy/homelab.ts";

/**
 * Reads both files anew; a wrong one is one log line, and what was in force stays so. What waits
 * keeps the node's name that it came with.
 */
export async function reloadHomelab(homelab: HomelabFiles, log: Log): Promise<void> {
  try {
    await homelab.reload();
    const { topology, policy } = homelab.current();
    log.info("config_reloaded", { nodes: topology.nodes.length, policy_rules: policy.length });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error("config_invalid", {
      error: error.problems.join("; "),
      effect: "the files that were read before stay in force",
    });
  }
}
