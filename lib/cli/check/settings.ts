import { join } from "node:path/posix";
import type { Config } from "../../config/config.ts";
import { ConfigFileError } from "../../config/operator_file.ts";
import type { Files } from "../../base/disk/files.ts";
import type { Build } from "../../permissions/grants.ts";
import { about, type Finding } from "../../observe/health.ts";
import { readStatus, type StatusReadOptions } from "../../observe/status/look.ts";
import { parsePolicy } from "../../policy/file.ts";
import type { Query, Uncovered } from "../../permissions/permissions.ts";
import { readFailure } from "../../base/disk/read_failure.ts";
import { parseSilences } from "../../gate/silences.ts";
import { SILENCES_FILE } from "../../gate/silences_file.ts";
import { parseTopology } from "../../config/topology.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";

/** Every file that is read from config/, and what reads it. */
const PARSERS = new Map<string, (text: string) => unknown>([
  ["topology.json", parseTopology],
  ["policy.json", parsePolicy],
  [SILENCES_FILE, (text) => parseSilences(text)],
]);
const MOST_UNKNOWN = 20;

/** Are the files under config/ valid, and does anything read them? */
export async function checkConfigFiles(
  { runtimePath }: Pick<Config, "runtimePath">,
  files: Pick<Files, "list" | "readText">,
): Promise<Finding[]> {
  const folder = join(runtimePath, "config");
  async function checkFile(name: string): Promise<Finding> {
    const file = about("config_file", `config/${name}`);
    const invalid = (detail: string) => file.problem("config_file_invalid", detail);
    const parse = PARSERS.get(name);
    if (!parse) return file.problem("config_file_unknown", "not a file that the agent knows");
    const path = join(folder, name);
    try {
      const text = await files.readText(path, 1024 * 1024);
      if (text === undefined) return invalid("no file, or larger than 1 MiB: it is not read");
      parse(text);
      return file.fine("valid");
    } catch (error) {
      if (error instanceof ConfigFileError) return invalid(`config/${name}: ${error.message}`);
      if (isSystemFailure(error)) return invalid(readFailure(error, path));
      throw error;
    }
  }
  try {
    const names = (await files.list(folder)).filter((name) => name.endsWith(".json"));
    const known = [...PARSERS.keys()].filter((name) => names.includes(name));
    const unknown = names.filter((name) => !PARSERS.has(name)).slice(0, MOST_UNKNOWN);
    return await Promise.all([...known, ...unknown].map(checkFile));
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return [
      about("config_file", "config/").problem("folder_not_readable", readFailure(error, folder)),
    ];
  }
}

/** May this program do what the settings need, and may it not approve? */
export async function checkPermissions(
  { runtimePath }: Pick<Config, "runtimePath">,
  { uncovered, build, query }: {
    readonly uncovered: readonly Uncovered[];
    readonly build: Build | null;
    readonly query: Query;
  },
): Promise<Finding[]> {
  const permissions = about("permissions", "permissions");
  const whose = build === null ? "this run from source" : "this binary";
  const path = join(runtimePath, "actions/approved");
  const { state } = await query({ name: "write", path });
  return [
    ...uncovered.map(({ message, command }) => {
      const detail = message.replace(`. Build one for it: ${command}`, "");
      return permissions.problem("permission_missing", detail, `Build one: ${command}`);
    }),
    ...uncovered.length > 0 ? [] : [permissions.fine(`${whose} may do what the settings need`)],
    state === "granted"
      ? permissions.problem("permission_wide", `this program may write ${path}`)
      : permissions.fine("it may not approve: actions/approved is closed to it"),
  ];
}

/** What `status` would say. That no agent runs is fine: `check` also serves before its first start. */
export async function checkAgent(options: StatusReadOptions): Promise<Finding[]> {
  const the = about("agent", "agent");
  try {
    const { agent, problems: all } = await readStatus(options);
    // The files under config/ are looked at by themselves.
    const problems = all.filter(({ check }) => check !== "config_file");
    switch (agent.state) {
      case "never_ran":
        return [the.fine("none has run here yet")];
      case "stopped":
        return [the.fine(`does not run; it was stopped at ${agent.ended}`)];
      case "silent":
        return problems;
      case "running":
        return [the.fine(`runs, heartbeat ${agent.heartbeat_age_seconds} s ago`), ...problems];
    }
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return [the.problem("folder_not_readable", readFailure(error, join(options.root, "state")))];
  }
}
