/**
 * The `deno compile` command line and its environment.
 *
 * @module
 */
import type { Grants } from "../../lib/permissions/grants.ts";
import { type Arch, TARGETS } from "./options.ts";

/**
 * V8 without a JIT, small: what lets the unit say MemoryDenyWriteExecute, at the same message rate
 * and with less memory.
 */
export const V8_FLAGS = [
  "--jitless",
  "--optimize-for-size",
  "--lite-mode",
  // Gives back what starting and a burst left behind after a second of quiet, not after 30: 2 to 6 MB.
  "--gc-memory-reducer-start-delay-ms=1000",
] as const;

/** Arguments of `deno` for one binary. */
export function compileArgs(grants: Grants, arch: Arch, output: string): string[] {
  return [
    "compile",
    "--quiet",
    "--frozen",
    "--cached-only",
    // Types are checked by `task check`; the stage holds JavaScript.
    "--no-check",
    `--target=${TARGETS[arch]}`,
    `--output=${output}`,
    "--no-prompt",
    // A compiled program would trust a cache file in the temp folder.
    "--no-code-cache",
    "--deny-import",
    // Names outside the list read as unset; packages look at the whole environment.
    "--ignore-env",
    // Datagram sockets, for systemd's notifications.
    "--unstable-net",
    `--allow-env=${grants.env.join(",")}`,
    `--allow-net=${grants.net.join(",")}`,
    `--allow-read=${grants.read.join(",")}`,
    `--allow-write=${grants.write.join(",")}`,
    `--v8-flags=${V8_FLAGS.join(",")}`,
    "main.js",
  ];
}

/** What the child may see: Deno bakes others in, OpenTelemetry's among them. */
const PASSED_ON = [
  "DENORT_BIN",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "HOME",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "PATH",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "https_proxy",
  "http_proxy",
  "no_proxy",
] as const;

/**
 * What a build with traces adds: Deno bakes in that it makes them, and no metrics or captured
 * console output beside them. It does not bake in where they go.
 */
export const TRACE_SWITCHES = {
  OTEL_DENO: "true",
  OTEL_DENO_METRICS: "false",
  OTEL_DENO_CONSOLE: "ignore",
} as const;

/** The environment of `deno compile`, from that of the building shell. */
export function compileEnvironment(
  shell: Readonly<Record<string, string>>,
  denoDir: string,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = shell[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, DENO_DIR: denoDir, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}
