import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigFileError } from "../../lib/config/operator_file.ts";
import { parsePolicy } from "../../lib/policy/file.ts";

const DATABASES = {
  name: "databases need a person",
  when: {
    node: "*",
    service: "postgres*",
    type: "*",
    severity: ["critical"],
    action: ["restart", "redeploy"],
    confidence_below: 0.9,
  },
  then: { requires_human: true, action: "notify" },
};

function problemsOf(text: string): readonly string[] {
  try {
    parsePolicy(text);
  } catch (error) {
    assert.ok(error instanceof ConfigFileError, String(error));
    return error.problems;
  }
  return [];
}

/** The problems of a file with one rule that is right but for `changes`. */
function problemsWith(changes: object): readonly string[] {
  const rule = { name: "r", when: {}, then: { requires_human: true }, ...changes };
  return problemsOf(JSON.stringify({ rules: [rule] }));
}

Deno.test("parsePolicy: reads a rule with everything, as it is written", () => {
  assert.deepEqual(parsePolicy(JSON.stringify({ rules: [DATABASES] })), [DATABASES]);
});

Deno.test("parsePolicy: conditions may be left out, and a file may have no rules", () => {
  const rule = { name: "ask about everything", when: {}, then: { requires_human: true } };
  assert.deepEqual(parsePolicy(JSON.stringify({ rules: [rule] })), [rule]);
  const note = { name: "notes only", when: { node: "vps" }, then: { action: "notify" } };
  assert.deepEqual(parsePolicy(JSON.stringify({ rules: [note] })), [note]);
  assert.deepEqual(parsePolicy('{"rules": []}'), []);
  assert.deepEqual(parsePolicy('\ufeff{"rules": []}\r\n'), []);
});

Deno.test("parsePolicy: a rule may be about every confidence below 1", () => {
  const rule = { name: "a", when: { confidence_below: 1 }, then: { requires_human: true } };
  assert.deepEqual(parsePolicy(JSON.stringify({ rules: [rule] })), [rule]);
});

Deno.test("parsePolicy: what is not JSON, or no object with rules, is told so", () => {
  const [problem = ""] = problemsOf('{"rules": [');
  assert.match(problem, /^the file is not JSON: .+; an empty policy is \{"rules": \[\]\}$/);
  assert.deepEqual(problemsOf("[]"), [
    "the file is a list of 0; it takes an object with rules",
  ]);
  assert.deepEqual(problemsOf("null"), ["the file is null; it takes an object with rules"]);
  assert.deepEqual(problemsOf("{}"), [
    "rules is missing; it takes a list of 0 to 200 of: rules, each an object",
  ]);
  assert.deepEqual(problemsOf('{"rules": {}}'), [
    "rules is an object; it takes a list of 0 to 200 of: rules, each an object",
  ]);
  assert.deepEqual(problemsOf('{"rules": [7]}'), [
    "rules[0] is 7; it takes an object with name, when, then",
  ]);
});

Deno.test("parsePolicy: a rule that is less careful is refused with the reason", () => {
  assert.deepEqual(problemsWith({ then: { requires_human: false } }), [
    "rules[0].then.requires_human is false; it takes only true. A rule can only make a proposal" +
    " more careful, never excuse it from a person's approval",
  ]);
  for (const action of ["restart", "redeploy", "ignore"]) {
    assert.deepEqual(problemsWith({ then: { action } }), [
      `rules[0].then.action is "${action}"; it takes only "notify". A rule can only make a` +
      " proposal more careful, never choose an automatic action or drop it",
    ]);
  }
  assert.equal(problemsWith({ then: { action: "notify", requires_human: false } }).length, 1);
});

Deno.test("parsePolicy: each wrong value is named by its path, with what it takes", () => {
  const takesGlob = "it takes 1 to 200 visible characters, in which * stands for any number of" +
    " characters and ? for one ([ ] { } have no meaning here)";
  const takesSeverities = "it takes a list of 1 to 4 of: critical, error, warning, info";
  const cases: readonly [changes: object, problem: string][] = [
    [
      { name: undefined },
      "rules[0].name is missing; it takes a name of 1 to 100 visible" +
      " characters, for the log and the proposals",
    ],
    [
      { when: undefined },
      "rules[0].when is missing; it takes {} for every proposal, or an object" +
      " with some of node, service, type, severity, action, confidence_below",
    ],
    [{ when: { node: ["piha"] } }, `rules[0].when.node is a list of 1; ${takesGlob}`],
    [{ when: { node: "" } }, `rules[0].when.node is ""; ${takesGlob}`],
    [{ when: { service: " redis" } }, `rules[0].when.service is " redis"; ${takesGlob}`],
    [{ when: { type: "{a,b}" } }, `rules[0].when.type is "{a,b}"; ${takesGlob}`],
    [{ when: { type: "x\u200b" } }, `rules[0].when.type is "x\\u{200b}"; ${takesGlob}`],
    [
      { when: { node: "x".repeat(201) } },
      `rules[0].when.node is "${"x".repeat(80)}…"; ${takesGlob}`,
    ],
    [
      { when: { severity: "critical" } },
      `rules[0].when.severity is "critical"; ${takesSeverities}`,
    ],
    [{ when: { severity: [] } }, `rules[0].when.severity is a list of 0; ${takesSeverities}`],
    [
      { when: { severity: ["error", "critcal"] } },
      'rules[0].when.severity[1] is "critcal"; it takes one of critical, error, warning, info',
    ],
    [
      { when: { action: ["reboot"] } },
      'rules[0].when.action[0] is "reboot"; it takes one of restart, redeploy, notify, ignore',
    ],
    [
      { when: { confidence_below: "0.9" } },
      'rules[0].when.confidence_below is "0.9"; it takes a number above 0, 1 at most',
    ],
    [
      { when: { confidence_below: 70 } },
      "rules[0].when.confidence_below is 70; it takes a number above 0, 1 at most",
    ],
    [
      { when: { confidence_below: 0 } },
      "rules[0].when.confidence_below is 0; it takes a number above 0, 1 at most",
    ],
    [
      { then: {} },
      'rules[0].then is an object; it takes {"requires_human": true},' +
      ' {"action": "notify"} or both',
    ],
    [
      { then: null },
      'rules[0].then is null; it takes {"requires_human": true},' +
      ' {"action": "notify"} or both',
    ],
    [
      { then: { requires_human: "yes" } },
      'rules[0].then.requires_human is "yes"; it takes only' +
      " true. A rule can only make a proposal more careful, never excuse it from a person's" +
      " approval",
    ],
  ];
  for (const [changes, problem] of cases) assert.deepEqual(problemsWith(changes), [problem]);
});

