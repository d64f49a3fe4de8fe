/**
 * Are the settings right, the operator's files valid, and does this program's permission cover them?
 *
 * @module
 */
import { join } from "node:path/posix";
import { type Config, ConfigError } from "../../config/config.ts";
import type { Files } from "../../base/disk/files.ts";
import type { Build } from "../../permissions/grants.ts";
import { type Finding, fine, problem } from "../../observe/health.ts";
import { readConfigFile } from "../../policy/homelab.ts";
import { parsePolicy } from "../../policy/file.ts";
import type { Query, Uncovered } from "../../permissions/permissions.ts";
import { readFailure } from "../../base/disk/read_failure.ts";
import { parseSilences } from "../../gate/silences.ts";
import { SILENCES_FILE } from "../../gate/silences_watch.ts";
import { parseTopology } from "../../config/topology.ts";
import { isSystemFailure } from "../../base/disk/write_failure.ts";

/** Every file that is read from config/, and what reads it. */
const PARSERS: readonly (readonly [string, (text: string) => unknown])[] = [
  ["topology.json", parseTopology],
  ["policy.json", parsePolicy],
  [SILENCES_FILE, (text) => parseSilences(text)],
];

/** The findings of a configuration that could not be read. */
export function invalidSettings(error: ConfigError): Finding[] {
  return error.problems.map((detail) =>
    problem("config_invalid", { check: "configuration", subject: "configuration", detail })
  );
}

/** The files under config/. */
export async function checkConfigFiles(
  { runtimePath }: Pick<Config, "runtimePath">,
  files: Pick<Files, "kind" | "list" | "readText">,
): Promise<Finding[]> {
  const folder = join(runtimePath, "config");
  const about = (name: string, detail: string) => ({
    check: "config_file",
    subject: `config/${name}`,
    detail,
  });
  try {
    const names = (await files.list(folder)).filter((name) => name.endsWith(".json"));
    const known = new Set(PARSERS.map(([name]) => name));
    const found = await Promise.all(PARSERS.map(async ([name, parse]) => {
      if (!names.includes(name)) return undefined;
      return await checkConfigFile({ folder, name, parse }, files)
        .then((detail) =>
          detail === undefined
            ? fine(about(name, "valid"))
            : problem("config_file_invalid", about(name, detail))
        );
    }));
    return [
      ...found.filter((finding) => finding !== undefined),
      ...names.filter((name) => !known.has(name)).slice(0, 20).map((name) =>
        problem("config_file_unknown", about(name, "not a file that the agent knows"))
      ),
    ];
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    return [problem("folder_not_readable", about("", readFailure(error, folder)))];
  }
}

/** What is wrong with a file, or undefined. */
async function checkConfigFile(
  { folder, name, parse }: { folder: string; name: string; parse: (text: string) => unknown },
  files: Pick<Files, "kind" | "readText">,
): Promise<string | undefined> {
  const path = join(folder, name);
  try {
    const text = await files.readText(path, 1024 * 1024);
    if (text === undefined) return "no file, or larger than 1 MiB: it is not read";
    await readConfigFile({ readConfig: () => Promise.resolve(text) }, name, parse);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join("; ");
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
  const about = (detail: string) => ({ check: "permissions", subject: "permissions", detail });
  const findings: Finding[] = uncovered.map(({ message, command }) => {
    const detail = message.replace(`. Build one for it: ${command}`, "");
    return problem("permission_missing", { ...about(detail), remedy: `Build one: ${command}` });
  });
  if (findings.length === 0) {
    const whose = build === null ? "this run from source" : "this binary";
    findings.push(fine(about(`${whose} may do what the settings need`)));
  }
  const path = join(runtimePath, "actions/approved");
  const { state } = await query({ name: "write", path });
  findings.push(
    state === "granted"
      ? problem("permission_wide", about(`this program may write ${path}`))
      : fine(about("it may not approve: actions/approved is closed to it")),
  );
  return findings;
}
