import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_TOPOLOGY, parseTopology, TopologyError } from "../../lib/config/topology.ts";

function failure(text: string): TopologyError {
  try {
    parseTopology(text);
  } catch (error) {
    assert.ok(error instanceof TopologyError, `threw ${String(error)}`);
    return error;
  }
  throw new Error(`accepted ${text.slice(0, 100)}`);
}

Deno.test("parseTopology: reads the documented form", () => {
  const text = '{"nodes":[{"name":" vps ","role":"ingress"},' +
    '{"name":"hut","role":"LTE; Zigbee","offlineFirst":true}]}';
  assert.deepEqual(parseTopology(text), {
    nodes: [
      { name: "vps", role: "ingress" },
      { name: "hut", role: "LTE; Zigbee", offlineFirst: true },
    ],
  });
  const builtIn = JSON.stringify(DEFAULT_TOPOLOGY);
  assert.deepEqual(parseTopology(builtIn), DEFAULT_TOPOLOGY);
  assert.deepEqual(parseTopology(`\ufeff${builtIn}`), DEFAULT_TOPOLOGY); // as editors save it
});

Deno.test("parseTopology: an error names the place, the value and what is expected", () => {
  const cases: [string, string][] = [
    ["[]", "topology: the whole is a list of 0, expected an object"],
    ["{}", "topology: nodes is missing, expected a list of 1 to 64 nodes"],
    ['{"nodes":[]}', "topology: nodes is a list of 0, expected a list of 1 to 64 nodes"],
    ['{"hosts":1}', "topology: hosts is 1, expected one of the keys nodes"],
    [
      '{"nodes":[{"name":"a","role":"b","port":80}]}',
      "topology: nodes[0].port is 80, expected one of the keys name, role, offlineFirst",
    ],
    ['{"nodes":["vps"]}', 'topology: nodes[0] is "vps", expected an object'],
    [
      '{"nodes":[{"name":7,"role":"b"}]}',
      "topology: nodes[0].name is 7, expected a text of 1 to 64 characters",
    ],
    [
      '{"nodes":[{"name":"a"}]}',
      "topology: nodes[0].role is missing, expected a text of 1 to 200 characters",
    ],
    [
      '{"nodes":[{"name":"a","role":"b\\nc"}]}',
      'topology: nodes[0].role is "b\\nc", expected a text of one line without invisible characters',
    ],
    [
      '{"nodes":[{"name":"a","role":"b","offlineFirst":"yes"}]}',
      'topology: nodes[0].offlineFirst is "yes", expected true or false',
    ],
    [
      '{"nodes":[{"name":"a","role":"b"},{"name":"a","role":"c"}]}',
      'topology: nodes[1].name is "a", expected a name used once',
    ],
  ];
  for (const [text, message] of cases) assert.equal(failure(text).message, message);
});

Deno.test("parseTopology: names what is not JSON or too large", () => {
  assert.match(failure("{nodes").message, /^topology: the file is "\{nodes", expected JSON \(/);
  assert.equal(failure(" ".repeat(65_537)).path, "the file");
  const many = Array.from({ length: 65 }, (_, i) => ({ name: `n${i}`, role: "r" }));
  assert.equal(failure(JSON.stringify({ nodes: many })).path, "nodes");
  assert.ok(failure("[".repeat(60_000)).message.length < 500);
  const long = failure(JSON.stringify({ ["k".repeat(9_000)]: "v".repeat(9_000) }));
  assert.ok(long.message.length < 500);
});

Deno.test("parseTopology: any JSON gives a topology or a TopologyError", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assert.ok(failure(text) instanceof TopologyError);
  }));
});
