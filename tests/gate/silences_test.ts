import assert from "node:assert/strict";
import { ConfigFileError } from "../../lib/config/operator_file.ts";
import { parseSilences, type Silence, silenceFor, silenceState } from "../../lib/gate/silences.ts";
import { silencesWatcher } from "../../lib/gate/silences_file.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { systemError } from "../support/system_error.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const event = { node: "piha", service: "grafana", type: "service_unhealthy" };

Deno.test("silenceFor: matches node, service and type, exactly or by pattern, until its end", () => {
  const silence = (more: Partial<Silence>): Silence => ({ untilMs: NOW + 1, reason: "r", ...more });
  const matches = (more: Partial<Silence>) => silenceFor([silence(more)], event, NOW) !== undefined;
  assert.equal(matches({ node: "piha" }), true);
  assert.equal(matches({ node: "pi" }), false);
  assert.equal(matches({ node: "p*", service: "graf*", type: "service_*" }), true);
  assert.equal(matches({ node: "piha", service: "loki" }), false);
  assert.equal(matches({ type: "disk_*" }), false);
  assert.equal(matches({ node: "piha", untilMs: NOW }), false);
});

Deno.test("silenceFor: none while the clock of a machine without a battery stands in 1970", () => {
  const silences = [{ node: "piha", untilMs: NOW, reason: "r" }];
  const earliest = Date.UTC(2020, 0, 1);
  const [before, from] = [earliest - 1, earliest].map((now) => silenceFor(silences, event, now));
  assert.deepEqual([before, from], [undefined, silences[0]]);
});

Deno.test("parseSilences: reads matchers, end and reason", () => {
  assert.deepEqual(
    parseSilences(
      '{"silences":[{"node":"piha","until":"2026-01-02T06:00:00+01:00","reason":"upgrade"}]}',
    ),
    [{ node: "piha", untilMs: Date.UTC(2026, 0, 2, 5), reason: "upgrade" }],
  );
  assert.deepEqual(parseSilences('{"silences":[]}'), []);
});

Deno.test("parseSilences: names every mistake with its path and value", () => {
  const text = JSON.stringify({
    silences: [
      { until: "2026-01-02T06:00:00Z", reason: "for all" },
      { node: "a[b]", until: "soon", reason: "" },
      { service: "x", until: 5, reason: "r", by: "me" },
    ],
  });
  assert.throws(() => parseSilences(text), (error) => {
    assert.ok(error instanceof ConfigFileError);
    assert.deepEqual(error.problems.map((problem) => problem.split(";")[0]), [
      "silences[0] is an object",
      'silences[1].node is "a[b]"',
      'silences[1].until is "soon"',
      'silences[1].reason is ""',
      'a key of silences[2] is "by"',
      "silences[2].until is 5",
    ]);
    return true;
  });
});

Deno.test("silencesWatcher: takes up changes, keeps what was in force when the file is wrong", async () => {
  const log = recordingLog();
  let text: string | undefined;
  let inForce: readonly Silence[] = [];
  const look = silencesWatcher({
    store: { readConfig: () => Promise.resolve(text), configWrittenMs: () => Promise.resolve(NOW) },
    log,
    use: (silences) => inForce = silences,
  });
  await look();
  text = '{"silences":[{"node":"piha","until":"2026-01-02T06:00:00Z","reason":"upgrade"}]}';
  await look();
  await look();
  assert.equal(inForce.length, 1);
  text = "{";
  await look();
  await look();
  assert.equal(inForce.length, 1);
  text = undefined;
  await look();
  assert.equal(inForce.length, 0);
  assert.deepEqual(log.lines.map((line) => line.event), [
    "silences_loaded",
    "silences_invalid",
    "silences_loaded",
  ]);
});

Deno.test("silencesWatcher: a file that cannot be read is one line, and the old ones stay in force", async () => {
  const log = recordingLog();
  const files = memoryFiles();
  const store = createStore({ root: "/r", files, nonce: () => "n" });
  let inForce: readonly Silence[] = [];
  const look = silencesWatcher({ store, log, use: (silences) => inForce = silences });
  const text = '{"silences":[{"node":"piha","until":"2026-01-02T06:00:00Z","reason":"upgrade"}]}';
  const path = "/r/config/silences.json";
  files.put(path, text);
  await look();
  for (const reason of ["too large", "not permitted"]) {
    if (reason === "too large") files.put(path, " ".repeat(1024 * 1024 + 1));
    else files.fate = ({ op }) => op === "read" ? systemError("EACCES", path) : "works";
    await look();
    await look();
    assert.equal(inForce.length, 1, reason);
    files.put(path, text);
    files.fate = () => "works";
    await look();
  }
  assert.deepEqual(log.lines.map(({ event, error }) => [event, error]), [
    ["silences_loaded", undefined],
    ["silences_invalid", "it is no file of at most 1 MiB"],
    ["silences_invalid", "Permission denied (os error 13): '/r/config/silences.json'"],
  ]);
});

Deno.test("parseSilences: a span counts from its start, else from when the file was written", () => {
  const parse = (entry: Record<string, unknown>) =>
    parseSilences(JSON.stringify({ silences: [{ node: "piha", reason: "r", ...entry }] }), NOW);
  assert.deepEqual(parse({ for: "2h" }), [{ node: "piha", untilMs: NOW + 7_200_000, reason: "r" }]);
  const fromMs = Date.UTC(2026, 0, 3);
  assert.deepEqual(parse({ from: "2026-01-03T00:00:00Z", for: "30m" }), [
    { node: "piha", fromMs, untilMs: fromMs + 1_800_000, reason: "r" },
  ]);
  assert.deepEqual(
    [NOW, fromMs, fromMs + 1_800_000].map((at) =>
      parse({ from: "2026-01-03T00:00:00Z", for: "30m" }).map((one) => silenceState(one, at))
    ),
    [["to come"], ["in force"], ["over"]],
  );
  const wrong = (entry: Record<string, unknown>) => {
    try {
      return parse(entry);
    } catch (error) {
      assert.ok(error instanceof ConfigFileError);
      return error.problems;
    }
  };
  assert.deepEqual(wrong({ for: "2 hours" }), [
    'silences[0].for is "2 hours"; it takes a span such as "90s", "30m", "2h", "7d" or "1w"',
  ]);
  assert.deepEqual(wrong({ for: "2h", until: "2026-01-03T00:00:00Z" }), [
    'silences[0].until is "2026-01-03T00:00:00Z"; it takes an end once: "until" or "for", not both',
  ]);
});

Deno.test("silencesWatcher: the same text written anew counts from then on", async () => {
  let writtenMs = NOW;
  let inForce: readonly Silence[] = [];
  const text = '{"silences":[{"node":"piha","for":"2h","reason":"upgrade"}]}';
  const look = silencesWatcher({
    store: {
      readConfig: () => Promise.resolve(text),
      configWrittenMs: () => Promise.resolve(writtenMs),
    },
    log: recordingLog(),
    use: (silences) => inForce = silences,
  });
  for (const later of [0, 3_600_000]) {
    writtenMs = NOW + later;
    await look();
    assert.deepEqual(inForce.map(({ untilMs }) => untilMs), [NOW + later + 7_200_000]);
  }
});
