import assert from "node:assert/strict";
import fc from "fast-check";
import type { Provenance } from "../../lib/proposal/audit.ts";
import { ACTIONS, type Diagnosis } from "../../lib/llm/diagnosis.ts";
import type { WaitingEvent } from "../../lib/event/event.ts";
import type { PolicyChange } from "../../lib/policy/policy.ts";
import { VERSION } from "../../lib/base/version.ts";
import {
  type ActionFile,
  actionFile,
  actionIdBase,
  eventFile,
  eventFilePath,
  fileText,
} from "../../lib/proposal/action_file.ts";

const NOW = Date.UTC(2026, 0, 2, 23, 59, 59, 900);
/** A minute after the event. */
const WRITTEN = 1767323105_900;

const event: WaitingEvent = {
  node: "piha",
  service: "mosquitto",
  type: "service_unhealthy",
  severity: "error",
  timestamp: 1767323045,
  heardAt: 1767323045_000,
  happenedAt: 1767323045_000,
  channel: "health_events",
  excerpt: '{"exit_code": 137}',
};

const diagnosis: Diagnosis = {
  action: "restart",
  node: "piha",
  service: "mosquitto",
  reason: "container unhealthy, restart it",
  confidence: 0.9,
  requires_human: false,
};

function file(changes: {
  event?: Partial<WaitingEvent>;
  diagnosis?: Partial<Diagnosis>;
  changes?: readonly PolicyChange[];
  provenance?: Partial<Provenance>;
} = {}): ActionFile {
  const changed = { ...event, ...changes.event };
  return actionFile({
    actionId: actionIdBase(changed),
    event: changed,
    diagnosis: { ...diagnosis, ...changes.diagnosis },
    changes: changes.changes ?? [],
    modelUsed: "qwen2.5:7b",
    attempts: [{ link: "qwen2.5:7b", model: "qwen2.5:7b", outcome: "ok", milliseconds: 5_120 }],
    waitedMs: 250,
    writtenMs: WRITTEN,
    ...changes.provenance,
  });
}

const HOSTILE = [
  "../../approved/x",
  "a/../../b",
  "nul\0byte",
  "new\nline",
  "x".repeat(5_000),
  "🚀".repeat(300),
  "ünïcødé-🚀",
  "..",
  ".",
  "...",
  " ",
  "-rf",
  "$(id)",
  "a\\b",
  "C:\\x",
  "%2e%2e%2f",
  "\u202egnp.exe",
  "\ud800",
  "",
];

Deno.test("actionFile: executor type and risk of each action", () => {
  const told = ACTIONS.map((action) => {
    const { type, risk_level } = file({ diagnosis: { action } });
    return [action, type, risk_level];
  });
  assert.deepEqual(told, [
    ["restart", "container_restart", "low"],
    ["redeploy", "redeploy", "guarded"],
    ["notify", "notify", "low"],
    ["ignore", "ignore", "none"],
  ]);
});

Deno.test("actionIdBase: node, service and whole seconds of the event", () => {
  assert.equal(actionIdBase(event), "plan-piha-mosquitto-1767323045");
  assert.equal(
    actionIdBase({ node: "piha", service: "/", timestamp: 1767323045.987 }),
    "plan-piha---1767323045",
  );
  assert.equal(
    actionIdBase({ node: "chelsty-ha", service: "über/x y", timestamp: 1767323045 }),
    "plan-chelsty-ha--ber-x-y-1767323045",
  );
});

Deno.test("actionIdBase: of a long name 80 characters, of a long time 20 digits", () => {
  assert.equal(
    actionIdBase({ node: "n".repeat(81), service: "s".repeat(200), timestamp: 1767323045 }),
    `plan-${"n".repeat(80)}-${"s".repeat(80)}-1767323045`,
  );
});

Deno.test("actionFile: how many requests it took", () => {
  const attempt = { link: "m", model: "m", outcome: "ok", milliseconds: 1 } as const;
  const counts = [[], [attempt], [attempt, attempt, attempt]].map((attempts) =>
    file({ provenance: { attempts } }).llm_attempts
  );
  assert.deepEqual(counts, [0, 1, 3]);
});

function assertSafeName(name: string) {
  assert.match(name, /^[A-Za-z0-9._-]{1,200}$/);
  assert.ok(name !== "." && name !== "..");
}

Deno.test("actionIdBase: a hostile name gives a file name like any other", () => {
  for (const name of HOSTILE) {
    assertSafeName(actionIdBase({ node: name, service: name, timestamp: 1767323045 }));
    const file = `.${actionIdBase({ node: name, service: name, timestamp: 9e15 })}-999999.json`;
    assert.ok(`${file}.0123456789abcdef.tmp`.length < 255);
  }
  for (const timestamp of [NaN, Infinity, -1, 1e300, 1e-7, Number.MAX_SAFE_INTEGER]) {
    assertSafeName(actionIdBase({ ...event, timestamp }));
  }
});

