import assert from "node:assert/strict";
import { denoTracer, isTracing } from "../../../lib/observe/trace/deno_tracer.ts";

Deno.test("isTracing: whether a tracer provider is registered with OpenTelemetry's API", () => {
  const registry = Symbol.for("opentelemetry.js.api.1");
  assert.equal(isTracing({}), false);
  assert.equal(isTracing({ [registry]: null }), false);
  assert.equal(isTracing({ [registry]: { version: "1.9.0", metrics: {} } }), false);
  assert.equal(isTracing({ [registry]: { version: "1.9.0", trace: {} } }), true);
});

Deno.test("denoTracer: children carry their parent, failures their kind, all their times", () => {
  const calls: unknown[] = [];
  const context = {
    setValue: (key: symbol, value: unknown) => ({ key: key.description, value, setValue() {} }),
  };
  const tracer = denoTracer("1.2.3", {
    tracerProvider: {
      getTracer(name, version) {
        calls.push(["tracer", name, version]);
        return {
          startSpan(name, options, context) {
            calls.push(["start", name, options, context && Object.entries(context).slice(0, 2)]);
            return {
              name,
              setStatus: (status: unknown) => void calls.push(["status", name, status]),
              end: (time: number) => void calls.push(["end", name, time]),
              toString: () => name,
            };
          },
        };
      },
    },
    contextManager: { active: () => context as never },
  });
  tracer({
    name: "root",
    startMs: 1,
    endMs: 9,
    attributes: { a: 1 },
    children: [{ name: "child", startMs: 2, endMs: 3, attributes: { "error.type": "empty" } }],
  });
  const parent = calls.find((call) => Array.isArray(call) && call[1] === "child") as unknown[];
  const [[, key], [, value]] = parent[3] as [[string, string], [string, { name: string }]];
  assert.deepEqual([key, value.name], ["OpenTelemetry Context Key SPAN", "root"]);
  assert.deepEqual(calls.map((call) => (call as unknown[]).slice(0, 3)), [
    ["tracer", "planner-agent", "1.2.3"],
    ["start", "root", { startTime: 1, attributes: { a: 1 }, root: true }],
    ["end", "root", 9],
    ["start", "child", { startTime: 2, attributes: { "error.type": "empty" } }],
    ["status", "child", { code: 2, message: "empty" }],
    ["end", "child", 3],
  ]);
});
