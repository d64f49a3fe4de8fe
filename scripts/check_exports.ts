/**
 * Names each export of lib/ that nothing but its own file, or a test, uses. This is a program, no
 * library: such a name widens what a reader has to know for nobody's good.
 *
 * @module
 */
import { dirname, join, normalize } from "node:path/posix";

const ROOT = join(import.meta.dirname ?? ".", "..");
const USERS = ["main.ts", "lib", "scripts"];

const EXPORT =
  /^export (?:abstract |async )*(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const IMPORT = /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s*"(\.{1,2}\/[^"]+)"/g;
/** `const { name } = await import("...")`, and `typeof import("...")` or `.then(({ name }) => ...)`. */
const LAZY_IMPORT = /\bimport\(\s*"(\.{1,2}\/[^"]+)"\s*\)/g;

function* sources(path: string): Generator<string> {
  if (path.endsWith(".ts")) return yield path;
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, path))) {
    if (isDirectory || (name.endsWith(".ts") && !name.endsWith(".d.ts"))) {
      yield* sources(join(path, name));
    }
  }
}

const texts = new Map(
  USERS.flatMap((user) => [...sources(user)])
    .map((path) => [path, Deno.readTextFileSync(join(ROOT, path))] as const),
);
const imported = new Set<string>();
for (const [path, text] of texts) {
  const file = (specifier = "") => normalize(join(dirname(path), specifier));
  for (const [, names = "", specifier] of text.matchAll(IMPORT)) {
    for (const name of names.split(",")) {
      const [original = ""] = name.trim().replace(/^type /, "").split(" as ");
      imported.add(`${file(specifier)}: ${original.trim()}`);
    }
  }
  for (const [, specifier] of text.matchAll(LAZY_IMPORT)) {
    const words = texts.get(file(specifier))?.matchAll(EXPORT) ?? [];
    for (const [, name = ""] of words) {
      if (new RegExp(`\\b${name}\\b`).test(text)) imported.add(`${file(specifier)}: ${name}`);
    }
  }
}

const unused = [...texts].flatMap(([path, text]) =>
  path.startsWith("lib/") ? [...text.matchAll(EXPORT)].map(([, name]) => `${path}: ${name}`) : []
).filter((name) => !imported.has(name));
if (unused.length > 0) {
  const text = `Exported, and imported by tests at most; make them private:\n${
    unused.join("\n")
  }\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  Deno.exit(1);
}
