import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { pathToFileURL } from "node:url";
import { EmitError, emittedModule, emittedName, readEmitted } from "../../scripts/compile/emit.ts";
import { sandbox } from "../support/sandbox.ts";

Deno.test("emittedName: JavaScript for TypeScript, at the same place", () => {
  const names = ["main.ts", "lib/a.ts", "deno.json", "a.tsv"];
  assert.deepEqual(names.map(emittedName), ["main.js", "lib/a.js", "deno.json", "a.tsv"]);
});

Deno.test("emittedModule: imports JavaScript; packages, JSON and texts stay as they are", () => {
  const code = (ext: string) => `
import { a } from "./a.${ext}";
import "../b.${ext}";
import info from "../deno.json" with { type: "json" };
import { Redis } from "ioredis";
export * from "./c/d.${ext}";
const text = "see ./a.ts";
const late = await import("./e.${ext}");
`;
  const map = btoa(JSON.stringify({ version: 3, sources: ["file:///x/lib/m.ts"], mappings: "" }));
  const written = `${code("ts")}//# sourceMappingURL=data:application/json;base64,${map}\n` +
    "// denoCacheMetadata=1,2";
  const [before, after = ""] = emittedModule(written, "lib/m.ts").split("//# sourceMappingURL=");
  assert.equal(before, code("js"));
  const [, kept = ""] = after.trimEnd().split("base64,");
  assert.deepEqual(JSON.parse(atob(kept)).sources, ["m.ts"]);
});

Deno.test("emittedModule: refuses a form that it does not know", () => {
  assert.throws(() => emittedModule("export {};\n", "lib/m.ts"), (error) => {
    assert(error instanceof EmitError);
    assert.match(error.message, /^lib\/m\.ts: Deno's cache has no source map/);
    return true;
  });
});

const SOURCE = `interface Unused {
  readonly a: number;
}

/** Fails. */
export function fail(
  what: string,
): never {
  const told: Unused = { a: 1 };
  throw new Error(what + told.a);
}
`;

Deno.test("readEmitted: what Deno's cache holds runs, and fails at the line of the TypeScript", async () => {
  using folder = sandbox();
  const root = await Deno.realPath(folder.path);
  const denoDir = join(root, "deno-dir");
  await Deno.mkdir(join(root, "lib"));
  await Deno.writeTextFile(join(root, "lib/failing.ts"), SOURCE);
  const { success } = await new Deno.Command("deno", {
    args: ["cache", "--quiet", "--no-config", "--no-lock", "lib/failing.ts"],
    cwd: root,
    env: { DENO_DIR: denoDir },
  }).output();
  assert(success);

  const file = join(root, "staged/lib/failing.js");
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, await readEmitted("lib/failing.ts", { root, denoDir }));
  const { fail } = await import(pathToFileURL(file).href);
  assert.throws(() => fail("x"), (error) => {
    assert(error instanceof Error);
    assert.equal(error.message, "x1");
    assert.match(error.stack ?? "", /staged\/lib\/failing\.ts:10:/);
    return true;
  });

  await assert.rejects(readEmitted("lib/other.ts", { root, denoDir }), (error) => {
    assert(error instanceof EmitError);
    assert.match(error.message, /lib\/other\.ts\.js is missing/);
    return true;
  });
});
