import assert from "node:assert/strict";
import { readSilences } from "../../../lib/gate/silences_file.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { systemError } from "../../support/system_error.ts";
import { join } from "node:path/posix";
import { silenceLines } from "../../../lib/cli/silences/view.ts";
import { paletteFor } from "../../../lib/cli/view/palette.ts";
import { parseSilences } from "../../../lib/gate/silences.ts";
import { makeRuntime } from "../../support/agent.ts";
import { runCommand } from "../../support/command.ts";
import { sandbox } from "../../support/sandbox.ts";

type CountedSilence = Parameters<typeof silenceLines>[0][number];

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const PLAIN = paletteFor({ isTerminal: false, env: () => undefined });

Deno.test("silenceLines: in force, to come and over, with the reader's own time", () => {
  const counted: CountedSilence[] = [
    {
      node: "vps",
      fromMs: NOW + 600_000,
      untilMs: NOW + 4_200_000,
      reason: "backup",
      matched: 0,
    },
    {
      node: "piha",
      service: "graf*",
      untilMs: NOW + 3_600_000,
      reason: "upgrade",
      matched: 40,
    },
    {
      type: "disk_*",
      untilMs: NOW - 60_000,
      reason: "new disk",
      matched: 2,
    },
  ];
  const options = { nowMs: NOW, palette: PLAIN, timeZone: "Europe/Berlin" };
  assert.deepEqual(silenceLines(counted, { ...options, width: 120 }), [
    "state                       ends                                    events of   matched  reason",
    "in force  for another 1 h   2026-01-02 05:04:05 CET (04:04:05 UTC)  piha/graf*       40  upgrade",
    "to come   begins in 10 min  2026-01-02 05:14:05 CET (04:14:05 UTC)  vps               0  backup",
    "over      1 min ago         2026-01-02 04:03:05 CET (03:03:05 UTC)  * disk_*          2  new disk",
    "",
    "matched: events that were kept quiet, as far as the history goes back",
  ]);
  for (const line of silenceLines(counted, { ...options, width: 60 })) {
    assert.ok(line.length <= 60, line);
  }
  assert.deepEqual(silenceLines([], { ...options, width: 60 }), ["Nothing is silenced."]);
});

Deno.test("planner-agent silence: prints the command, which writes what the agent reads", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const path = join(root, "config/silences.json");
  Deno.writeTextFileSync(path, '{"silences":[{"node":"vps","for":"1h","reason":"it\'s backup"}]}');
  const ask = (...args: string[]) => runCommand(["silence", ...args], { root });
  const { code, out, err } = await ask("piha/grafana", "2h", "upgrade", "of", "it");
  assert.deepEqual([code, err], [0, ""]);
  const [said = "", , command = ""] = out.split(/\n(?=printf|\n)/);
  assert.match(said, /^Run this to keep it quiet until \d{4}-\d\d-\d\d /);
  assert.ok(command.endsWith(` | sudo tee ${path} > /dev/null\n`), out);
  const [, quoted = ""] = /^printf '%s\\n' '([^]*)' \| sudo tee/.exec(command) ?? [];
  const silences = parseSilences(quoted.replaceAll(`'\\''`, "'"));
  const written = Math.floor((Deno.statSync(path).mtime?.getTime() ?? 0) / 1000) * 1000;
  assert.deepEqual(silences[0], {
    node: "vps",
    fromMs: written,
    untilMs: written + 3_600_000,
    reason: "it's backup",
  });
  const [, { fromMs = 0, untilMs, ...rest } = { untilMs: 0 }] = silences;
  assert.deepEqual(rest, { node: "piha", service: "grafana", reason: "upgrade of it" });
  assert.equal(untilMs - fromMs, 7_200_000);

  Deno.writeTextFileSync(
    path,
    JSON.stringify({
      silences: [
        { node: "a", from: "2026-01-02T03:04:05Z", for: "1h", reason: "kept as it is" },
        { node: "b", until: "2026-01-02T03:04:05Z", reason: "kept, too" },
      ],
    }),
  );
  const more = await ask("piha/grafana/web", "2h", "x");
  const [, file = ""] = /^printf '%s\\n' '([^]*)' \| sudo tee/m.exec(more.out) ?? [];
  const { silences: kept } = JSON.parse(file);
  assert.deepEqual(kept.slice(0, 2), [
    { node: "a", from: "2026-01-02T03:04:05Z", for: "1h", reason: "kept as it is" },
    { node: "b", until: "2026-01-02T03:04:05Z", reason: "kept, too" },
  ]);
  assert.equal(kept[2].service, "grafana/web");
  const soon = await ask("piha", "soon", "x");
  assert.match(
    soon.err,
    /^planner-agent: silence: the span is "soon"; it takes 30m, 2h or 7d\nUsage: /,
  );

  for (const args of [[], ["piha", "2h"], ["piha", "soon", "x"], ["a[b]", "2h", "x"]]) {
    const wrong = await ask(...args);
    assert.deepEqual([wrong.code, wrong.out], [2, ""], args.join(" "));
    assert.match(wrong.err, /^planner-agent: silence/);
  }
});

