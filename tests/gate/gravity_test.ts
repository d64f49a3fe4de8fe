import assert from "node:assert/strict";
import { gravity } from "../../lib/gate/gravity.ts";

Deno.test("gravity: that a node itself is away is graver than whatever is critical, and nothing else is", () => {
  const of = (service: string, type: string, severity = "warning") =>
    gravity({ node: "piha", service, type, severity });
  assert.deepEqual([of("piha", "node_offline"), of("piha", "host_unreachable")], [-1, -1]);
  assert.equal(of("web", "node_offline"), 2, "a service says so of itself");
  assert.deepEqual([of("piha", "link_down"), of("piha", "service_down")], [2, 2]);
  assert.equal(of("piha", "node_rebooted"), 2);
  assert.deepEqual(
    ["critical", "error", "info", "whatever"].map((word) => of("piha", "cpu_high", word)),
    [0, 1, 3, 3],
  );
});
