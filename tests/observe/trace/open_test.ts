import assert from "node:assert/strict";
import { openTraces } from "../../../lib/observe/trace/open.ts";
import type { Build } from "../../../lib/permissions/grants.ts";
import { fakeClock } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";

const environment = (settings: Record<string, string>) => (name: string) => settings[name];
const BUILD: Build = {
  version: "0.1.0",
  commit: "abc",
  deno: "2.7.11",
  target: "x86_64-unknown-linux-gnu",
  site: { redisUrl: "redis://h", ollamaHosts: [], runtimePath: "/srv/x", collector: "http://h:1" },
  grants: { net: [], read: [], write: [], env: [] },
};

/** Why no traces are made where Deno could make some. */
function problem(settings: Record<string, string>, collector = "http://piha:4318") {
  const log = recordingLog();
  const build = { ...BUILD, site: { ...BUILD.site, collector } };
  const traces = openTraces({
    log,
    clock: fakeClock(),
    build,
    env: environment(settings),
    tracer: () => {},
  });
  assert.equal(traces === undefined, log.lines.length === 1);
  return log.lines[0]?.reason as string | undefined;
}

Deno.test("openTraces: traces go to the build's collector", () => {
  assert.equal(problem({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://piha:4318" }), undefined);
  assert.equal(problem({ OTEL_EXPORTER_OTLP_ENDPOINT: "HTTP://PIHA:4318/" }), undefined);
  assert.equal(
    problem({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://piha:4318/v1/traces" }),
    undefined,
  );
  assert.equal(problem({}, "http://localhost:4318"), undefined);
  const empty = { OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "" };
  assert.equal(problem(empty, "http://localhost:4318"), undefined);
  assert.equal(
    problem({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://h/otlp" }, "https://h/otlp"),
    undefined,
  );
});

Deno.test("openTraces: the log says what to set", () => {
  assert.equal(
    problem({}),
    "OTEL_EXPORTER_OTLP_ENDPOINT is unset, and this binary was built for http://piha:4318: set " +
      "OTEL_EXPORTER_OTLP_ENDPOINT=http://piha:4318",
  );
  for (const url of ["http://piha:4319", "https://piha:4318", "http://u@piha:4318", "nonsense"]) {
    assert.match(
      problem({ OTEL_EXPORTER_OTLP_ENDPOINT: url }) ?? "",
      /^OTEL_EXPORTER_OTLP_ENDPOINT is another place than this binary was built for http:\/\/piha/,
    );
  }
  assert.match(
    problem({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://piha:4318",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://elsewhere/v1/traces",
    }) ?? "",
    /^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set to another place .*: unset it$/,
  );
});

Deno.test("openTraces: none unless tracing is on and goes where the build says", () => {
  const log = recordingLog();
  const right = environment({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:1" });
  assert.equal(
    openTraces({ log, clock: fakeClock(), build: BUILD, env: right, tracer: null }),
    undefined,
  );
  assert.equal(
    openTraces({ log, clock: fakeClock(), build: null, env: right, tracer: null }),
    undefined,
  );
  assert.equal(log.of("traces_off").length, 0);
  const wrong = environment({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:hunter2@elsewhere" });
  assert.equal(
    openTraces({ log, clock: fakeClock(), build: BUILD, env: wrong, tracer: () => {} }),
    undefined,
  );
  assert.deepEqual(log.lines.map(({ level, event }) => [level, event]), [[
    "warning",
    "traces_off",
  ]]);
  assert.match(String(log.lines[0]?.reason), /built for http:\/\/h:1/);
  assert.equal(JSON.stringify(log.lines).includes("hunter2"), false);
});
