/**
 * A folder with exactly what goes into the binary. Compiling there, not in the working tree, keeps
 * tests, type declarations and tools out, and makes the bytes repeatable: Deno embeds the
 * modification time of every file, so each gets the same one here.
 *
 * @module
 */
import { dirname, join } from "node:path/posix";
import type { Build } from "../../lib/permissions/grants.ts";
import { emittedName, readEmitted } from "./emit.ts";
import { type Graph, REPLACED } from "./graph.ts";
import { type Lock, packageOf, pruneConfig, pruneLock } from "./lock.ts";

/** Where to take the parts from. */
export interface StageSources {
  /** The project's root. */
  readonly root: string;
  /** Deno's folder of downloads, filled with the packages (`deno info` calls it denoDir). */
  readonly denoDir: string;
  readonly graph: Graph;
}

/** The stage's two folders: the program, and a DENO_DIR that holds its packages. */
export interface Stage {
  readonly program: string;
  readonly denoDir: string;
}

/** A package that should be in Deno's cache and is not. */
export class StageError extends Error {
  override readonly name = "StageError";
}

/** Where Deno looks for packages by default: a mirror's name must not end up in the binary. */
const REGISTRY = "npm/registry.npmjs.org";
/** The modification time of everything in the binary. */
const FILE_TIME = new Date(0);
/** Folders of packages that hold tests and tools. */
const NOT_SHIPPED = new Set(["test", "tests", "spec", "benchmark", ".github", "skills"]);

/** True for files of a package that can run or be imported; one of modules has its CommonJS twin. */
export function isShipped(name: string, type?: "module"): boolean {
  if (name === ".runkit_example.js" || (type === "module" && name.endsWith(".cjs"))) return false;
  return /\.(js|cjs|mjs|json)$/.test(name);
}

/**
 * A package's file as it goes into the binary: JSON without spaces, and code without the name of its
 * source map, which the agent would look for in the machine's folder of temporary files.
 */
export function shippedText(name: string, text: string): string {
  if (name.endsWith(".json")) return JSON.stringify(JSON.parse(text));
  return text.replace(/^\/\/# sourceMappingURL=\S*\s*$/m, "");
}

/** The licence file of a package's folder, by name. */
export function isLicense(name: string): boolean {
  return /^licen[cs]e(\.md|\.txt)?$/i.test(name);
}

async function copyFolder(from: string, to: string, type?: "module"): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name);
    if (entry.isDirectory && !NOT_SHIPPED.has(entry.name)) {
      await copyFolder(source, join(to, entry.name), type);
    } else if (entry.isFile && isShipped(entry.name, type)) {
      const text = shippedText(entry.name, await Deno.readTextFile(source));
      await Deno.writeTextFile(join(to, entry.name), text);
    }
  }
}

/** What Deno reads of a package.json; the rest names tools of the package's own making. */
const DESCRIBED = [
  "name",
  "version",
  "license",
  "type",
  "main",
  "module",
  "exports",
  "imports",
  "browser",
  "dependencies",
  "optionalDependencies",
  "peerDependencies",
];

/**
 * Copies a package. Its licence, which has to go with it, moves into its package.json: Deno parses
 * every other kind of file as a script and embeds the error, with the path of the stage in it.
 */
async function copyPackage(from: string, to: string): Promise<void> {
  const described = JSON.parse(await Deno.readTextFile(join(from, "package.json"))) as {
    type?: string;
  };
  await copyFolder(from, to, described.type === "module" ? "module" : undefined);
  const kept = Object.entries(described).filter(([name]) => DESCRIBED.includes(name));
  const withLicense = { ...Object.fromEntries(kept), licenseText: await licenseIn(from) };
  await Deno.writeTextFile(join(to, "package.json"), JSON.stringify(withLicense));
}

async function licenseIn(folder: string): Promise<string> {
  const licenses: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && isLicense(entry.name)) {
      licenses.push(await Deno.readTextFile(join(folder, entry.name)));
    }
  }
  return licenses.sort().join("\n");
}

/** The registry folder of Deno's npm cache that holds `packages`; a mirror has its own name. */
async function registryWith(npm: string, packages: readonly string[]): Promise<string> {
  let closest: { missing: string[] } = { missing: [...packages] };
  for await (const entry of Deno.readDir(npm)) {
    if (!entry.isDirectory) continue;
    const folder = join(npm, entry.name);
    const found = await Promise.all(packages.map((path) => exists(join(folder, path))));
    const missing = packages.filter((_, index) => found[index] === false);
    if (missing.length === 0) return folder;
    if (missing.length < closest.missing.length) closest = { missing };
  }
  throw new StageError(`${npm} has no ${closest.missing.join(", ")}: run ./scripts/deno install`);
}

/** The licence of ajv: code that it wrote goes into the program, the package does not. */
export async function ajvLicense(npm: string, lockText: string): Promise<string> {
  const { specifiers } = JSON.parse(lockText) as Pick<Lock, "specifiers">;
  const version = Object.entries(specifiers).find(([name]) => name.startsWith("npm:ajv@"))?.[1];
  const path = `ajv/${version}`;
  return await licenseIn(join(await registryWith(npm, [path]), path));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}

async function setTimes(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isSymlink) continue;
    if (entry.isDirectory) await setTimes(path);
    else await Deno.utime(path, FILE_TIME, FILE_TIME);
  }
}

/** The copy of lib/permissions/build.ts that goes into the binary. */
export function buildModule(build: Build): string {
  return `/** @module */\nexport const BUILD = ${JSON.stringify(build, null, 2)};\n`;
}

/**
 * Fills `folder` with the program and its packages.
 *
 * @throws StageError for a package that is not in Deno's cache; LockError from the lock.
 */
export async function stage(folder: string, build: Build, sources: StageSources): Promise<Stage> {
  const { root, graph } = sources;
  const program = join(folder, "program");
  const denoDir = join(folder, "deno-dir");
  const locked = await Deno.readTextFile(join(root, "deno.lock"));
  const npm = join(sources.denoDir, "npm");
  for (const file of graph.files) {
    if (REPLACED.includes(file)) continue;
    const text = file.endsWith(".ts")
      ? await readEmitted(file, sources)
      // Its types stay behind.
      : (await Deno.readTextFile(join(root, file))).replace(/^\/\/ @ts-self-types=.*\n/, "");
    await write(join(program, emittedName(file)), text);
  }
  await write(join(program, "lib/permissions/build.js"), buildModule(build));

  const lock = pruneLock(locked, graph.specifiers);
  const config = pruneConfig(await Deno.readTextFile(join(root, "deno.json")), graph.specifiers);
  const workspace = { dependencies: graph.specifiers };
  await write(join(program, "deno.json"), JSON.stringify(config, null, 2));
  await write(join(program, "deno.lock"), JSON.stringify({ ...lock, workspace }, null, 2));

  await Deno.mkdir(denoDir, { recursive: true });
  const packages = Object.keys(lock.npm).map(packageOf).map((p) => `${p.name}/${p.version}`);
  if (packages.length > 0) {
    const registry = await registryWith(npm, packages);
    for (const path of packages) {
      await copyPackage(join(registry, path), join(denoDir, REGISTRY, path));
    }
  }
  await setTimes(folder);
  // Base binaries that Deno downloaded before are found again, and new ones are kept.
  await Deno.mkdir(join(sources.denoDir, "dl"), { recursive: true });
  await Deno.symlink(join(sources.denoDir, "dl"), join(denoDir, "dl"));
  return { program, denoDir };
}
