import assert from "node:assert/strict";
import { SiteError } from "../../lib/base/host_port.ts";
import { collectorUrl } from "../../scripts/compile/collector.ts";

Deno.test("collectorUrl: http and https, without a slash at its end", () => {
  assert.equal(collectorUrl("http://piha:4318"), "http://piha:4318");
  assert.equal(collectorUrl("HTTPS://Piha/otlp/"), "https://piha/otlp");
  assert.equal(collectorUrl("http://[fd7a::1]:4318/"), "http://[fd7a::1]:4318");
});

Deno.test("collectorUrl: refuses what is none, without its password", () => {
  for (
    const text of [
      "",
      "piha:4318",
      "grpc://piha:4317",
      "file:///etc/passwd",
      "http://",
      "http://*.lan",
      "http://u:hunter2@piha",
      "http://piha?x=1",
      "http://piha/#x",
      "http://piha/%n",
      "http://piha/$(id)",
      "http://pi ha",
      "http://piha:99999",
      "http://piha:0",
    ]
  ) {
    assert.throws(
      () => collectorUrl(text),
      (error) =>
        error instanceof SiteError && error.message.startsWith("--otel: cannot use ") &&
        !error.message.includes("hunter2"),
      text,
    );
  }
});
