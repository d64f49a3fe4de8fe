/**
 * `deno task release`: what people download. A generic build for each architecture as a tar and as a
 * Debian package, with a bill of materials, a record of the base binaries and checksums.
 *
 * @module
 */
import { join, resolve } from "node:path/posix";
import { GENERIC_SITE } from "../lib/permissions/grants.ts";
import { lineSink } from "../lib/base/log/log.ts";
import { parseGraph } from "./compile/graph.ts";
import { pruneLock } from "./compile/lock.ts";
import { type Arch, TARGETS } from "./compile/options.ts";
import { sha256 } from "./compile/release.ts";
import { command, CommandError } from "./release/command.ts";
import { makeDeb, makeTar } from "./release/packages.ts";
import { sbom } from "./release/sbom.ts";

const USAGE = `Usage: ./scripts/deno task release [--target x86_64|aarch64|all] [--out DIR]
Builds what people download into DIR (default: dist/release): for each architecture a tar and a
Debian package of the generic build, which reaches the names planner-redis and planner-ollama.
DENORT_BIN names a base binary of the one architecture built, as for the compile task.`;

const ROOT = resolve(import.meta.dirname ?? ".", "..");
const writeOut = lineSink(Deno.stdout);
const writeError = lineSink(Deno.stderr);

interface Facts {
  readonly version: string;
  /** Git commit, with `-dirty` behind it where the tree differs. */
  readonly commit: string;
  readonly epoch: number;
}

async function releaseOne(arch: Arch, out: string, facts: Facts) {
  const work = await Deno.makeTempDir({ prefix: "planner-agent-release-" });
  try {
    const built = join(work, "built");
    const { redisUrl, ollamaHosts, runtimePath } = GENERIC_SITE;
    await deno([
      ...["run", "--quiet", "--frozen", "--allow-all", "scripts/compile.ts"],
      ...["--target", arch, "--redis-url", redisUrl, "--runtime-path", runtimePath],
      ...ollamaHosts.flatMap((host) => ["--ollama-host", host]),
      ...["--out", built],
    ]);
    const base = await baseBinary(arch);
    const binary = await sha256(await Deno.readFile(join(built, `planner-agent-${arch}`)));
    const document = sbom({
      ...facts,
      arch,
      deno: Deno.version.deno,
      baseSha256: base.sha256,
      binarySha256: binary,
      lock: pruneLock(await Deno.readTextFile(join(ROOT, "deno.lock")), await specifiers()),
    });
    await Deno.writeTextFile(join(built, "sbom.cdx.json"), document);
    await Deno.writeTextFile(
      join(out, `planner-agent-${facts.version}-${arch}.cdx.json`),
      document,
    );
    const parts = { ...facts, root: ROOT, built, arch, work, out };
    for (const path of [await makeTar(parts), await makeDeb(parts)]) writeOut(`${path}\n`);
    return { arch, target: TARGETS[arch], base, binary_sha256: binary };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The packages whose code is in the binary; ajv's check is written at the build. */
async function specifiers(): Promise<string[]> {
  const info = await deno(["info", "--json", "--frozen", "main.ts"]);
  const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
    imports: Record<string, string>;
  };
  const { specifiers } = parseGraph(info, ROOT);
  return [...new Set([...specifiers, ...(imports.ajv ? [imports.ajv] : [])])];
}

/** The base binary that `deno compile` took: DENORT_BIN, or what it fetched. */
async function baseBinary(arch: Arch): Promise<{ file: string; sha256: string }> {
  const given = Deno.env.get("DENORT_BIN");
  const { denoDir } = JSON.parse(await deno(["info", "--json"])) as { denoDir: string };
  const path = given ||
    join(denoDir, "dl/release", `v${Deno.version.deno}`, `denort-${TARGETS[arch]}.zip`);
  const file = given ? "DENORT_BIN" : `denort-${TARGETS[arch]}.zip`;
  return { file, sha256: await sha256(await Deno.readFile(path)) };
}

async function deno(args: readonly string[]): Promise<string> {
  return await command(Deno.execPath(), args, { NO_COLOR: "1" }, ROOT);
}

async function readFacts(): Promise<Facts> {
  const { version } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
    version: string;
  };
  const git = (...args: string[]) => command("git", args, {}, ROOT);
  const [commit = "", seconds = "0"] = (await git("log", "-1", "--format=%H %ct")).trim().split(
    " ",
  );
  const isClean = await git("status", "--porcelain") === "";
  return { version, commit: isClean ? commit : `${commit}-dirty`, epoch: Number(seconds) };
}

function parse(args: readonly string[]): { archs: Arch[]; out: string } | undefined {
  let target = "all";
  let out = "dist/release";
  for (let i = 0; i < args.length; i += 2) {
    const value = args[i + 1];
    if (value === undefined) return undefined;
    if (args[i] === "--target") target = value;
    else if (args[i] === "--out") out = value;
    else return undefined;
  }
  const archs = (Object.keys(TARGETS) as Arch[])
    .filter((arch) => target === "all" || arch === target);
  return archs.length > 0 ? { archs, out: resolve(out) } : undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (!options) {
    writeOut(`${USAGE}\n`);
    return args.includes("--help") ? 0 : 2;
  }
  if (options.archs.length > 1 && Deno.env.get("DENORT_BIN")) {
    writeError("release: DENORT_BIN is for one architecture: say --target x86_64 or aarch64\n");
    return 2;
  }
  const { archs, out } = options;
  try {
    await Deno.mkdir(out, { recursive: true });
    const facts = await readFacts();
    const builds = [];
    for (const arch of archs) builds.push(await releaseOne(arch, out, facts));
    const { version, commit } = facts;
    const record = { version, commit, deno: Deno.version.deno, site: GENERIC_SITE, builds };
    const name = `planner-agent-${version}.json`;
    await Deno.writeTextFile(join(out, name), `${JSON.stringify(record, null, 2)}\n`);
    await writeChecksums(out);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    writeError(`release: ${error.message}\n`);
    return 1;
  }
}

/** SHA256SUMS over everything in the folder, as `sha256sum -c` reads it. */
async function writeChecksums(out: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(out)))
    .filter(({ isFile, name }) => isFile && name.startsWith("planner-agent"))
    .map(({ name }) => name).sort();
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256(await Deno.readFile(join(out, name)))}  ${name}\n`),
  );
  await Deno.writeTextFile(join(out, "SHA256SUMS"), lines.join(""));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