Deno.test("actionIdBase: any name and time give a safe file name", () => {
  const name = fc.array(fc.nat(0xffff), { maxLength: 300 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(fc.property(name, name, fc.double(), (node, service, timestamp) => {
    assertSafeName(actionIdBase({ node, service, timestamp }));
  }));
});

Deno.test("actionFile: byte for byte what the seed writes", () => {
  assert.equal(
    fileText(file()),
    `{
  "action_id": "plan-piha-mosquitto-1767323045",
  "type": "container_restart",
  "node": "piha",
  "service": "mosquitto",
  "risk_level": "low",
  "confidence": 0.9,
  "requires_human": false,
  "description": "RESTART mosquitto on piha: container unhealthy, restart it",
  "status": "pending",
  "timestamp": 1767323045,
  "source_event": "service_unhealthy",
  "llm_model": "qwen2.5:7b",
  "llm_attempts": 1,
  "payload": {
    "action": "restart",
    "reason": "container unhealthy, restart it",
    "valid_until": "2026-01-02T03:34:05Z",
    "digest": "b2d5bedd36cdd5273fc23616fcab9680dcb7dd274fbf8cbab1576f5277272b0a",
    "audit": {
      "agent_version": "${VERSION}",
      "proposed_at": "2026-01-02T03:05:05Z",
      "waited_ms": 250,
      "model": "qwen2.5:7b",
      "attempts": [
        {
          "link": "qwen2.5:7b",
          "model": "qwen2.5:7b",
          "outcome": "ok",
          "milliseconds": 5120
        }
      ],
      "event": {
        "channel": "health_events",
        "node": "piha",
        "service": "mosquitto",
        "type": "service_unhealthy",
        "severity": "error",
        "timestamp": 1767323045,
        "payload": "{\\"exit_code\\": 137}"
      }
    }
  }
}`,
  );
});

Deno.test("actionFile: what the rules changed follows the reason", () => {
  const changes: PolicyChange[] = [
    { rule: "disk_pressure_is_notify", field: "action", from: "restart", to: "notify" },
  ];
  const written = file({
    event: { type: "disk_pressure", service: "/", timestamp: 1767323045.75 },
    diagnosis: { action: "notify", requires_human: true, confidence: 1 },
    changes,
  });
  const { valid_until: _, digest: __, audit: ___, ...payload } = written.payload;
  assert.deepEqual(Object.keys(written.payload), [
    "action",
    "reason",
    "policy",
    "valid_until",
    "digest",
    "audit",
  ]);
  assert.equal(
    fileText({ ...written, payload: payload as ActionFile["payload"] }),
    `{
  "action_id": "plan-piha---1767323045",
  "type": "notify",
  "node": "piha",
  "service": "/",
  "risk_level": "low",
  "confidence": 1,
  "requires_human": true,
  "description": "NOTIFY / on piha: container unhealthy, restart it",
  "status": "pending",
  "timestamp": 1767323045.75,
  "source_event": "disk_pressure",
  "llm_model": "qwen2.5:7b",
  "llm_attempts": 1,
  "payload": {
    "action": "notify",
    "reason": "container unhealthy, restart it",
    "policy": [
      {
        "rule": "disk_pressure_is_notify",
        "field": "action",
        "from": "restart",
        "to": "notify"
      }
    ]
  }
}`,
  );
});

Deno.test("actionFile: the target is the event's, whatever the diagnosis names", () => {
  const written = file({ diagnosis: { node: "vps", service: "traefik" } });
  assert.equal(written.node, "piha");
  assert.equal(written.service, "mosquitto");
  assert.equal(written.description, "RESTART mosquitto on piha: container unhealthy, restart it");
});

Deno.test("actionFile: the reason is clean, without secrets, and bounded, in both places", () => {
  const told = (reason: string) => {
    const { payload, description } = file({ diagnosis: { reason } });
    assert.equal(description, `RESTART mosquitto on piha: ${payload.reason}`);
    return payload.reason;
  };
  const secret = told("login to postgres://ha:CANARY-1@10.0.0.9/ha is refused, restart it");
  assert.ok(!secret.includes("CANARY-1"), secret);
  assert.equal(
    told("\u001b[31mkilled\u001b[0m\u0000\u200b\nby the kernel"),
    "killed by the kernel",
  );
  assert.equal(told("x".repeat(1_001)), `${"x".repeat(1_000)}… (1001 characters)`);
  assert.equal(told("\u200b".repeat(10)), "(the reason has no readable character)");
});

Deno.test("actionFile: a repair that is past its half hour when it is written says so", () => {
  const half = 1_767_323_105 - 1_800; // WRITTEN is less than a second later
  const expired = (timestamp: number, action: "restart" | "notify") => {
    const { audit } = file({ event: { timestamp }, diagnosis: { action } }).payload;
    return ["expired_when_written" in audit, audit.expired_when_written];
  };
  assert.deepEqual(expired(half, "restart"), [true, true]);
  assert.deepEqual(expired(half + 1, "restart"), [false, undefined]);
  assert.deepEqual(expired(half, "notify"), [false, undefined]);
});

Deno.test("eventFile: keys and payload are the seed's", () => {
  assert.equal(
    fileText(eventFile({ action: file(), nodeName: "solaria", nowMs: NOW })),
    `{
  "timestamp": "2026-01-02T23:59:59Z",
  "node": "solaria",
  "type": "remediation_started",
  "severity": "info",
  "source": "planner-agent",
  "service": "mosquitto",
  "correlation_id": "plan-piha-mosquitto-1767323045",
  "payload": {
    "action": "restart",
    "executor_type": "container_restart",
    "node": "piha",
    "action_id": "plan-piha-mosquitto-1767323045",
    "requires_human": false,
    "confidence": 0.9,
    "llm_model": "qwen2.5:7b"
  }
}`,
  );
});

Deno.test("eventFilePath: day in UTC, node of the agent, slug of the service", () => {
  const path = (service: string, nodeName = "solaria") =>
    eventFilePath({ action: file({ event: { service } }), nodeName, nowMs: NOW });
  assert.equal(
    path("mosquitto"),
    "2026-01-02/solaria/evt-solaria-1767398399-remediation_started-mosquitto",
  );
  assert.equal(
    path("a/b c"),
    "2026-01-02/solaria/evt-solaria-1767398399-remediation_started-a-b-c",
  );
  assert.equal(path("x", ".."), "2026-01-02/--/evt-..-1767398399-remediation_started-x");
});

Deno.test("eventFilePath: has two folders and a file name, whatever the names", () => {
  for (const name of HOSTILE.filter((name) => name !== "")) {
    const path = eventFilePath({
      action: file({ event: { service: name } }),
      nodeName: name,
      nowMs: NOW,
    });
    const parts = path.split("/");
    assert.equal(parts.length, 3, path);
    for (const part of parts) {
      assert.match(part, /^[A-Za-z0-9._-]{1,230}$/);
      assert.ok(part !== "." && part !== "..");
    }
  }
});

Deno.test("fileText: ASCII only, and the same value when read", () => {
  const written = file({ event: { service: "ünïcødé-🚀\u2028", node: "東京" } });
  const text = fileText(written);
  assert.match(text, /^[\n -~]*$/);
  assert.ok(text.includes('"service": "\\u00fcn\\u00efc\\u00f8d\\u00e9-\\ud83d\\ude80\\u2028"'));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (service) => {
    const any = file({ event: { service } });
    assert.deepEqual(JSON.parse(fileText(any)), any);
  }));
});

