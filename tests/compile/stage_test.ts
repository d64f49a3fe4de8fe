import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { manifest, sha256, writeChecksums } from "../../scripts/compile/release.ts";
import { buildModule, isLicense, isShipped, shippedText } from "../../scripts/compile/stage.ts";
import type { Build } from "../../lib/permissions/grants.ts";
import { sandbox } from "../support/sandbox.ts";

const BUILD: Build = {
  version: "1.2.3",
  commit: "abc",
  deno: "2.7.11",
  target: "aarch64-unknown-linux-gnu",
  site: { redisUrl: "redis://h:1", ollamaHosts: ["http://o:2", "p"], runtimePath: "/opt/x" },
  grants: { net: ["h:1", "o:2", "p:11434"], read: ["/opt/x/state"], write: [], env: ["A"] },
};

Deno.test("isShipped: code and data of a package, not its types, maps, texts and tools", () => {
  const names = ["index.js", "a.cjs", "a.mjs", "package.json"];
  assert.deepEqual(names.filter((name) => isShipped(name)), names);
  const left = [
    "a.d.ts",
    "a.js.map",
    "README.md",
    "LICENSE",
    ".eslintrc.yml",
    ".runkit_example.js",
  ];
  assert.deepEqual(left.filter((name) => isShipped(name)), []);
});

Deno.test("isShipped: of a package of modules, not their CommonJS twins", () => {
  const names = ["index.js", "a.cjs", "a.mjs", "package.json"];
  assert.deepEqual(names.filter((name) => isShipped(name, "module")), [
    "index.js",
    "a.mjs",
    "package.json",
  ]);
});

Deno.test("shippedText: JSON without spaces, code without the name of its source map", () => {
  assert.equal(shippedText("a.json", '{\n  "a": [1, " "]\n}\n'), '{"a":[1," "]}');
  const code = 'const at = "//# sourceMappingURL=";\nf(at);\n';
  for (const name of ["a.js", "a.cjs"]) {
    assert.equal(shippedText(name, `${code}//# sourceMappingURL=a.js.map`), code);
    assert.equal(shippedText(name, code), code);
  }
});

Deno.test("isLicense: the usual names", () => {
  const names = ["LICENSE", "license", "LICENCE.md", "license.txt"];
  assert.deepEqual(names.filter(isLicense), names);
  assert.deepEqual(["license.js", "LICENSES", "README.md"].filter(isLicense), []);
});

Deno.test("buildModule: a module that holds the build", async () => {
  const url = `data:application/javascript,${encodeURIComponent(buildModule(BUILD))}`;
  assert.deepEqual((await import(url)).BUILD, BUILD);
});

Deno.test("manifest: origin, site, permissions, checksum; one value a line for the installer", () => {
  const text = manifest(BUILD, { bytes: 3, sha256: "00ff" });
  assert.deepEqual(JSON.parse(text), {
    version: "1.2.3",
    commit: "abc",
    deno: "2.7.11",
    target: "aarch64-unknown-linux-gnu",
    grants: BUILD.grants,
    redis_url: "redis://h:1",
    ollama_hosts: ["http://o:2", "p"],
    runtime_path: "/opt/x",
    v8_flags: [
      "--jitless",
      "--optimize-for-size",
      "--lite-mode",
      "--gc-memory-reducer-start-delay-ms=1000",
    ],
    bytes: 3,
    sha256: "00ff",
  });
  const lines = text.split("\n");
  for (
    const line of [
      '    "net": [',
      '      "h:1",',
      '  "runtime_path": "/opt/x",',
      '  "sha256": "00ff"',
    ]
  ) {
    assert(lines.includes(line), line);
  }
});

Deno.test("manifest: says where a build with traces sends them", () => {
  const build = { ...BUILD, site: { ...BUILD.site, collector: "http://piha:4318" } };
  const lines = manifest(build, { bytes: 3, sha256: "00ff" }).split("\n");
  assert(lines.includes('  "otel_endpoint": "http://piha:4318",'));
});

Deno.test("sha256: the hash of the empty message", async () => {
  assert.equal(
    await sha256(new Uint8Array()),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

Deno.test("writeChecksums: every build in the folder, in the form that sha256sum reads", async () => {
  using folder = sandbox();
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const files = ["planner-agent-aarch64", "planner-agent-aarch64.json", "planner-agent-x86_64"];
  for (const name of [...files, "planner-agent-other", "notes"]) {
    await Deno.writeTextFile(join(folder.path, name), "abc");
  }
  await writeChecksums(folder.path);
  assert.equal(
    await Deno.readTextFile(join(folder.path, "SHA256SUMS")),
    `${abc}  planner-agent-x86_64\n${abc}  planner-agent-aarch64\n` +
      `${abc}  planner-agent-aarch64.json\n`,
  );
});
