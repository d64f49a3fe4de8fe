import assert from "node:assert/strict";
import { startCollector } from "../support/collector.ts";
import { binary, build, freePort, freshRuntime, requirements, runAgent } from "./support/binary.ts";
import { systemTest } from "./support/requirement.ts";

const MESSAGE = JSON.stringify({
  event_type: "service_unhealthy",
  severity: "error",
  node: "piha",
  service: "mosquitto",
  timestamp: "2026-01-02T03:04:05Z",
});
const JSON_PROTOCOL = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
const replay = { input: `${MESSAGE}\n` };
const ONE_TRACE = [
  "health_event",
  "llm_attempt < health_event",
  "queue < health_event",
];

systemTest(
  "compile --otel: traces go to the collector of the build and nowhere else",
  requirements("x86_64"),
  async (t) => {
    const own = startCollector(freePort());
    await using other = startCollector();
    const agent = await build("x86_64", ["--otel", own.url]);
    const run = async (env: Record<string, string>) => {
      await freshRuntime(agent);
      const done = await runAgent(agent, ["replay", "-"], {
        ...replay,
        env: { LLM_CHAIN: "rules", ...JSON_PROTOCOL, ...env },
      });
      const [proposal] = [...Deno.readDirSync(`${agent.runtimePath}/actions/pending`)];
      assert.deepEqual([done.code, proposal?.isFile], [0, true], done.stderr);
      return done.stderr;
    };

    await t.step("the manifest says so, and no host more is granted", async () => {
      const manifest = JSON.parse(await Deno.readTextFile(`${agent.file}.json`));
      assert.equal(manifest.otel_endpoint, own.url);
      assert.deepEqual(manifest.grants.net, [
        `127.0.0.1:${agent.redisPort}`,
        `127.0.0.1:${agent.ollamaPort}`,
      ]);
    });

    await t.step("told where: one trace", async () => {
      // On by the build: switching it off here does nothing.
      const switches = { OTEL_DENO: "false", OTEL_DENO_METRICS: "true", OTEL_SDK_DISABLED: "true" };
      const stderr = await run({
        OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
        OTEL_DENO_CONSOLE: "capture",
        ...switches,
      });
      assert.equal(stderr.includes("traces_off"), false, stderr);
      assert.deepEqual(own.tree(), ONE_TRACE);
      assert.deepEqual(own.paths, ["/v1/traces"]);
    });

    await t.step("told another place, or none: no traces, and a warning", async () => {
      for (
        const env of [
          { OTEL_EXPORTER_OTLP_ENDPOINT: other.url },
          {
            OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${other.url}/v1/traces`,
          },
          {},
        ]
      ) {
        assert.match(await run(env), /"event":"traces_off"/);
      }
      assert.deepEqual([own.paths.length, other.paths.length], [1, 0]);
    });

    await t.step("a collector that never answers holds nothing up but the end", async () => {
      await own[Symbol.asyncDispose]();
      using silent = Deno.listen({ hostname: "127.0.0.1", port: Number(new URL(own.url).port) });
      const accepted = silent.accept();
      await run({
        OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
        OTEL_BSP_EXPORT_TIMEOUT: "500",
      });
      (await accepted).close();
    });

    await t.step("a collector that is down costs nothing", async () => {
      await run({ OTEL_EXPORTER_OTLP_ENDPOINT: own.url });
    });
  },
);

systemTest(
  "compile: without --otel no setting makes the program send anything",
  requirements("x86_64"),
  async () => {
    await using collector = startCollector();
    const agent = await binary("x86_64");
    await freshRuntime(agent);
    const { code, stderr } = await runAgent(agent, ["replay", "-"], {
      ...replay,
      env: { LLM_CHAIN: "rules", ...collector.settings },
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(collector.paths, []);
    assert.equal(stderr.includes("traces_off"), false, stderr);
  },
);
