import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { anchorsOf, linksIn } from "../support/docs.ts";
import { EXAMPLES, execStart } from "./support/unit.ts";

function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesIn(path);
    else yield path;
  }
}

const PATHS = [...filesIn(EXAMPLES)];
const READMES = PATHS.filter((path) => path.endsWith("/README.md"));

Deno.test("examples: every link leads somewhere, and every folder is in the list", () => {
  for (const page of READMES) {
    for (const link of linksIn(Deno.readTextFileSync(page))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      const { isDirectory } = Deno.statSync(target);
      if (anchor === undefined) continue;
      assert.ok(!isDirectory, link);
      assert.ok(anchorsOf(Deno.readTextFileSync(target)).has(anchor), `${page}: ${link}`);
    }
  }
  const list = Deno.readTextFileSync(join(EXAMPLES, "README.md"));
  for (const { name, isDirectory } of Deno.readDirSync(EXAMPLES)) {
    if (isDirectory && name !== "lib") assert.ok(list.includes(`](${name}/)`), name);
  }
});

Deno.test("examples: each program reads the variables that its unit grants, and README has them", () => {
  for (const path of PATHS.filter((path) => path.endsWith(".service"))) {
    const words = execStart(path.slice(EXAMPLES.length + 1));
    const granted = words.find((word) => word.startsWith("--allow-env="))?.slice(12).split(",");
    if (granted === undefined) continue;
    const program = join(EXAMPLES, words.at(-1)?.split("/examples/")[1] ?? "");
    const source = Deno.readTextFileSync(program);
    const read = [...source.matchAll(/\benv\("([A-Z_]+)"/g)].map(([, name]) => name ?? "");
    assert.deepEqual([...new Set(read)].sort(), granted.toSorted(), program);
    const readme = Deno.readTextFileSync(join(dirname(path), "README.md"));
    // systemd sets these.
    const own = granted.filter((name) => !/_DIRECTORY$/.test(name));
    for (const name of own) assert.ok(readme.includes(`\`${name}\``), `${path}: ${name}`);
  }
});

Deno.test("examples: they import nothing of the agent's, and no package", () => {
  for (const path of PATHS.filter((path) => path.endsWith(".ts"))) {
    for (const [, from = ""] of Deno.readTextFileSync(path).matchAll(/ from "([^"]+)"/g)) {
      const isOwn = from.startsWith("node:") ||
        join(dirname(path), from).startsWith(`${EXAMPLES}/`);
      assert.ok(isOwn, `${path} imports ${from}`);
    }
  }
});
