import assert from "node:assert/strict";
import { GraphError, parseGraph } from "../../scripts/compile/graph.ts";

const parse = (modules: unknown[]) => parseGraph(JSON.stringify({ modules }), "/project");

const file = (path: string, ...imports: string[]) => ({
  kind: "esm",
  local: path,
  specifier: `file://${path}`,
  dependencies: imports.map((specifier) => ({ specifier, code: { specifier } })),
});

Deno.test("parseGraph: own files by their path in the project, packages by specifier", () => {
  assert.deepEqual(
    parse([
      file("/project/main.ts", "file:///project/lib/a.ts", "npm:ioredis@6.0.0"),
      file("/project/lib/a.ts", "npm:ajv@8.20.0", "node:path"),
      { kind: "asserted", local: "/project/deno.json", specifier: "file:///project/deno.json" },
      { kind: "npm", specifier: "npm:/ioredis@6.0.0" },
      { kind: "node", specifier: "node:path" },
    ]),
    {
      files: ["deno.json", "lib/a.ts", "main.ts"],
      specifiers: ["npm:ajv@8.20.0", "npm:ioredis@6.0.0"],
    },
  );
});

Deno.test("parseGraph: a package imported for its types alone is not needed", () => {
  const module = {
    ...file("/project/main.ts"),
    dependencies: [{ specifier: "ajv", type: { specifier: "npm:ajv@8.20.0" } }],
  };
  assert.deepEqual(parse([module]).specifiers, []);
});

Deno.test("parseGraph: what only a module imports that a binary has another text of is not needed", () => {
  const modules = [
    file("/project/main.ts", "npm:ioredis@6.0.0"),
    file("/project/lib/permissions/build.ts", "npm:ajv@8.20.0"),
  ];
  assert.deepEqual(parse(modules), {
    files: ["lib/permissions/build.ts", "main.ts"],
    specifiers: ["npm:ioredis@6.0.0"],
  });
});

Deno.test("parseGraph: refuses modules that are missing, remote or outside the project", () => {
  const refuses = (module: unknown, message: RegExp) =>
    assert.throws(() => parse([module]), (error) => {
      assert(error instanceof GraphError);
      assert.match(error.message, message);
      return true;
    });
  refuses({ specifier: "file:///project/x.ts", error: "not found" }, /cannot load .*not found/);
  refuses(
    { kind: "esm", local: "/cache/1", specifier: "https://deno.land/x.ts" },
    /not a file of this project/,
  );
  refuses(file("/other/lib.ts"), /not a file of this project/);
  refuses(file("/project2/lib.ts"), /not a file of this project/);
});
