import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigFileError } from "../../lib/config/operator_file.ts";
import { aliasesOf, DEFAULT_TOPOLOGY, parseTopology, roleOf } from "../../lib/config/topology.ts";

function problemsOf(text: string): readonly string[] {
  try {
    parseTopology(text);
  } catch (error) {
    assert.ok(error instanceof ConfigFileError, `threw ${String(error)}`);
    return error.problems;
  }
  return [];
}

Deno.test("parseTopology: reads the documented form", () => {
  const text = '{"nodes":[{"name":" vps ","role":"ingress"},' +
    '{"name":"hut","role":"LTE; Zigbee","offlineFirst":true,"aliases":["cabin","hut-old"]}]}';
  assert.deepEqual(parseTopology(text), {
    nodes: [
      { name: "vps", role: "ingress" },
      { name: "hut", role: "LTE; Zigbee", offlineFirst: true, aliases: ["cabin", "hut-old"] },
    ],
  });
  const builtIn = JSON.stringify(DEFAULT_TOPOLOGY);
  assert.deepEqual(parseTopology(builtIn), DEFAULT_TOPOLOGY);
  assert.deepEqual(parseTopology(`\ufeff${builtIn}`), DEFAULT_TOPOLOGY); // as editors save it
});

Deno.test("aliasesOf: an alias in any letter case is its node", () => {
  const aliases = aliasesOf({ nodes: [{ name: "hut", role: "r", aliases: ["Cabin", "hut-old"] }] });
  assert.deepEqual([...aliases], [["cabin", "hut"], ["hut-old", "hut"]]);
});

const NAME = "it takes a text of 1 to 64 visible characters on one line";
const KEYS = "it takes only name, role, offlineFirst, aliases";
const WRONG: Readonly<Record<string, readonly string[]>> = {
  "[]": ["the file is a list of 0; it takes an object with nodes, services"],
  "{}": ["nodes is missing; it takes a list of 1 to 64 of: nodes, each an object"],
  '{"nodes":[]}': ["nodes is a list of 0; it takes a list of 1 to 64 of: nodes, each an object"],
  '{"hosts":1,"nodes":[{"name":"a","role":"b","port":80}]}': [
    'a key of the file is "hosts"; it takes only nodes, services',
    `a key of nodes[0] is "port"; ${KEYS}`,
  ],
  '{"nodes":["vps",{"name":7,"role":"b\\nc"},{"name":"a","role":"b","offlineFirst":"yes"}]}': [
    'nodes[0] is "vps"; it takes an object with name, role, offlineFirst, aliases',
    `nodes[1].name is 7; ${NAME}`,
    'nodes[1].role is "b\\nc"; it takes a text of 1 to 200 visible characters on one line',
    'nodes[2].offlineFirst is "yes"; it takes true or false',
  ],
  '{"nodes":[{"name":"a","role":"b","aliases":["A","x"]},{"name":"X","role":"c","aliases":[]}]}': [
    'nodes[0].aliases[0] is "A"; it takes a name that no node or alias has',
    'nodes[1].name is "X"; it takes a name that no node or alias has',
    "nodes[1].aliases is a list of 0; it takes a list of 1 to 16 of: other names of the node",
  ],
};

for (const [text, problems] of Object.entries(WRONG)) {
  Deno.test(`parseTopology: all that is wrong with ${text}`, () => {
    assert.deepEqual(problemsOf(text), problems);
  });
}

Deno.test("parseTopology: names what is not JSON or too large", () => {
  assert.match(problemsOf("{nodes")[0] ?? "", /^the file is not JSON: /);
  const many = Array.from({ length: 65 }, (_, i) => ({ name: `n${i}`, role: "r" }));
  assert.equal(problemsOf(JSON.stringify({ nodes: many })).length, 1);
  const long = problemsOf(JSON.stringify({ ["k".repeat(9_000)]: "v".repeat(9_000) }));
  assert.ok(long.join("").length < 500);
});

Deno.test("parseTopology: any JSON gives a topology or all that is wrong with it", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assert.notDeepEqual(problemsOf(text), []);
  }));
});

