/**
 * Runs the real agent's `replay` as it would run in service, and reads what it says.
 *
 * @module
 */
import { join, resolve } from "node:path/posix";
import { ENVIRONMENT_NAMES, type EnvironmentName } from "../../lib/config/environment.ts";
import { parseChain } from "../../lib/llm/chain.ts";
import { type Outcome, OUTCOMES } from "../../lib/observe/outcome.ts";

export const PROJECT = resolve(import.meta.dirname ?? ".", "../..");

/** What `replay --json` says of one message; names are absent where it was no event. */
export interface ReplayedEnding {
  readonly outcome: Outcome;
  readonly node?: string;
  readonly service?: string;
  readonly type?: string;
  readonly severity?: string;
  readonly action?: string;
  readonly action_id?: string;
  readonly detail?: string;
}

/** The agent could not be run, or said something unexpected. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
}

export interface ReplayOptions {
  /** RUNTIME_PATH of the run. */
  readonly root: string;
  readonly settings: Readonly<Partial<Record<EnvironmentName, string>>>;
}

/**
 * Replays a file of the project with the permissions of the agent: no programs, and no network but
 * the models' servers of its chain.
 */
export async function replay(
  file: string,
  { root, settings }: ReplayOptions,
): Promise<ReplayedEnding[]> {
  // A comma ends an entry of a permission list unless it is doubled.
  const list = (...paths: string[]) => paths.map((each) => each.replaceAll(",", ",,")).join(",");
  const folders = ["actions/pending", "events", "state"].map((name) => join(root, name));
  const path = join(PROJECT, file);
  const servers = parseChain(settings.LLM_CHAIN ?? "rules", "http://127.0.0.1:11434")
    .flatMap((link) => link.kind === "rules" ? [] : [new URL(link.host).host]);
  const { success, stdout } = await new Deno.Command("deno", {
    args: [
      "run",
      "--frozen",
      "--quiet",
      "--no-prompt",
      "--ignore-env",
      `--allow-env=${ENVIRONMENT_NAMES.join(",")}`,
      ...(servers.length === 0 ? [] : [`--allow-net=${servers.join(",")}`]),
      `--allow-read=${list(root, path)}`,
      `--allow-write=${list(...folders)}`,
      "main.ts",
      "replay",
      path,
      "--json",
    ],
    cwd: PROJECT,
    env: {
      // An empty variable counts as unset: the shell's own settings stay out of the demo.
      ...Object.fromEntries(ENVIRONMENT_NAMES.map((name) => [name, ""])),
      RUNTIME_PATH: root,
      LLM_CHAIN: "rules",
      // Warnings about the malformed message would come between the lines of the demo.
      LOG_LEVEL: "error",
      ...settings,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!success) throw new ReplayError(`the agent failed on ${file}; its message is above.`);
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return lines.map(parseEnding);
}

function parseEnding(line: string): ReplayedEnding {
  const value: unknown = JSON.parse(line);
  const known: readonly unknown[] = OUTCOMES;
  if (typeof value !== "object" || value === null || !("outcome" in value)) {
    throw new ReplayError(`the agent printed a line without an outcome: ${line}`);
  }
  if (!known.includes(value.outcome)) {
    throw new ReplayError(`the agent told of an outcome that nobody knows: ${line}`);
  }
  return value as ReplayedEnding;
}
