import assert from "node:assert/strict";
import { replay } from "../../../lib/cli/replay/replay.ts";
import { type ReplayPlan, replayPlan } from "../../../lib/cli/replay/plan.ts";
import type { Values } from "../../../lib/cli/command.ts";

const plan = (values: Values, ...positionals: readonly string[]): ReplayPlan =>
  replayPlan(replay, { values, positionals });

const HOUR = 3_600_000;
const stream = (stream: string, since = "1h", spanMs = HOUR) =>
  ({ kind: "stream", stream, since, spanMs }) as const;

Deno.test("replayPlan: a file is written for, a stream is not, unless it is said", () => {
  const file = { source: { kind: "file", path: "-" }, channel: "health_events" } as const;
  assert.deepEqual(plan({}, "-"), { ...file, dry: false });
  assert.deepEqual(plan({ "dry-run": true }, "-"), { ...file, dry: true });
  const history = { source: stream("health_events"), channel: "health_events" };
  const from = { "from-stream": "health_events" };
  assert.deepEqual(plan(from), { ...history, dry: true });
  assert.deepEqual(plan({ ...from, "dry-run": true }), { ...history, dry: true });
  assert.deepEqual(plan({ ...from, write: true }), { ...history, dry: false });
});

Deno.test("replayPlan: a stream counts as the channel of its name, else as health_events", () => {
  const channels = ["health_events", "world_updates", "health_events:dead", "other"].map((name) =>
    plan({ "from-stream": name }).channel
  );
  assert.deepEqual(channels, ["health_events", "world_updates", "health_events", "health_events"]);
  assert.equal(plan({ "from-stream": "world_updates", channel: "news" }).channel, "news");
  assert.equal(plan({ channel: "world_updates" }, "a").channel, "world_updates");
});

Deno.test("replayPlan: --since is a span, an hour when it is not given", () => {
  const sources = ["90s", "30m", "2h", "7d", "1w"].map((since) =>
    plan({ "from-stream": "x", since }).source
  );
  const spans = [90_000, HOUR / 2, 2 * HOUR, 168 * HOUR, 168 * HOUR];
  assert.deepEqual(
    sources,
    ["90s", "30m", "2h", "7d", "1w"].map((since, nth) => stream("x", since, spans[nth])),
  );
  for (const since of ["", "2", "h", "-2h", "2 h", "1.5h", "0h", "2y", "yesterday"]) {
    assert.throws(() => plan({ "from-stream": "x", since }), {
      name: "UsageError",
      message: `replay: --since is ${JSON.stringify(since)}; it takes a whole number and a unit, ` +
        "s, m, h, d or w, such as 30m, 2h or 7d",
    });
  }
});

Deno.test("replayPlan: what does not go together is refused", () => {
  const from = { "from-stream": "health_events" };
  const refused: readonly [string, () => ReplayPlan][] = [
    ["it takes a FILE or --from-stream NAME, not both", () => plan(from, "events.ndjson")],
    ["it takes a FILE or --from-stream NAME, not both", () => plan(from, "-")],
    ["--since goes with --from-stream NAME alone", () => plan({ since: "2h" }, "-")],
    ["--since goes with --from-stream NAME alone", () => plan({ since: "2h" })],
    ["--write goes with --from-stream NAME alone", () => plan({ write: true }, "-")],
    [
      "--write and --dry-run contradict each other",
      () => plan({ ...from, write: true, "dry-run": true }),
    ],
    ['--channel is ""; it takes a name without blanks', () => plan({ channel: "" }, "-")],
    [
      '--channel is "\\u001b[31m"; it takes a name without blanks',
      () => plan({ ...from, channel: "\x1b[31m" }),
    ],
    [
      "--from-stream takes the name of a stream, such as health_events",
      () => plan({ "from-stream": "" }),
    ],
  ];
  for (const [message, ask] of refused) {
    assert.throws(ask, { name: "UsageError", message: `replay: ${message}` });
  }
  assert.throws(() => plan({}), /UsageError: replay takes one FILE, or - for standard input/);
});
