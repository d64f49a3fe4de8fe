/**
 * Are the settings right, the operator's files valid, do this program's permissions cover them, and
 * does an agent run with them?
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Config, ConfigError } from "../../config/config.ts";
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
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  "topology.json": parseTopology,
  "policy.json": parsePolicy,
  [SILENCES_FILE]: (text) => parseSilences(text),
};

/** The findings of a configuration that could not be read. */
export function invalidSettings({ problems }: ConfigError): Finding[] {
  const configuration = about("configuration", "configuration");
  return problems.map((detail) => configuration.problem("config_invalid", detail));
}

/** The files under config/. */
export async function checkConfigFiles(
  { runtimePath }: Pick<Config, "runtimePath">,
  files: Pick<Files, "list" | "readText">,
): Promise<Finding[]> {
  const folder = join(runtimePath, "config");
  const file = (name: string) => about("config_file", `config/${name}`);
  try {
    const names = (await files.list(folder)).filter((name) => name.endsWith(".json"));
    const known = Object.entries(PARSERS).filter(([name]) => names.includes(name));
    const unknown = names.filter((name) => !Object.hasOwn(PARSERS, name));
    return [
      ...await Promise.all(known.map(async ([name, parse]) => {
        const wrong = await problemOf({ folder, name, parse }, files);
        return wrong === undefined
          ? file(name).fine("valid")
          : file(name).problem("config_file_invalid", wrong);
      })),
      ...unknown.slice(0, 20).map((name) =>
        file(name).problem("config_file_unknown", "not a file that the agent knows")
      ),
    ];
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return [file("").problem("folder_not_readable", readFailure(error, folder))];
  }
}

/** What is wrong with a file, or undefined. */
async function problemOf(
  { folder, name, parse }: { folder: string; name: string; parse: (text: string) => unknown },
  files: Pick<Files, "readText">,
): Promise<string | undefined> {
  const path = join(folder, name);
  try {
    const text = await files.readText(path, 1024 * 1024);
    if (text === undefined) return "no file, or larger than 1 MiB: it is not read";
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigFileError) return `config/${name}: ${error.message}`;
    if (isSystemFailure(error)) return readFailure(error, path);
    throw error;
  }
}

/** The permissions of this program, beside the settings. */
export async function checkPermissions(
  { runtimePath }: Pick<Config, "runtimePath">,
  { uncovered, build, query }: {
    readonly uncovered: readonly Uncovered[];
    readonly build: Build | null;
    readonly query: Query;
  },
): Promise<Finding[]> {
  const permissions = about("permissions", "permissions");
  const findings = uncovered.map(({ message, command }) => {
    const detail = message.replace(`. Build one for it: ${command}`, "");
    return permissions.problem("permission_missing", detail, `Build one: ${command}`);
  });
  if (findings.length === 0) {
    const whose = build === null ? "this run from source" : "this binary";
    findings.push(permissions.fine(`${whose} may do what the settings need`));
  }
  const path = join(runtimePath, "actions/approved");
  const { state } = await query({ name: "write", path });
  findings.push(
    state === "granted"
      ? permissions.problem("permission_wide", `this program may write ${path}`)
      : permissions.fine("it may not approve: actions/approved is closed to it"),
  );
  return findings;
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
