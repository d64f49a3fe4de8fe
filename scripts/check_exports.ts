/**
 * Names each export of lib/ that nothing but its own file, or a test, uses. This is a program, no
 * library: such a name widens what a reader has to know for nobody's good.
 *
 * @module
 */
import { dirname, join, normalize } from "node:path/posix";

const ROOT = join(import.meta.dirname ?? ".", "..");
const USERS = ["main.ts", "lib", "scripts"];

const DECLARED =
  /^export (?:abstract |async )*(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const LISTED = /^export (?:type )?\{([^}]*)\}/gm;
const IMPORT = /^import (?:type )?\{([^}]*)\} from "(\.{1,2}\/[^"]+)"/gm;
/** As in `const { name } = await import("...")`; which name it is stands anywhere in the file. */
const LAZY_IMPORT = /\bimport\("(\.{1,2}\/[^"]+)"\)/g;

/** The names in `{ a, type b, c as d }`: those before `as`, or those behind it. */
function namesIn(list: string, side: "before" | "behind"): string[] {
  return list.split(",").map((name) => name.trim().replace(/^type /, "").split(" as "))
    .map((names) => names.at(side === "before" ? 0 : -1) ?? "").filter((name) => name !== "");
}

function exportsOf(text: string): string[] {
  return [
    ...[...text.matchAll(DECLARED)].map(([, name = ""]) => name),
    ...[...text.matchAll(LISTED)].flatMap(([, list = ""]) => namesIn(list, "behind")),
  ];
}

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
  for (const [, list = "", specifier] of text.matchAll(IMPORT)) {
    for (const name of namesIn(list, "before")) imported.add(`${file(specifier)}: ${name}`);
  }
  for (const [, specifier] of text.matchAll(LAZY_IMPORT)) {
    for (const name of exportsOf(texts.get(file(specifier)) ?? "")) {
      if (new RegExp(`\\b${name}\\b`).test(text)) imported.add(`${file(specifier)}: ${name}`);
    }
  }
}

const unused = [...texts].filter(([path]) => path.startsWith("lib/"))
  .flatMap(([path, text]) => exportsOf(text).map((name) => `${path}: ${name}`))
  .filter((name) => !imported.has(name));
if (unused.length > 0) {
  const text = `Exported, and imported by tests at most; make them private:\n${
    unused.join("\n")
  }\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  Deno.exit(1);
}
