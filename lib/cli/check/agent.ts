/**
 * Does an agent run on this RUNTIME_PATH, and is it well?
 *
 * @module
 */
import { join } from "node:path/posix";
import { type Finding, fine, problem } from "../../observe/health.ts";
import { readFailure } from "../../base/disk/read_failure.ts";
import { readStatus, type StatusReadOptions } from "../../observe/status/look.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";

/** What `status` would say. That no agent runs is fine: `check` also serves before its first start. */
export async function checkAgent(options: StatusReadOptions): Promise<Finding[]> {
  const about = (detail: string) => ({ check: "agent", subject: "agent", detail });
  try {
    const { agent, problems: all } = await readStatus(options);
    // The files under config/ are looked at by themselves.
    const problems = all.filter(({ check }) => check !== "config_file");
    switch (agent.state) {
      case "never_ran":
        return [fine(about("none has run here yet"))];
      case "stopped":
        return [fine(about(`does not run; it was stopped at ${agent.ended}`))];
      case "silent":
        return [...problems];
      case "running": {
        const age = agent.heartbeat_age_seconds;
        return [fine(about(`runs, heartbeat ${age} s ago`)), ...problems];
      }
    }
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return [problem("folder_not_readable", about(readFailure(error, join(options.root, "state"))))];
  }
}
