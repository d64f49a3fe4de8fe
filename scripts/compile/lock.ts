/**
 * Cuts deno.json and deno.lock (version 5) down to what the program imports: `deno compile` embeds
 * every npm package of the lock, those of the tests as well (denoland/deno#21504).
 *
 * @module
 */
import { isObject } from "../../lib/base/json.ts";

export interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
  readonly optionalPeers?: readonly string[];
}

export interface Lock {
  readonly version: string;
  /** From `npm:name@range` to the version taken. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** By `name@version`, with `_peer@version` behind it where peers matter. */
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

/** A lock that this cannot cut; the message says what was found. */
export class LockError extends Error {
  override readonly name = "LockError";
}

function parseLock(text: string): Lock {
  const lock: unknown = JSON.parse(text);
  if (!isObject(lock) || lock.version !== "5") {
    throw new LockError(
      `deno.lock: version ${JSON.stringify(isObject(lock) ? lock.version : lock)}, expected "5"; ` +
        "Deno changed its format, teach scripts/compile/lock.ts the new one",
    );
  }
  for (const section of ["jsr", "remote", "redirects"]) {
    if (isObject(lock[section]) && Object.keys(lock[section]).length > 0) {
      throw new LockError(`deno.lock: it has ${section} entries; only npm packages are built in`);
    }
  }
  if (!isObject(lock.specifiers) || !isObject(lock.npm)) {
    throw new LockError("deno.lock: specifiers or npm is missing");
  }
  return lock as unknown as Lock;
}

/** `@scope/name@1.2.3_peer@4` -> name and version without peers. */
export function packageOf(key: string): { name: string; version: string } {
  const at = key.indexOf("@", 1);
  if (at < 0) throw new LockError(`deno.lock: ${JSON.stringify(key)} is not name@version`);
  const [version = ""] = key.slice(at + 1).split("_");
  return { name: key.slice(0, at), version };
}

/** The key that a dependency entry (`name` or `name@version`) means. */
function resolveDependency(lock: Lock, entry: string): string {
  if (Object.hasOwn(lock.npm, entry)) return entry;
  const named = Object.keys(lock.npm).filter((key) => packageOf(key).name === entry);
  const [only] = named;
  if (only === undefined || named.length > 1) {
    throw new LockError(`deno.lock: ${named.length} packages answer to ${JSON.stringify(entry)}`);
  }
  return only;
}

/**
 * The lock with only what `specifiers` (`npm:name@range`) reach.
 *
 * @throws LockError for another lock version or a specifier that is not locked.
 */
export function pruneLock(text: string, specifiers: readonly string[]): Lock {
  const lock = parseLock(text);
  const kept = new Map<string, LockedPackage>();
  const waiting = specifiers.map((specifier) => {
    const version = lock.specifiers[specifier];
    if (version === undefined) throw new LockError(`deno.lock: ${specifier} is not locked`);
    return `${packageOf(specifier.slice("npm:".length)).name}@${version}`;
  });
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const found = resolveDependency(lock, key);
    const locked = lock.npm[found];
    if (kept.has(found) || locked === undefined) continue;
    kept.set(found, locked);
    waiting.push(...locked.dependencies ?? [], ...locked.optionalDependencies ?? []);
  }
  const wanted = new Set(specifiers);
  return {
    version: lock.version,
    specifiers: Object.fromEntries(
      Object.entries(lock.specifiers).filter(([specifier]) => wanted.has(specifier)),
    ),
    npm: Object.fromEntries(
      Object.keys(lock.npm).flatMap((key) => {
        const locked = kept.get(key);
        return locked === undefined ? [] : [[key, locked]];
      }),
    ),
  };
}

/** deno.json with only what a build needs: name, version, and the import map's used entries. */
export function pruneConfig(text: string, specifiers: readonly string[]): Record<string, unknown> {
  const config: unknown = JSON.parse(text);
  if (!isObject(config) || !isObject(config.imports)) {
    throw new LockError("deno.json: no imports found");
  }
  const wanted = new Set(specifiers);
  return {
    name: config.name,
    version: config.version,
    license: config.license,
    exports: "./main.js",
    nodeModulesDir: "none",
    imports: Object.fromEntries(
      Object.entries(config.imports).filter(([, to]) => typeof to === "string" && wanted.has(to)),
    ),
  };
}
