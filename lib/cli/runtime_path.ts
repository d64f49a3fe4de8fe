import { parseConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";

/**
 * Where the read-only commands look: RUNTIME_PATH alone. Another setting that is wrong, and perhaps
 * why the agent does not run, must not keep a person from looking.
 *
 * @throws {ConfigError} where RUNTIME_PATH itself is wrong.
 */
export function runtimePath(env: Environment): string {
  return parseConfig((name) => name === "RUNTIME_PATH" ? env(name) : undefined).runtimePath;
}
