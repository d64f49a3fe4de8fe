import assert from "node:assert/strict";
import fc from "fast-check";
import { excerpt } from "../../../lib/event/excerpt.ts";
import { type Facts, factsOf, isLooping } from "../../../lib/llm/facts/facts.ts";
import { factLines } from "../../../lib/llm/facts/words.ts";
import { NO_PAST } from "../../../lib/llm/facts/past.ts";
import { facts } from "../../support/facts.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

function of(payload: Record<string, unknown>, type = "container_exited"): Facts {
  return factsOf(waitingEvent({ type, excerpt: excerpt(payload, 2048) }));
}

const EXITS: Readonly<Record<number, string>> = {
  0: "on_purpose",
  1: "failed",
  125: "not_started",
  126: "not_started",
  127: "not_started",
  128: "not_started",
  130: "on_purpose",
  132: "not_started",
  134: "crashed",
  137: "crashed",
  139: "crashed",
  143: "on_purpose",
};

for (const [code, kind] of Object.entries(EXITS)) {
  Deno.test(`factsOf: exit ${code} is ${kind}, however the field is written`, () => {
    for (const key of ["exit_code", "ExitCode", "exit-code", "exitCode"]) {
      assert.equal(of({ [key]: Number(code) }).exit?.kind, kind);
      assert.equal(of({ State: { [key]: code } }).exit?.kind, kind);
    }
  });
}

Deno.test("factsOf: 137 with a word of memory is out of memory", () => {
  assert.equal(of({ exit_code: 137, oom_killed: true }).exit?.kind, "out_of_memory");
  assert.equal(of({ exitCode: 137, reason: "OOMKilled" }).exit?.kind, "out_of_memory");
  assert.equal(of({ exit_code: 137, oom_killed: false }).exit?.kind, "crashed");
});

Deno.test("factsOf: what was killed for memory needs no code", () => {
  const exit = { code: 137, kind: "out_of_memory", words: "killed for memory", told: true };
  assert.deepEqual(of({ oom_killed: true }).exit, exit);
  assert.deepEqual(of({ oom_killed: true, exit_code: 256 }).exit, exit);
  assert.equal(of({ oom_killed: false }).exit, undefined);
});

Deno.test("factsOf: 0 is the end of what ended, though its type says unhealthy only", () => {
  const kind = (status: string) => of({ exit_code: 0, status }, "container_unhealthy").exit?.kind;
  assert.deepEqual(["exited", "Stopped", "dead", "inactive", "running", ""].map(kind), [
    ...Array(4).fill("on_purpose"),
    undefined,
    undefined,
  ]);
});

Deno.test("isLooping: three restarts, or a loop by its name, of what runs for less than an hour", () => {
  const looping = (restarts: number, uptime: number, type = "service_unhealthy") =>
    isLooping(of({ restarts, uptime }, type));
  assert.deepEqual(
    [looping(3, 3_599), looping(2, 60), looping(3, 3_600), looping(0, 9, "crash_loop")],
    [true, false, false, true],
  );
});

Deno.test("factsOf: the code of a check, and that of what runs, is not the container's", () => {
  const log = [{ ExitCode: 1, Output: "curl: (7) refused" }];
  assert.equal(of({ Health: { Log: log, FailingStreak: 3 } }, "service_unhealthy").exit, undefined);
  assert.equal(of({ State: { Running: true, ExitCode: 0 } }).exit, undefined);
  assert.equal(of({ exit_code: 0 }, "container_unhealthy").exit, undefined);
});

Deno.test("factsOf: counts, starts and what is planned", () => {
  const found = of({
    RestartCount: "4",
    FailingStreak: 2,
    retries: 3,
    StartedAt: "2026-01-02T03:03:35Z",
  }, "container_unhealthy");
  assert.deepEqual(
    [found.restarts, found.failing, found.runsForMs, found.starting],
    [4, { checks: 2, of: 3 }, 30_000, true],
  );
  assert.equal(of({ planned: true }).planned, true);
  assert.equal(of({ planned: false }).planned, false);
  assert.equal(of({ stopped_by: "user" }).planned, true);
});

Deno.test("factsOf: what runs for a minute has started, where nothing says how long it may take", () => {
  const starting = (payload: Record<string, unknown>) => of(payload, "service_unhealthy").starting;
  assert.deepEqual([59, 60].map((uptime_seconds) => starting({ uptime_seconds })), [true, false]);
  const given = (uptime_seconds: number) => starting({ uptime_seconds, start_period: 90 });
  assert.deepEqual([given(89), given(90)], [true, false]);
});

Deno.test("factsOf: a mark of a cut that stands in a text is not taken for the payload's own", () => {
  const excerpt = '{"exit_code": 139, "log": "abc…[400 more] "b, c" …[';
  assert.equal(factsOf(waitingEvent({ excerpt })).exit?.code, 139);
});

Deno.test("factLines: of the other kinds of fault three are named", () => {
  const otherKinds = ["disk", "node", "out_of_memory", "power"] as const;
  const past = { ...NO_PAST, faults: 4, otherKinds };
  assert.deepEqual(factLines(facts({ past })), [
    "4 earlier faults in 24 h, also disk, node, out of memory",
  ]);
});