Deno.test("parseTopology: services, what they keep and what they need", () => {
  const nodes = '"nodes":[{"name":"vps","role":"r"}]';
  const topology = parseTopology(
    `{${nodes},"services":[{"name":"Postgres","node":"vps","stateful":true},` +
      '{"name":"outline","depends_on":["postgres"]},{"name":"umami","depends_on":["postgres"]}]}',
  );
  const role = (node: string, service: string) => roleOf(topology, { node, service });
  assert.deepEqual(role("vps", "postgres"), { stateful: true, neededBy: ["outline", "umami"] });
  assert.deepEqual(role("piha", "postgres"), { stateful: false, neededBy: ["outline", "umami"] });
  assert.deepEqual(role("vps", "outline"), { stateful: false, neededBy: [] });
  const anywhere = parseTopology(`{${nodes},"services":[{"name":"db","stateful":true}]}`);
  assert.deepEqual(
    ["vps", "piha"].map((node) => roleOf(anywhere, { node, service: "DB" }).stateful),
    [true, true],
  );
  assert.deepEqual(
    problemsOf(`{${nodes},"services":[{"node":"vps","stateful":"yes","depends_on":[1]}]}`),
    [
      "services[0].name is missing; it takes a text of 1 to 200 visible characters on one line",
      'services[0].stateful is "yes"; it takes true or false',
      "services[0].depends_on[0] is 1; it takes a text of 1 to 200 visible characters on one line",
    ],
  );
});

Deno.test("roleOf: what depends on a service may write it in its own case", () => {
  const services = [{ name: "outline", dependsOn: ["Postgres"] }];
  assert.deepEqual(roleOf({ services }, { node: "vps", service: "postgres" }).neededBy, [
    "outline",
  ]);
});

Deno.test("parseTopology: a file of 256 KiB is read, a longer one is not", () => {
  const whole = JSON.stringify(DEFAULT_TOPOLOGY).padEnd(262_144);
  assert.deepEqual(parseTopology(whole), DEFAULT_TOPOLOGY);
  assert.deepEqual(problemsOf(`${whole} `), [
    "the file has 262145 characters; it takes 262144 at most",
  ]);
});

Deno.test("parseTopology: blanks around a role are none of it, and a file that is no JSON is one line", () => {
  const text = '{"nodes":[{"name":"vps","role":" ingress\\n"}]}';
  assert.deepEqual(parseTopology(text).nodes, [{ name: "vps", role: "ingress" }]);
  const [problem = ""] = problemsOf('{"nodes":\n\n  [}');
  assert.match(
    problem,
    /^the file is not JSON: .*; without the file the reference homelab's nodes count$/,
  );
});

Deno.test("parseTopology: a node's name has 64 characters at most, a role 200", () => {
  const text = (name: number, role: number) =>
    JSON.stringify({ nodes: [{ name: "n".repeat(name), role: "r".repeat(role) }] });
  assert.deepEqual(problemsOf(text(64, 200)), []);
  assert.deepEqual([problemsOf(text(65, 200)).length, problemsOf(text(64, 201)).length], [1, 1]);
});

Deno.test("parseTopology: two nodes whose names differ in case only are one too many", () => {
  for (const names of [["VPS", "vps"], ["vps", "VPS"]]) {
    const nodes = names.map((name) => ({ name, role: "r" }));
    assert.deepEqual(problemsOf(JSON.stringify({ nodes })), [
      `nodes[1].name is "${names[1]}"; it takes a name that no node or alias has`,
    ]);
  }
});

Deno.test("parseTopology: what cannot be seen in a wrong value is told by its number", () => {
  const name = "pi\u202eha\u200b";
  assert.deepEqual(problemsOf(JSON.stringify({ nodes: [{ name, role: "r" }] })), [
    `nodes[0].name is "pi\\u{202e}ha\\u{200b}"; ${NAME}`,
  ]);
});

Deno.test("ConfigFileError: its message tells twenty problems and how many more there are", () => {
  const problems = Array.from({ length: 22 }, (_, nth) => `problem ${nth}`);
  const error = new ConfigFileError(problems);
  assert.equal(error.message, [...problems.slice(0, 20), "and 2 more"].join("\n"));
  assert.equal(new ConfigFileError(problems.slice(2)).message, problems.slice(2).join("\n"));
  assert.equal(error.problems.length, 22);
});
