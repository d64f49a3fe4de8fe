/**
 * `deno task compile`: one file per architecture, with its permissions baked in. `--help` tells.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { join, resolve } from "node:path/posix";
import { parseConfig, siteOf } from "../lib/config/config.ts";
import { ENVIRONMENT_NAMES } from "../lib/config/environment.ts";
import { type Build, grantsFor } from "../lib/permissions/grants.ts";
import { SiteError } from "../lib/base/host_port.ts";
import { lineSink } from "../lib/base/log/log.ts";
import { isSystemFailure } from "../lib/base/disk/write_failure.ts";
import { compileArgs, compileEnvironment, TRACE_SWITCHES } from "./compile/command.ts";
import { ElfError, pageProblems, parseElf } from "./compile/elf.ts";
import { EmitError } from "./compile/emit.ts";
import { type Graph, GraphError, parseGraph } from "./compile/graph.ts";
import { LineMapError } from "./compile/line_map.ts";
import { LockError } from "./compile/lock.ts";
import {
  type Arch,
  COMPILE_USAGE,
  type CompileOptions,
  parseCompileArgs,
  TARGETS,
  UsageError,
} from "./compile/options.ts";
import { manifest, sha256, writeChecksums } from "./compile/release.ts";
import { stage, StageError } from "./compile/stage.ts";
import { ValidatorError } from "./compile/validator.ts";

/** A build that could not be finished; the message says why and what to do. */
class CompileError extends Error {
  override readonly name = "CompileError";
}

const writeOut = lineSink(Deno.stdout);
const writeError = lineSink(Deno.stderr);
const ROOT = resolve(import.meta.dirname ?? ".", "..");

async function output(command: string, args: string[], env?: Record<string, string>) {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: ROOT,
    ...env && { env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr).trim() };
}

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await output(Deno.execPath(), args, { NO_COLOR: "1" });
  if (!success) throw new CompileError(`deno ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}

/** The commit built from; a tree with changes is not that commit. */
async function commit(): Promise<string> {
  try {
    const head = await output("git", ["rev-parse", "HEAD"]);
    const status = await output("git", ["status", "--porcelain"]);
    if (!head.success || !status.success) return "unknown";
    return head.stdout.trim() + (status.stdout === "" ? "" : "-dirty");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "unknown";
    throw error;
  }
}

async function readGraph(): Promise<{ graph: Graph; denoDir: string }> {
  await deno("cache", "--frozen", "main.ts");
  const graph = parseGraph(await deno("info", "--json", "--frozen", "main.ts"), ROOT);
  const { denoDir } = JSON.parse(await deno("info", "--json")) as { denoDir: string };
  return { graph, denoDir };
}

/** Fails where the base binary was the wrong one, or where a kernel could not load the file. */
function checkBinary(bytes: Uint8Array<ArrayBuffer>, arch: Arch): void {
  const file = parseElf(bytes);
  if (file.machine !== arch) {
    throw new CompileError(
      `the base binary is for ${file.machine}, asked for was ${arch}: DENORT_BIN must name one for ` +
        `the architecture that --target names`,
    );
  }
  // Deno's name for itself lies in one piece in its runtime; a program of another version may not
  // even start.
  if (!Buffer.from(bytes.buffer).includes(`Deno/${Deno.version.deno}`)) {
    throw new CompileError(
      `the base binary is not of Deno ${Deno.version.deno}: DENORT_BIN must name a denort of that ` +
        `version. Without DENORT_BIN the right one is fetched.`,
    );
  }
  // x86-64 kernels have 4 KB pages; 16 KB ones are a Raspberry Pi 5's.
  const problems = pageProblems(file, arch === "x86_64" ? 4096 : undefined);
  if (problems.length > 0) {
    throw new CompileError(
      `planner-agent-${arch} could not be loaded by a kernel with 16 KB pages, a Raspberry Pi 5's ` +
        `default:\n  ${
          problems.join("\n  ")
        }\nA newer Deno does this (denoland/deno#36282): keep ` +
        `the version that scripts/deno pins, or DENORT_BIN of that version.`,
    );
  }
}

async function compileOne(arch: Arch, options: CompileOptions): Promise<void> {
  const { version } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
    version: string;
  };
  const build: Build = {
    version,
    commit: await commit(),
    deno: Deno.version.deno,
    target: TARGETS[arch],
    site: options.site,
    grants: grantsFor(options.site, ENVIRONMENT_NAMES),
  };
  const { graph, denoDir } = await readGraph();
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-compile-" });
  try {
    const staged = await stage(folder, build, { root: ROOT, denoDir, graph });
    const fresh = join(folder, `planner-agent-${arch}`);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: compileArgs(build.grants, arch, fresh),
      cwd: staged.program,
      clearEnv: true,
      env: {
        ...compileEnvironment(Deno.env.toObject(), staged.denoDir),
        ...(build.site.collector !== undefined && TRACE_SWITCHES),
      },
    }).output();
    if (!success) {
      throw new CompileError(
        `deno compile failed:\n${new TextDecoder().decode(stderr).trim()}\nWhere Deno's download ` +
          `host cannot be reached, DENORT_BIN names a base binary.`,
      );
    }
    const bytes = await Deno.readFile(fresh);
    checkBinary(bytes, arch);
    const name = join(options.out, `planner-agent-${arch}`);
    await Deno.mkdir(options.out, { recursive: true });
    // A running binary cannot be written over; it can be replaced.
    await Deno.copyFile(fresh, `${name}.new`);
    await Deno.rename(`${name}.new`, name);
    const facts = { bytes: bytes.length, sha256: await sha256(bytes) };
    await Deno.writeTextFile(`${name}.json`, manifest(build, facts));
    writeOut(`${name}  ${(bytes.length / 1e6).toFixed(1)} MB  sha256 ${facts.sha256}\n`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseCompileArgs(args, siteOf(parseConfig(() => undefined)));
    if (options === null) {
      writeOut(`${COMPILE_USAGE}\n`);
      return 0;
    }
    if (options.archs.length > 1 && Deno.env.get("DENORT_BIN")) {
      throw new UsageError("DENORT_BIN is for one architecture: say --target x86_64 or aarch64");
    }
    for (const arch of options.archs) await compileOne(arch, options);
    await writeChecksums(options.out);
    return 0;
  } catch (error) {
    if (error instanceof UsageError || error instanceof SiteError) {
      writeError(`compile: ${error.message}\n\n${COMPILE_USAGE}\n`);
      return 2;
    }
    if (isSystemFailure(error)) {
      writeError(`compile: ${error.message}; --out and TMPDIR name folders that can be written\n`);
      return 1;
    }
    const expected = [
      CompileError,
      ElfError,
      EmitError,
      GraphError,
      LineMapError,
      LockError,
      StageError,
      ValidatorError,
    ];
    if (!expected.some((known) => error instanceof known)) throw error;
    writeError(`compile: ${(error as Error).message}\n`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