Deno.test("factsOf: of what lies too deep in a payload nothing counts", () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 0 ? { exit_code: 139 } : { inside: nested(depth - 1) };
  assert.equal(of(nested(4)).exit?.code, 139);
  assert.equal(of(nested(5)).exit, undefined);
});

Deno.test("factsOf: of forty marks of a cut each is tried as the payload's own, of more the last", () => {
  const shown = (marks: number) =>
    factsOf(waitingEvent({ excerpt: `{"exit_code": 139, "log": …[${" x, …[".repeat(marks - 1)}` }))
      .exit;
  assert.deepEqual([shown(40)?.code, shown(41)], [139, undefined]);
});

Deno.test("factsOf: what a cut payload shows before the cut still counts", () => {
  const many = Object.fromEntries(
    Array.from({ length: 120 }, (_, i) => [`label_${i}`, "x".repeat(40)]),
  );
  const event = waitingEvent({ excerpt: excerpt({ exit_code: 139, ...many }, 512) });
  assert.match(event.excerpt, /bytes cut/);
  assert.equal(factsOf(event).exit?.code, 139);
});

Deno.test("factsOf: an unknown type takes the alert's own name, and then its state", () => {
  assert.equal(of({ alertname: "KubePodCrashLooping" }, "alert").family, "crash_loop");
  assert.equal(of({ status: "exited" }, "alert").family, "down");
  assert.equal(of({ status: "unhealthy" }, "something_new").family, "unhealthy");
  assert.equal(of({}, "something_new").family, "unknown");
});

const OVER: readonly [Record<string, unknown>, boolean][] = [
  [{ status: "resolved", labels: { severity: "critical" } }, true],
  [{ status: "firing" }, false],
  [{ message: '{"status": "resolved"}' }, false],
  [{ log: ["status: resolved", "RESOLVED: all is well"] }, false],
];

for (const [payload, over] of OVER) {
  Deno.test(`factsOf: ${JSON.stringify(payload)} is ${over ? "over" : "not over"}`, () => {
    assert.equal(of(payload, "service_down").over, over);
  });
}

const LASTING: Readonly<Record<string, string | undefined>> = {
  "write /var/lib/x: no space left on device": "host",
  "Remounting filesystem read-only": "host",
  "blk_update_request: I/O error, dev sda": "hardware",
  "database disk image is malformed": "data",
  "manifest for ghcr.io/a/b:2 not found: manifest unknown": "version_or_config",
  'relation "users" does not exist': "version_or_config",
  "invalid config for 'mqtt': expected a dictionary": "version_or_config",
  "mkdir /data: permission denied": "access",
  'password authentication failed for user "app"': "access",
  "x509: certificate has expired or is not yet valid": "access",
  "listen tcp :8080: bind: address already in use": "network",
  "getaddrinfo EAI_AGAIN api.example.net": "network",
  "connect ECONNREFUSED 10.0.0.4:5432": "network",
  "429 Too Many Requests": "outside",
  "Out of memory: Killed process 812 (java)": "host",
  "it was restarted 4 times": "unknown",
  "curl: (7) Failed to connect to 127.0.0.1 port 8080: Connection refused": undefined,
  "Health check exceeded timeout (5s)": undefined,
  "Segmentation fault (core dumped)": undefined,
  "CUDA out of memory. Tried to allocate 2.25 GiB": undefined,
  "fatal error: all goroutines are asleep - deadlock!": undefined,
  "JavaScript heap out of memory": undefined,
  "lost the connection to the broker and does not try again": undefined,
};

for (const [message, cause] of Object.entries(LASTING)) {
  Deno.test(`factsOf: ${JSON.stringify(message)} is ${cause ?? "no lasting cause"}`, () => {
    assert.equal(of({ message }, "service_unhealthy").lasting?.cause, cause);
  });
}

Deno.test("factsOf: a broker that is refused itself is no dependency of its own", () => {
  const message = "connect ECONNREFUSED mosquitto:1883";
  const about = (service: string) =>
    factsOf(waitingEvent({ type: "service_down", service, excerpt: JSON.stringify({ message }) }))
      .lasting?.cause;
  assert.equal(about("zigbee2mqtt"), "network");
  assert.equal(about("mosquitto"), undefined);
});

Deno.test("factsOf: a service is found in its own fault in any case", () => {
  const message = "cannot connect to redis: connection refused, redis:6379 ECONNREFUSED";
  const about = (service: string) =>
    factsOf(waitingEvent({ type: "service_down", service, excerpt: JSON.stringify({ message }) }))
      .lasting?.cause;
  assert.deepEqual(["Redis", "web"].map(about), [undefined, "network"]);
});

Deno.test("factsOf: three words of 24 letters are a sentence that can be unread", () => {
  const unread = (message: string) => of({ message }).unread;
  assert.deepEqual(
    ["the flux was fairly odd", "the flux was fairly odd!", "x".repeat(24)].map(unread),
    [
      false,
      true,
      false,
    ],
  );
});