Deno.test("planner-agent silences, status: what is in force, how often it counted, a wrong file", async () => {
  using folder = sandbox();
  const root = folder.path;
  makeRuntime(root);
  const put = (text: string) => Deno.writeTextFileSync(join(root, "config/silences.json"), text);
  put('{"silences":[{"service":"graf*","until":"2099-01-01T00:00:00Z","reason":"upgrade"}]}');
  Deno.mkdirSync(join(root, "state/history"));
  const line = { at: "2026-01-02T03:04:05.000Z", outcome: "silenced", node: "piha", type: "t" };
  const lines = [
    { ...line, service: "grafana", detail: "upgrade" },
    { ...line, service: "grafana", repeated: 39 },
    { ...line, service: "loki", detail: "upgrade" },
    { ...line, service: "grafana", detail: "another silence that is gone" },
    { ...line, service: "grafana", outcome: "cooldown" },
  ];
  Deno.writeTextFileSync(
    join(root, "state/history/history-00000001.ndjson"),
    lines.map((each) => `${JSON.stringify(each)}\n`).join(""),
  );
  const json = await runCommand(["silences", "--json"], { root });
  assert.deepEqual(JSON.parse(json.out), [{
    node: null,
    service: "graf*",
    type: null,
    state: "in force",
    from: null,
    until: "2099-01-01T00:00:00.000Z",
    reason: "upgrade",
    matched: 40,
  }]);
  const people = await runCommand(["silences"], { root });
  assert.match(people.out, /^in force .* \*\/graf\* +40 +upgrade$/m);

  put('{"silences":[{"service":"graf*","until":"tomorrow","reason":"upgrade"}]}');
  const wrong = await runCommand(["silences"], { root });
  assert.deepEqual([wrong.code, wrong.out], [1, ""]);
  assert.match(wrong.err, /silences\.json is wrong: silences\[0\]\.until is "tomorrow"; it takes/);
});

Deno.test("readSilences: why the file cannot be read, without its path once more", async () => {
  const files = memoryFiles();
  files.put("/r/config/silences.json", "{}");
  files.fate = ({ path }) =>
    path === "/r/config/silences.json" ? systemError("EACCES", path) : "works";
  assert.deepEqual(await readSilences("/r", files), {
    path: "/r/config/silences.json",
    problem: "this user has no permission (see the group homelab)",
  });
});

Deno.test("silenceLines: of those in force the one that ends first is the first", () => {
  const ending = (reason: string, hours: number) => ({
    ...{ node: "vps", reason, matched: 0, untilMs: NOW + hours * 3_600_000 },
  });
  const options = { nowMs: NOW, palette: PLAIN, timeZone: "UTC", width: 120 };
  const shown = silenceLines([ending("last", 9), ending("first", 1), ending("next", 5)], options);
  assert.deepEqual(shown.slice(1, 4).map((line) => line.split(/ +/).at(-1)), [
    ...["first", "next", "last"],
  ]);
});

Deno.test("planner-agent silence: a path with blanks is quoted", async () => {
  using folder = sandbox();
  const root = join(folder.path, "home lab");
  makeRuntime(root);
  const { out } = await runCommand(["silence", "vps", "2h", "x"], { root });
  assert.ok(out.endsWith(` | sudo tee '${root}/config/silences.json' > /dev/null\n`), out);
});