Deno.test("parsePolicy: unknown keys are errors wherever they are", () => {
  const rule = '{"name":"r","when":{"nodes":"*"},"then":{"requires_human":true,"risk":1},"if":1}';
  assert.deepEqual(problemsOf(`{"rules":[${rule}],"version":1,"__proto__":{}}`), [
    'a key of the file is "version"; it takes only rules',
    'a key of the file is "__proto__"; it takes only rules',
    'a key of rules[0] is "if"; it takes only name, when, then',
    'a key of rules[0].when is "nodes"; it takes only node, service, type, severity, action,' +
    " confidence_below",
    'a key of rules[0].then is "risk"; it takes only requires_human, action',
  ]);
});

Deno.test("parsePolicy: names are unique, and the built-in ones cannot be taken over", () => {
  const rules = ["r", "r", "low_confidence_needs_human", "target_is_the_events_own"]
    .map((name) => ({ name, when: {}, then: { requires_human: true } }));
  assert.deepEqual(problemsOf(JSON.stringify({ rules })), [
    'rules[1].name is "r"; it takes a name that no other rule has',
    'rules[2].name is "low_confidence_needs_human"; it takes a name that no other rule has',
    'rules[3].name is "target_is_the_events_own"; it takes a name that no other rule has',
  ]);
});

Deno.test("parsePolicy: what a file may hold is bounded", () => {
  const rules = (count: number) =>
    JSON.stringify({
      rules: Array.from({ length: count }, (_, n) => ({ ...DATABASES, name: `rule ${n}` })),
    });
  assert.equal(parsePolicy(rules(200)).length, 200);
  assert.deepEqual(problemsOf(rules(201)), [
    "rules is a list of 201; it takes a list of 0 to 200 of: rules, each an object",
  ]);
  assert.deepEqual(problemsOf(" ".repeat(300_000)), [
    "the file has 300000 characters; it takes 262144 at most",
  ]);
});

Deno.test("parsePolicy: JSON nested too deep to print is refused, not a crash", () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  assert.deepEqual(
    problemsOf(`{"rules":[{"name":${deep},"when":{},"then":{"action":"notify"}}]}`),
    [
      "rules[0].name is a list of 1; it takes a name of 1 to 100 visible characters, for the log" +
      " and the proposals",
    ],
  );
});

Deno.test("ConfigFileError: tells twenty problems, and how many more there are", () => {
  const keys = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`key${n}`, n]));
  const error = new ConfigFileError(problemsOf(JSON.stringify({ rules: [], ...keys })));
  const lines = error.message.split("\n");
  assert.equal(lines.length, 21);
  assert.equal(lines[19], 'a key of the file is "key19"; it takes only rules');
  assert.equal(lines[20], "and 5 more");
});

Deno.test("parsePolicy: any JSON gives rules or a ConfigFileError, and rules are only ever careful", () => {
  const anything = fc.jsonValue();
  const field = <T>(likely: T) => fc.oneof(fc.constant<unknown>(likely), anything);
  const file = fc.record({
    rules: fc.array(fc.record({
      name: fc.string(),
      when: fc.record({ node: field("*"), action: field(["restart"]) }, { requiredKeys: [] }),
      then: fc.record(
        { requires_human: field(true), action: field("notify") },
        { requiredKeys: [] },
      ),
    })),
  });
  fc.assert(fc.property(fc.oneof(file, anything), (value) => {
    try {
      for (const { then } of parsePolicy(JSON.stringify(value))) {
        assert.ok(then.requires_human === true || then.action === "notify");
        assert.ok([undefined, true].includes(then.requires_human));
        assert.ok([undefined, "notify"].includes(then.action));
      }
    } catch (error) {
      assert.ok(error instanceof ConfigFileError, String(error));
    }
  }));
});
