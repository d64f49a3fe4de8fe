/**
 * Which files and packages the program is made of, from `deno info --json`.
 *
 * @module
 */
import { relative } from "node:path/posix";

/** The program's own files, relative to the project's root, and its npm packages. */
export interface Graph {
  readonly files: readonly string[];
  /** As written in the import map: `npm:name@range`. */
  readonly specifiers: readonly string[];
}

/** The program imports what cannot be built in. */
export class GraphError extends Error {
  override readonly name = "GraphError";
}

interface InfoModule {
  readonly kind?: string;
  readonly local?: string;
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Modules that a binary has another text of, written at the build; their imports do not count. */
export const REPLACED: readonly string[] = ["lib/permissions/build.ts"];

/**
 * Reads the output of `deno info --json main.ts`.
 *
 * @param root absolute path of the project's root.
 * @throws GraphError for a module that is missing, remote or outside `root`.
 */
export function parseGraph(json: string, root: string): Graph {
  const info = JSON.parse(json) as { modules?: readonly InfoModule[] };
  const files: string[] = [];
  const specifiers = new Set<string>();
  for (const module of info.modules ?? []) {
    if (module.error !== undefined) {
      throw new GraphError(`cannot load ${module.specifier}: ${module.error}`);
    }
    if (module.kind === "npm" || module.kind === "node" || module.kind === "external") continue;
    const path = module.local === undefined ? ".." : relative(root, module.local);
    if (!module.specifier.startsWith("file:") || path.startsWith("..")) {
      throw new GraphError(
        `${module.specifier} is not a file of this project; only those and npm packages are built in`,
      );
    }
    if (path.endsWith(".d.ts")) continue;
    files.push(path);
    if (REPLACED.includes(path)) continue;
    for (const { code } of module.dependencies ?? []) {
      if (code?.specifier?.startsWith("npm:") === true) specifiers.add(code.specifier);
    }
  }
  return { files: files.sort(), specifiers: [...specifiers].sort() };
}