Deno.test("factsOf: what runs may differ from what is wanted under any of their names", () => {
  const runs = "running running_image running_version running_digest deployed".split(" ");
  const wanted = ("compose compose_image declared declared_image desired desired_image described " +
    "desired_version wanted").split(" ");
  const drifted = (one: string, other: string, value: unknown = "2") =>
    of({ [one]: "1", [other]: value }, "service_unhealthy").drifted;
  for (const one of runs) assert.equal(drifted(one, "wanted"), true, one);
  for (const other of wanted) assert.equal(drifted("deployed", other), true, other);
  assert.deepEqual([drifted("deployed", "wanted", "1"), drifted("deployed", "wanted", 2)], [
    false,
    false,
  ]);
});

Deno.test("factsOf: planned is what a field says plainly", () => {
  const planned = (value: unknown) => of({ maintenance: value }).planned;
  assert.deepEqual([true, "true", "yes", false, "no", 1, ""].map(planned), [
    true,
    true,
    true,
    ...Array(4).fill(false),
  ]);
  assert.deepEqual(["maintenance", "up"].map((status) => of({ status }).planned), [true, false]);
  assert.deepEqual(["admin-anna", "watchdog"].map((by) => of({ stopped_by: by }).planned), [
    true,
    false,
  ]);
});

Deno.test("factsOf: an empty field leaves its place to an inner one", () => {
  assert.equal(of({ exit_code: "", State: { ExitCode: 139 } }).exit?.code, 139);
  assert.equal(of({ exit_code: null, State: { ExitCode: 139 } }).exit?.code, 139);
});

Deno.test("factsOf: a start that cannot be is none", () => {
  const runs = (started_at: unknown) => of({ started_at }).runsForMs;
  assert.deepEqual(
    ["2026-01-02T03:03:05Z", "2019-12-31T00:00:00Z", "2026-01-02T03:05:05Z"].map(runs),
    [
      60_000,
      undefined,
      undefined,
    ],
  );
});

Deno.test("factsOf: the name of an alert is its kind, a sentence about it is not", () => {
  const kind = (alertname: string) => of({ alertname }, "alert_firing").family;
  assert.deepEqual(
    ["DiskPressure", "disk full", "we looked at why the disk is not full today"].map(kind),
    ["disk", "disk", "unknown"],
  );
});

Deno.test("factsOf: a backup that is down is about data, its certificate is one", () => {
  const family = (type: string) => factsOf(waitingEvent({ type, service: "backup" })).family;
  assert.deepEqual(["service_down", "certificate_expiring"].map(family), ["data", "certificate"]);
});

Deno.test("factLines: what a node suffers from is named so that a model knows it", () => {
  const line = (nodeTrouble: "node" | "disk") =>
    factLines(facts({ past: { ...NO_PAST, nodeTrouble } }));
  assert.deepEqual([...line("node"), ...line("disk")], [
    "the node has trouble with its own load or kernel",
    "the node has trouble with its own disk",
  ]);
});

Deno.test("factLines: one is one, and none is told only of restarts", () => {
  const line = (restarts: number, neighboursBad: number) =>
    factLines(facts({ restarts, past: { ...NO_PAST, neighboursBad } }));
  assert.deepEqual(line(0, 0), ["restarted 0 times"]);
  assert.deepEqual(line(1, 1), [
    "restarted once",
    "1 other services of the node went bad within 2 min",
  ]);
});

Deno.test("factLines: six lines at most, in the program's own words", () => {
  const told = factLines(facts({
    graded: true,
    exit: { code: 137, kind: "crashed", words: "exit 137: killed", told: true },
    restarts: 2,
    failing: { checks: 3 },
    lasting: { cause: "host", what: "a full disk" },
    past: {
      ...NO_PAST,
      badForMs: 40 * 60_000,
      faults: 5,
      otherKinds: ["out_of_memory"],
      neighboursBad: 6,
      nodeBackMs: 180_000,
      changed: { what: "deployment", agoMs: 240_000 },
      remedy: { action: "restart", became: "completed", agoMs: 2_400_000, heldMs: 360_000 },
    },
    role: { stateful: true, neededBy: ["app"] },
  }));
  assert.deepEqual(told, [
    "exit 137: killed",
    "restarted 2 times; 3 failed checks in a row; severity error",
    "the payload speaks of a full disk",
    "bad for 40 min; 5 earlier faults in 24 h, also out of memory; well for 6 min after the last restart",
    "the node came back 3 min ago; 6 other services of the node went bad within 2 min; deployment 4 min ago",
    "it keeps data; 1 other services depend on it",
  ]);
});

Deno.test("factsOf: any payload gives facts, and no word of it gets into their lines", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 4 }), fc.string(), (payload, type) => {
    const lines = factLines(factsOf(waitingEvent({ type, excerpt: `{"zqzq":${payload}}` })));
    assert.ok(lines.length <= 6);
    assert.ok(!lines.join().includes("zqzq"));
    for (const line of lines) assert.match(line, /^[a-zA-Z0-9 :;,.']+$/);
  }));
});
