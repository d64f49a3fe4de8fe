/**
 * The program's modules as JavaScript. `deno compile` embeds of a TypeScript module its text, what
 * that becomes and a map between both, and a binary holds all it embeds in memory: two thirds of
 * that is spared by giving it JavaScript. `deno cache` writes it, beside the packages.
 *
 * @module
 */
import { basename, join } from "node:path/posix";
import { lineMapComment } from "./line_map.ts";

/** A module that `deno cache` did not write, or not in the form known. */
export class EmitError extends Error {
  override readonly name = "EmitError";
}

/** `lib/a.ts` -> `lib/a.js`; other files keep their names. */
export function emittedName(file: string): string {
  return file.replace(/\.ts$/, ".js");
}

const MAP = "\n//# sourceMappingURL=data:application/json;base64,";
const IMPORT = /(\bfrom |\bimport |\bimport\()"(\.[^"\n]+)"/g;

/**
 * What `deno cache` wrote for `file`, made to stand alone: it imports JavaScript, and its map knows
 * lines only and nothing of this machine.
 *
 * @throws {EmitError}
 */
export function emittedModule(written: string, file: string): string {
  const at = written.lastIndexOf(MAP);
  if (at < 0) {
    throw new EmitError(
      `${file}: Deno's cache has no source map in what it made of it; Deno changed its form, ` +
        "teach scripts/compile/emit.ts the new one",
    );
  }
  const code = written.slice(0, at + 1).replace(
    IMPORT,
    (_whole, keyword: string, path: string) => `${keyword}"${emittedName(path)}"`,
  );
  const [map = ""] = written.slice(at + MAP.length).split("\n");
  const bytes = Uint8Array.fromBase64(map);
  return code + lineMapComment(new TextDecoder().decode(bytes), basename(file));
}

/**
 * The same from Deno's folder of downloads.
 *
 * @param root absolute path of the project, where `file` is.
 * @throws {EmitError}
 */
export async function readEmitted(
  file: string,
  { root, denoDir }: { readonly root: string; readonly denoDir: string },
): Promise<string> {
  const path = join(denoDir, "gen/file", root, `${file}.js`);
  const written = await Deno.readTextFile(path).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new EmitError(`${path} is missing: deno cache should have written it`);
  });
  return emittedModule(written, file);
}