Deno.test("actionFile and eventFile: what the sender told of itself is passed on", () => {
  const origin = { source: "ha-diag-agent", correlation_id: "c-7", location_tag: "ken" };
  const action = file({ event: { origin: { ...origin, sent_as: "piha-old" } } });
  const { source, correlation_id, location_tag, sent_as } = action.payload;
  assert.deepEqual({ source, correlation_id, location_tag }, origin);
  assert.equal(sent_as, "piha-old");
  const written = eventFile({ action, nodeName: "vps", nowMs: NOW });
  assert.equal(written.correlation_id, action.action_id);
  assert.equal(written.payload.correlation_id, "c-7");
  assert.equal(written.payload.event_source, "ha-diag-agent");
  assert.equal(written.payload.location_tag, "ken");
});

/** Names, order and types of the Python planner's keys: other programs find proposals by them. */
const CONTRACT = [
  ["action_id", "string"],
  ["type", "string"],
  ["node", "string"],
  ["service", "string"],
  ["risk_level", "string"],
  ["confidence", "number"],
  ["requires_human", "boolean"],
  ["description", "string"],
  ["status", "string"],
  ["timestamp", "number"],
  ["source_event", "string"],
  ["llm_model", "string"],
  ["llm_attempts", "number"],
  ["payload", "object"],
];

Deno.test("actionFile: the keys of the contract, in their order, whatever was decided", () => {
  const files = [
    file(),
    file({ diagnosis: { action: "redeploy" }, event: { service: "a/b", timestamp: 1.5 } }),
    file({ diagnosis: { action: "notify" }, event: { origin: { source: "x" } } }),
  ];
  for (const written of files) {
    const read = JSON.parse(fileText(written));
    assert.deepEqual(Object.entries(read).map(([key, value]) => [key, typeof value]), CONTRACT);
    assert.deepEqual(Object.keys(read.payload).slice(0, 2), ["action", "reason"]);
    assert.equal(read.status, "pending");
  }
});
