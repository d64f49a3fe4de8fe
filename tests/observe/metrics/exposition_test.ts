import assert from "node:assert/strict";
import fc from "fast-check";
import { exposition, histogram } from "../../../lib/observe/metrics/exposition.ts";
import { anyCharacter } from "../../support/any_character.ts";

type Samples = Parameters<typeof exposition>[2][string];

/** The text of one metric, without a prefix. */
const text = (name: string, help: string, samples: Samples) =>
  exposition("", { [name]: help }, { [name]: samples });

Deno.test("exposition: help, type and samples of each metric, in the order of what each is", () => {
  assert.equal(
    exposition("planner_agent_", {
      events_total: "Events.",
      last_event_timestamp_seconds: "-",
      last_proposal_timestamp_seconds: "-",
      up: "a \\ and\na line",
      queue_length: "Events that wait.",
    }, {
      queue_length: 0,
      up: [{ value: 1.5 }, { value: NaN }, { value: Infinity }, { value: -Infinity }],
      last_proposal_timestamp_seconds: undefined,
      last_event_timestamp_seconds: [],
      events_total: [{ value: 3, labels: { channel: "health_events", outcome: "benign" } }, {
        value: 0,
      }],
    }),
    `# HELP planner_agent_events_total Events.
# TYPE planner_agent_events_total counter
planner_agent_events_total{channel="health_events",outcome="benign"} 3
planner_agent_events_total 0
# HELP planner_agent_up a \\\\ and\\na line
# TYPE planner_agent_up gauge
planner_agent_up 1.5
planner_agent_up NaN
planner_agent_up +Inf
planner_agent_up -Inf
# HELP planner_agent_queue_length Events that wait.
# TYPE planner_agent_queue_length gauge
planner_agent_queue_length 0
`,
  );
});

Deno.test("exposition: a histogram is one, whatever its name", () => {
  const samples = histogram([1]).samples();
  assert.ok(
    text("seconds", "h", samples).startsWith("# HELP seconds h\n# TYPE seconds histogram\n"),
  );
});

Deno.test("exposition: a label's value keeps its quotes, backslashes and lines", () => {
  const samples = [{ value: 1, labels: { link: 'a"b\\c\nd\ud800' } }];
  assert.ok(text("n", "h", samples).endsWith('\nn{link="a\\"b\\\\c\\nd\ufffd"} 1\n'));
});

/** Reads one sample line as Prometheus does; throws where it would. */
function readSample(line: string): { name: string; labels: Record<string, string>; value: number } {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? assert.fail(line);
  const labels: Record<string, string> = Object.create(null);
  let at = name.length;
  if (line[at] === "{") {
    at++;
    while (line[at] !== "}") {
      const label = /^[a-zA-Z_][a-zA-Z0-9_]*="/.exec(line.slice(at))?.[0] ?? assert.fail(line);
      at += label.length;
      let value = "";
      for (; line[at] !== '"'; at++) {
        if (line[at] === undefined) assert.fail(`unterminated: ${line}`);
        if (line[at] !== "\\") value += line[at];
        else {
          at++;
          value += { "\\": "\\", '"': '"', n: "\n" }[line[at] ?? ""] ?? assert.fail(line);
        }
      }
      labels[label.slice(0, -2)] = value;
      at++;
      if (line[at] === ",") at++;
    }
    at++;
  }
  assert.equal(line[at], " ");
  const text = line.slice(at + 1).replace("Inf", "Infinity");
  assert.match(text, /^(?:[-+]?[\d.]+(?:e[-+]?\d+)?|[-+]Infinity|NaN)$/);
  return { name, labels, value: Number(text) };
}

Deno.test("exposition: whatever labels and values hold, Prometheus reads them back", () => {
  const label = fc.string({ unit: anyCharacter });
  const sample = fc.record({
    value: fc.double(),
    labels: fc.record({ channel: label, outcome: label }),
  });
  fc.assert(fc.property(fc.array(sample, { minLength: 1 }), label, (samples, help) => {
    const lines = text("planner_agent_x", help, samples).split("\n");
    assert.equal(lines.pop(), "");
    assert.ok(lines.shift()?.startsWith("# HELP planner_agent_x "));
    assert.equal(lines.shift(), "# TYPE planner_agent_x gauge");
    assert.deepEqual(
      lines.map((line) => ({ ...readSample(line), labels: { ...readSample(line).labels } })),
      samples.map(({ labels, value }) => ({
        name: "planner_agent_x",
        labels: {
          channel: labels.channel.toWellFormed(),
          outcome: labels.outcome.toWellFormed(),
        },
        value: Object.is(value, -0) ? 0 : value,
      })),
    );
  }));
});

Deno.test("histogram: buckets are cumulative, bounds belong to their bucket", () => {
  const seconds = histogram([1, 5]);
  for (const value of [0, 1, 1.5, 5, 60]) seconds.observe(value);
  assert.deepEqual(seconds.samples(), [
    { suffix: "_bucket", labels: { le: "1" }, value: 2 },
    { suffix: "_bucket", labels: { le: "5" }, value: 4 },
    { suffix: "_bucket", labels: { le: "+Inf" }, value: 5 },
    { suffix: "_sum", value: 67.5 },
    { suffix: "_count", value: 5 },
  ]);
});
