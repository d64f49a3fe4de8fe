/**
 * Compiled agents for tests: each architecture once per test run, for ports and a folder that are
 * picked before the build, since both are baked in.
 *
 * @module
 */
import { join, resolve } from "node:path/posix";
import type { Arch } from "../../../scripts/compile/options.ts";
import { makeRuntime } from "../../support/agent.ts";
import { path, program, type Requirement } from "./requirement.ts";

export const PROJECT = resolve(import.meta.dirname ?? ".", "../../..");

/** Where a compiled agent lies and what it was built for. */
export interface Binary {
  /** The command to start it: under emulation, more than the file. */
  readonly command: readonly [string, ...string[]];
  readonly file: string;
  readonly redisPort: number;
  readonly ollamaPort: number;
  readonly runtimePath: string;
}

const QEMU = "qemu-aarch64-static";
const ARM_LIBRARIES = "/usr/aarch64-linux-gnu";

/** What running an architecture's binary takes besides the build. */
export function requirements(arch: Arch): Requirement[] {
  const native = { name: `an ${arch} machine`, met: Deno.build.arch === arch };
  const emulated = arch === "aarch64" && !native.met;
  return [program("npm"), ...emulated ? [program(QEMU), path(ARM_LIBRARIES)] : [native]];
}

export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Runs a program to its end; throws with its output where it fails. */
export async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: PROJECT,
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${command} ${args.join(" ")}:\n${text(stdout)}${text(stderr)}`);
  return text(stdout);
}

/** Options of {@linkcode compile}. */
export interface CompileSettings {
  /** The project to compile. Default: this one. */
  readonly root?: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
}

/** Compiles with the base binary that is kept for tests. */
export async function compile(
  arch: Arch,
  args: readonly string[],
  { root = PROJECT, env = {} }: CompileSettings = {},
): Promise<void> {
  const base = (await run(join(PROJECT, ".ci/base-binaries.sh"), [arch])).trim();
  const script = join(root, "scripts/compile.ts");
  await run(
    Deno.execPath(),
    ["run", "--quiet", "--frozen", "--allow-all", script, "--target", arch, ...args],
    { DENORT_BIN: base, ...env },
  );
}

const built = new Map<Arch, Promise<Binary>>();

/** The agent compiled for `arch`; the first call builds it. */
export function binary(arch: Arch): Promise<Binary> {
  const known = built.get(arch) ?? build(arch);
  built.set(arch, known);
  return known;
}

/** A build of its own, with further options of the compile task. */
export async function build(arch: Arch, options: readonly string[] = []): Promise<Binary> {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-test-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const [redisPort, ollamaPort] = [freePort(), freePort()];
  const runtimePath = join(folder, "homelab");
  await compile(arch, [
    "--redis-url",
    `redis://127.0.0.1:${redisPort}`,
    "--ollama-host",
    `http://127.0.0.1:${ollamaPort}`,
    "--runtime-path",
    runtimePath,
    "--out",
    folder,
    ...options,
  ]);
  const file = join(folder, `planner-agent-${arch}`);
  const command: Binary["command"] = Deno.build.arch === arch
    ? [file]
    : [QEMU, "-L", ARM_LIBRARIES, file];
  return { command, file, redisPort, ollamaPort, runtimePath };
}

/** An empty RUNTIME_PATH with the seven action folders, as the installer makes it. */
export async function freshRuntime(agent: Binary): Promise<void> {
  await Deno.remove(agent.runtimePath, { recursive: true }).catch(() => {});
  makeRuntime(agent.runtimePath);
}

/** The agent's environment for a build's own site. */
export function environment(agent: Binary): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: "/nonexistent",
    RUNTIME_PATH: agent.runtimePath,
    REDIS_URL: `redis://127.0.0.1:${agent.redisPort}`,
    OLLAMA_HOST: `http://127.0.0.1:${agent.ollamaPort}`,
    NODE_NAME: "piha",
    COOLDOWN_SECONDS: "300",
  };
}

/** What a run of the agent to its end left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the agent to its end, with its own environment and no other. */
export async function runAgent(
  agent: Binary,
  args: readonly string[],
  { env = {}, input = "" }: { env?: Record<string, string>; input?: string } = {},
): Promise<Finished> {
  const [command, ...first] = agent.command;
  const child = new Deno.Command(command, {
    args: [...first, ...args],
    clearEnv: true,
    env: { ...environment(agent), ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
