import assert from "node:assert/strict";
import { compileArgs, compileEnvironment, TRACE_SWITCHES } from "../../scripts/compile/command.ts";
import { parseCompileArgs, UsageError } from "../../scripts/compile/options.ts";
import { SiteError } from "../../lib/base/host_port.ts";

const DEFAULTS = {
  redisUrl: "redis://100.108.208.3:6379",
  ollamaHosts: ["http://100.108.208.3:11434"],
  runtimePath: "/opt/homelab",
};

Deno.test("parseCompileArgs: without options, both architectures for the default site", () => {
  assert.deepEqual(parseCompileArgs([], DEFAULTS), {
    archs: ["x86_64", "aarch64"],
    site: DEFAULTS,
    out: "dist",
  });
});

Deno.test("parseCompileArgs: every option, in both spellings, hosts repeated", () => {
  const args = [
    ..."--target aarch64 --redis-url=rediss://u:p%40@redis.lan --ollama-host a:1".split(" "),
    ..."--ollama-host=https://b --runtime-path //srv/x/ --out /tmp/d".split(" "),
    "--otel=http://piha:4318/",
  ];
  assert.deepEqual(parseCompileArgs(args, DEFAULTS), {
    archs: ["aarch64"],
    site: {
      redisUrl: "rediss://redis.lan",
      ollamaHosts: ["a:1", "https://b"],
      runtimePath: "/srv/x",
      collector: "http://piha:4318",
    },
    out: "/tmp/d",
  });
});

Deno.test("parseCompileArgs: help", () => {
  assert.equal(parseCompileArgs(["--target", "all", "--help"], DEFAULTS), null);
});

Deno.test("parseCompileArgs: refuses what it cannot follow", () => {
  const refuses = (args: string[], kind: typeof UsageError | typeof SiteError, message: RegExp) =>
    assert.throws(() => parseCompileArgs(args, DEFAULTS), (error) => {
      assert(error instanceof kind);
      assert.match(error.message, message);
      return true;
    });
  refuses(["--traget", "all"], UsageError, /unknown option "--traget"/);
  refuses(["x"], UsageError, /unknown option "x"/);
  refuses(["--target"], UsageError, /--target needs a value/);
  refuses(["--out="], UsageError, /--out needs a value/);
  refuses(["--target", "riscv64"], UsageError, /"riscv64": it takes x86_64, aarch64 or all/);
  refuses(["--target", "toString"], UsageError, /it takes x86_64/);
  refuses(["--out", "a", "--out", "b"], UsageError, /--out is given twice/);
  refuses(["--redis-url", "unix:///run/redis.sock"], SiteError, /REDIS_URL/);
  refuses(["--ollama-host", "*.lan"], SiteError, /OLLAMA_HOST/);
  refuses(["--redis-url", "redis://h/x"], SiteError, /h\/x": .* only be a database number/);
  refuses(["--redis-url", "redis://h#f"], SiteError, /^--redis-url "redis:\/\/h#f": it takes/);
  refuses(
    ["--redis-url", "redis://u:p w@h\n"],
    SiteError,
    /^--redis-url "redis:\/\/h\\n": .* blank/,
  );
  refuses(["--ollama-host", " h"], SiteError, /^--ollama-host " h": there is a blank/);
  refuses(["--runtime-path", "opt"], SiteError, /RUNTIME_PATH/);
  refuses(["--otel"], UsageError, /--otel needs a value/);
  refuses(["--otel", "grpc://h:4317"], SiteError, /--otel: cannot use "grpc:\/\/h:4317": it takes/);
});

Deno.test("parseCompileArgs: sentinels need the nodes that may become the primary", () => {
  const url = "redis+sentinel://u:secret@s1,s2/homelab";
  assert.throws(() => parseCompileArgs(["--redis-url", url], DEFAULTS), (error) => {
    assert(error instanceof SiteError);
    assert.match(error.message, /^--redis-url redis\+sentinel:\/\/s1,s2\/homelab: a build has to/);
    return true;
  });
  const taken = parseCompileArgs(["--redis-url", `${url}?nodes=h1,h2`], DEFAULTS);
  assert.equal(taken?.site.redisUrl, "redis+sentinel://s1,s2/homelab?nodes=h1,h2");
});

const GRANTS = { net: ["h:1", "[::1]:2"], read: ["/r"], write: ["/w", "/v"], env: ["A", "B"] };

Deno.test("compileArgs: exactly these permissions", () => {
  const args = compileArgs(GRANTS, "aarch64", "/tmp/out");
  assert.deepEqual(args.filter((arg) => /^--(allow|deny|ignore|no-prompt|unstable)/.test(arg)), [
    "--no-prompt",
    "--deny-import",
    "--ignore-env",
    "--unstable-net",
    "--allow-env=A,B",
    "--allow-net=h:1,[::1]:2",
    "--allow-read=/r",
    "--allow-write=/w,/v",
  ]);
  assert.equal(args[0], "compile");
  assert.equal(args.at(-1), "main.js");
  assert(args.includes("--no-code-cache"));
  assert(args.includes("--target=aarch64-unknown-linux-gnu"));
  assert(
    args.includes(
      "--v8-flags=--jitless,--optimize-for-size,--lite-mode,--gc-memory-reducer-start-delay-ms=1000",
    ),
  );
});

Deno.test("compileEnvironment: passes on what a build needs, nothing that Deno bakes in", () => {
  const shell = {
    PATH: "/bin",
    DENORT_BIN: "/b",
    DENO_DIR: "/home/x/.cache/deno",
    DENO_V8_FLAGS: "--prof",
    DENO_LOG: "debug",
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector",
    REDIS_URL: "redis://u:secret@h",
  };
  assert.deepEqual(compileEnvironment(shell, "/stage/deno-dir"), {
    PATH: "/bin",
    DENORT_BIN: "/b",
    DENO_DIR: "/stage/deno-dir",
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  });
});

Deno.test("TRACE_SWITCHES: traces, and nothing else that Deno would send", () => {
  assert.deepEqual(TRACE_SWITCHES, {
    OTEL_DENO: "true",
    OTEL_DENO_METRICS: "false",
    OTEL_DENO_CONSOLE: "ignore",
  });
});
