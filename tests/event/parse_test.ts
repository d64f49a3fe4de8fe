import assert from "node:assert/strict";
import fc from "fast-check";
import type { HealthEvent } from "../../lib/event/event.ts";
import { readMessage } from "../../lib/event/message.ts";
import { type EventRefusal, parseEvent } from "../../lib/event/parse.ts";
import { anyCharacter } from "../support/any_character.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 30);
const NOW_SECONDS = 1767323070;

type Raw = Record<string, unknown>;

const unhealthy = (more: Raw = {}): Raw => ({
  type: "service_unhealthy",
  node: "piha",
  service: "mosquitto",
  severity: "error",
  payload: { exit_code: 137 },
  timestamp: "2026-01-02T03:04:05Z",
  ...more,
});

function eventOf(raw: Raw): HealthEvent {
  const result = parseEvent(raw, "health_events", NOW);
  assert.ok(result.ok, JSON.stringify(result));
  return result.event;
}

Deno.test("parseEvent: the shape of the node agents", () => {
  assert.deepEqual(parseEvent(unhealthy(), "health_events", NOW), {
    ok: true,
    event: {
      node: "piha",
      service: "mosquitto",
      type: "service_unhealthy",
      severity: "error",
      payload: { exit_code: 137 },
      timestamp: 1767323045,
      heardAt: NOW,
      happenedAt: 1767323045_000,
      channel: "health_events",
    },
  });
});

Deno.test("parseEvent: a name that holds a secret loses it, before it is cut", () => {
  const event = eventOf(unhealthy({
    node: "piha@lan",
    service: "rtsp://admin:S3CRETx9@10.0.0.5/stream1",
    type: `check_failed token=${"S3CRETx9".repeat(200)}`,
  }));
  assert.equal(event.node, "piha@lan");
  assert.equal(event.service, "rtsp://[redacted]@10.0.0.5/stream1");
  assert.equal(event.type, "check_failed token=[redacted]");
  const service = `${"x".repeat(170)} rtsp://admin:${"S3CRETx9".repeat(5)}@10.0.0.5/`;
  assert.equal(
    eventOf(unhealthy({ service })).service,
    `${"x".repeat(170)} rtsp://[redacted]@10.0.0.5/`,
  );
  const other = parseEvent({ type: "x", node: "n", severity: "password=S3CRETx9" }, "c", NOW);
  assert.equal(other.ok && other.event.severity, "password=[redacted]");
  assert.equal(other.ok && other.unknownSeverity, "password=[redacted]");
  for (const service of ["wg-quick@wg0.service", "nginx@sha256:0123abcd", "a=b", "user@host:22"]) {
    assert.equal(eventOf(unhealthy({ service })).service, service);
  }
});

Deno.test("parseEvent: the shape of the control plane", () => {
  const raw = {
    event_type: "container_crashloop",
    node: "vps",
    service: "traefik",
    details: { restarts: 9 },
  };
  assert.deepEqual(parseEvent(raw, "world_updates", NOW), {
    ok: true,
    event: {
      node: "vps",
      service: "traefik",
      type: "container_crashloop",
      severity: "info",
      payload: { restarts: 9 },
      timestamp: NOW_SECONDS,
      heardAt: NOW,
      happenedAt: NOW,
      channel: "world_updates",
    },
  });
});

/** What these fields change in the event of `unhealthy`. */
const READ: readonly (readonly [string, Raw, Partial<HealthEvent>])[] = [
  // type
  ["type goes before event_type", { event_type: "other" }, { type: "service_unhealthy" }],
  ...[null, false, 0, "", [], {}, " \0"].map((type) =>
    [`event_type for type ${JSON.stringify(type)}`, { type, event_type: "e" }, {
      type: "e",
    }] as const
  ),
  ["a number as type", { type: 502 }, { type: "502" }],
  ["blanks around the type go", { type: " service_healthy\n" }, { type: "service_healthy" }],
  // node
  ["a number as node", { node: 4711 }, { node: "4711" }],
  ["a fraction as node", { node: 1.5 }, { node: "1.5" }],
  ["blanks around node and service go", { node: " vps ", service: "\ta\n" }, {
    node: "vps",
    service: "a",
  }],
  // service
  ["a number as service", { service: 8080 }, { service: "8080" }],
  ["no service: details.service", { service: "", details: { service: "pihole" } }, {
    service: "pihole",
  }],
  ["no service: payload.service", { service: null, payload: { service: "grafana" } }, {
    service: "grafana",
    payload: { service: "grafana" },
  }],
  ["empty details: payload.service", {
    service: "  ",
    details: {},
    payload: { service: "grafana" },
  }, { service: "grafana", payload: { service: "grafana" } }],
  ["details without a service hide payload.service", {
    service: "",
    details: { a: 1 },
    payload: { service: "grafana" },
  }, { service: "piha", payload: { service: "grafana" } }],
  ["details that are text hide payload.service", {
    service: 0,
    details: "text",
    payload: { service: "grafana" },
  }, { service: "piha", payload: { service: "grafana" } }],
  ["a number as details.service", { service: [], details: { service: 9100 } }, {
    service: "9100",
  }],
  ["details.service that is an object", { service: "", details: { service: { a: 1 } } }, {
    service: "piha",
  }],
  ["a node is its own service in the end", { service: undefined }, { service: "piha" }],
  ["a service that is an object is missing", { service: { name: "x" } }, { service: "piha" }],
  ["a service that is true is missing", { service: true, details: { service: "x" } }, {
    service: "x",
  }],
  ["a mount point as service", { service: "/" }, { service: "/" }],
  // severity
  ["no severity", { severity: undefined }, { severity: "info" }],
  ["severity null", { severity: null }, { severity: "info" }],
  ["a blank severity", { severity: " \t" }, { severity: "info" }],
  ["severity as sent", { severity: " CRITICAL " }, { severity: "CRITICAL" }],
  ["a syslog number", { severity: 2 }, { severity: "2" }],
  ["syslog's emergency", { severity: 0 }, { severity: "0" }],
  ["a severity that is an object", { severity: { level: "error", code: 3 } }, {
    severity: "error",
  }],
  ["a severity that is a list", { severity: ["error"] }, { severity: "info" }],
  ["a long severity", { severity: " error ".repeat(5000) }, {
    severity: " error ".repeat(6).trim().slice(0, 40).trim(),
  }],
  // payload
  ["payload goes before details", { details: { a: 1 } }, { payload: { exit_code: 137 } }],
  ...[null, 0, false, "", [], {}].map((payload) =>
    [`details for payload ${JSON.stringify(payload)}`, { payload, details: { a: 1 } }, {
      payload: { a: 1 },
    }] as const
  ),
  ["a payload that is text", { payload: "text", details: { a: 1 } }, { payload: { text: "text" } }],
  ["a payload that is a list", { payload: [1, 2] }, { payload: { items: [1, 2] } }],
  ["a payload that is a number", { payload: 42 }, { payload: { value: 42 } }],
  ["a payload that is JSON in a string", { payload: '{"exit_code": 137}' }, {
    payload: { exit_code: 137 },
  }],
  ["a payload that is JSON in JSON in a string", { payload: '"[1, 2]"' }, {
    payload: { items: [1, 2] },
  }],
  ["a payload that only looks like JSON", { payload: "{oom}" }, { payload: { text: "{oom}" } }],
  ["details that are text", { payload: undefined, details: "exited" }, {
    payload: { text: "exited" },
  }],
  ["a message beside details", { payload: undefined, message: "exited", details: { a: 1 } }, {
    payload: { message: "exited", a: 1 },
  }],
  ["a message does not replace the payload's own", { message: "x", payload: { message: "y" } }, {
    payload: { message: "y" },
  }],
  ["data beside the envelope, without payload", {
    payload: undefined,
    id: 7,
    exit_code: 137,
    log: "killed",
  }, { payload: { exit_code: 137, log: "killed" } }],
  ["the service all", { service: "all" }, { service: "piha" }],
  ["the service Node", { service: "Node" }, { service: "piha" }],
  ["full-width letters", { node: "\uff43helsty-ha" }, { node: "chelsty-ha" }],
  ["a dash that is no hyphen", { node: "chelsty\u2011ha" }, { node: "chelsty-ha" }],
  ["no payload", { payload: undefined }, { payload: {} }],
  // timestamp
  ["fractions are kept", { timestamp: 1767323045.75 }, {
    timestamp: 1767323045.75,
    happenedAt: 1767323045_750,
  }],
  ["no time is now", { timestamp: undefined }, { timestamp: NOW_SECONDS, happenedAt: NOW }],
  ["time null is now", { timestamp: null }, { timestamp: NOW_SECONDS, happenedAt: NOW }],
  ["what is to come happened by now", { timestamp: NOW_SECONDS + 60 }, {
    timestamp: NOW_SECONDS + 60,
    happenedAt: NOW,
  }],
];

for (const [name, more, changed] of READ) {
  Deno.test(`parseEvent: ${name}`, () => {
    assert.deepEqual(parseEvent(unhealthy(more), "health_events", NOW), {
      ok: true,
      event: { ...eventOf(unhealthy()), ...changed },
    });
  });
}

const REFUSED: readonly (readonly [EventRefusal, Raw])[] = [
  ["no_type", {}],
  ["no_type", { node: "piha" }],
  ["no_type", unhealthy({ type: "" })],
  ["no_type", unhealthy({ type: "\u200b \0" })],
  ["no_type", unhealthy({ type: null, event_type: [] })],
  ["no_type", JSON.parse('{"__proto__":{"type":"x","node":"piha"}}')],
  ["type_not_text", unhealthy({ type: { name: "x" } })],
  ["type_not_text", unhealthy({ type: ["x"], event_type: "x" })],
  ["type_not_text", unhealthy({ type: true })],
  ["type_not_text", unhealthy({ type: JSON.parse("1e999") })],
  ["type_not_text", unhealthy({ type: 0, event_type: { a: 1 } })],
  ["no_node", { type: "x" }],
  ["no_node", unhealthy({ node: "" })],
  ["no_node", unhealthy({ node: " \n" })],
  ["no_node", unhealthy({ node: "\u202e\u200b" })],
  ["no_node", unhealthy({ node: {} })],
  ["no_node", unhealthy({ node: false })],
  ["node_not_text", unhealthy({ node: { name: "piha" } })],
  ["node_not_text", unhealthy({ node: ["piha"] })],
  ["node_not_text", unhealthy({ node: true })],
];

for (const [refusal, raw] of REFUSED) {
  Deno.test(`parseEvent: ${refusal}: ${JSON.stringify(raw).slice(0, 90)}`, () => {
    assert.deepEqual(parseEvent(raw, "health_events", NOW), { ok: false, refusal });
  });
}

Deno.test("parseEvent: control and invisible characters in names go, lengths are bounded", () => {
  const event = eventOf(unhealthy({
    type: "service_\u0000unhealthy",
    node: "chelsty\u200b-ha",
    service: "x".repeat(5000),
  }));
  assert.equal(event.type, "service_unhealthy");
  assert.equal(event.node, "chelsty-ha");
  assert.equal(event.service, "x".repeat(200));
});

Deno.test("parseEvent: a time that is not believed is told, short and clean", () => {
  const replacedTime = (timestamp: unknown) => {
    const result = parseEvent(unhealthy({ timestamp }), "health_events", NOW);
    assert.ok(result.ok);
    assert.equal(result.event.timestamp, NOW_SECONDS);
    return result.replacedTime;
  };
  assert.deepEqual(replacedTime("yesterday"), { reason: "not_a_time", sent: "yesterday" });
  assert.deepEqual(replacedTime("2026-02-30"), { reason: "impossible_date", sent: "2026-02-30" });
  assert.deepEqual(replacedTime(12.5), { reason: "out_of_range", sent: "12.5" });
  assert.deepEqual(replacedTime("\u001b[31mx"), { reason: "not_a_time", sent: "x" });
  assert.deepEqual(replacedTime("9".repeat(1e6)), { reason: "not_a_time", sent: "9".repeat(60) });
  assert.deepEqual(replacedTime(true), { reason: "not_a_time", sent: "a value of type boolean" });
  assert.deepEqual(replacedTime([1]), { reason: "not_a_time", sent: "a list" });
  assert.deepEqual(replacedTime({ time_t: 1767323045 }), {
    reason: "not_a_time",
    sent: "a value of type object",
  });
});

/** Messages as real senders write them: the text, and what must come of it. */
const FIELD: readonly (readonly [string, string, Partial<HealthEvent>])[] = [
  [
    "Alertmanager: Go's zero time, labels nested",
    `{"type":"alert_firing","node":"piha","service":"grafana","severity":"critical",
      "payload":{"alerts":[{"labels":{"alertname":"HostOutOfMemory"},
      "startsAt":"2026-01-02T04:01:30.123456789+01:00","endsAt":"0001-01-01T00:00:00Z"}]},
      "timestamp":"0001-01-01T00:00:00Z"}`,
    { service: "grafana", severity: "critical", timestamp: NOW_SECONDS },
  ],
  [
    "Alertmanager: startsAt with nine digits and an offset",
    `{"type":"alert_firing","node":"piha","service":"node_exporter","severity":"page",
      "timestamp":"2026-01-02T04:04:05.123456789+01:00"}`,
    { severity: "page", timestamp: 1767323045.123456789 },
  ],
  [
    "smartctl: a time object, a syslog number, a counter of 128 bits",
    `{"type":"smart_failure","node":"solaria","service":"nvme0n1","severity":2,
      "payload":{"media_errors":340282366920938463463374607431768211455,"temperatures":[44,null]},
      "timestamp":{"time_t":1767323045,"asctime":"Fri Jan  2 03:04:05 2026 UTC"}}`,
    {
      service: "nvme0n1",
      severity: "2",
      timestamp: NOW_SECONDS,
      payload: {
        media_errors: "340282366920938463463374607431768211455",
        temperatures: [44, null],
      },
    },
  ],
  [
    "smartd: time_t as the time, a device number as the service",
    `{"type":"smart_failure","node":"solaria","service":0,"details":{"service":"sda"},
      "severity":"crit","timestamp":1767323045}`,
    { service: "sda", severity: "crit", timestamp: 1767323045 },
  ],
  [
    "docker events: timeNano",
    `{"type":"container","event_type":"die","node":"piha","service":"jellyfin",
      "payload":{"status":"die","Actor":{"Attributes":{"exitCode":"137"}}},
      "timestamp":1767323045123456789}`,
    { type: "container", service: "jellyfin", timestamp: 1767323045.123456789 },
  ],
  [
    "docker health log: colours and NULs stay in the payload",
    String.raw`{"type":"service_unhealthy","node":"piha","service":"grafana","severity":"error",
      "payload":{"Log":[{"ExitCode":1,"Output":"\u001b[31mcurl: (7)\u001b[0m\u0000"}]}}`,
    { payload: { Log: [{ ExitCode: 1, Output: "\x1b[31mcurl: (7)\x1b[0m\0" }] } },
  ],
  [
    "Home Assistant: microseconds and an offset, a state object",
    `{"event_type":"state_changed","node":"chelsty-ha","details":{"service":"homeassistant",
      "new_state":{"state":"unavailable","last_changed":"2026-01-02T03:04:05.654321+00:00"}},
      "timestamp":"2026-01-02T04:04:05.654321+01:00"}`,
    { node: "chelsty-ha", service: "homeassistant", timestamp: 1767323045.654321 },
  ],
  [
    "Zigbee2MQTT: bridge state, last_seen in milliseconds as text",
    `{"type":"bridge_offline","node":"chelsty-infra","service":"zigbee2mqtt","severity":"error",
      "payload":{"state":"offline"},"timestamp":"1767323045123"}`,
    { node: "chelsty-infra", service: "zigbee2mqtt", timestamp: 1767323045.123 },
  ],
  [
    "node_exporter: a mount point, Python's NaN",
    `{"event_type":"disk_pressure","node":"piha","service":"/","severity":"warning",
      "details":{"percent":97.3,"inodes":NaN,"rate":-Infinity,"previous":null},
      "timestamp":"2026-01-02T03:04:05+00:00"}`,
    {
      service: "/",
      timestamp: 1767323045,
      payload: { percent: 97.3, inodes: null, rate: null, previous: null },
    },
  ],
  [
    "Python: time and severity NaN",
    `{"type":"x","node":"piha","severity":NaN,"timestamp":NaN}`,
    { severity: "info", service: "piha", timestamp: NOW_SECONDS },
  ],
  [
    "watchtower: the control plane's shape, a log time with one digit",
    `{"event_type":"update_failed","node":"solaria","service":"watchtower","severity":"warning",
      "details":{"report":{"updated":[],"failed":[{"name":"/jellyfin"}]}},
      "timestamp":"2026-01-02T04:04:05.1+01:00"}`,
    { type: "update_failed", timestamp: 1767323045.1 },
  ],
  [
    "a node without a clock battery",
    `{"type":"service_unhealthy","node":"piha","service":"chrony","timestamp":12.5}`,
    { timestamp: NOW_SECONDS },
  ],
];

for (const [name, text, expected] of FIELD) {
  Deno.test(`parseEvent: ${name}`, () => {
    const message = readMessage(new TextEncoder().encode(text));
    assert.ok(message.ok);
    const event = eventOf(message.value);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(Reflect.get(event, key), value, key);
    }
  });
}

function assertSound(event: HealthEvent) {
  for (const name of [event.node, event.service, event.type]) {
    assert.ok(name.length > 0 && [...name].length <= 200, name);
    assert.doesNotMatch(name, /\p{Cc}/u);
  }
  assert.ok(event.severity.length > 0 && [...event.severity].length <= 40);
  assert.ok(event.timestamp >= 1577836800 && event.timestamp <= NOW_SECONDS + 86_400);
  assert.equal(typeof event.payload, "object");
  assert.equal(Array.isArray(event.payload) || event.payload === null, false);
}

const KEYS = ["type", "event_type", "node", "service", "severity", "payload", "details"];

Deno.test("parseEvent: any JSON object gives a sound event or a refusal", () => {
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: anyCharacter, maxLength: 8 }) },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter, minLength: 300, maxLength: 600 }) },
    { weight: 2, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.double() },
  );
  const raw = fc.record(
    Object.fromEntries(
      [...KEYS, "timestamp", "__proto__", "constructor"].map((key) => [key, name]),
    ),
    { requiredKeys: [] },
  );
  let accepted = 0;
  fc.assert(
    fc.property(raw, (fields) => {
      const result = parseEvent(fields, "health_events", NOW);
      if (!result.ok) return assert.match(result.refusal, /^(?:no|type|node)_/);
      accepted++;
      assertSound(result.event);
    }),
    { numRuns: 1000 },
  );
  assert.ok(accepted > 50, `only ${accepted} of 1000 were events`);
});

Deno.test("parseEvent: a valid message with bytes changed gives a sound event or a refusal", () => {
  const valid = new TextEncoder().encode(JSON.stringify(unhealthy({ node: "pi🚀ha" })));
  const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), fc.nat(valid.length), (changes, cut) => {
      const bytes = valid.slice(0, cut % 3 === 0 ? cut : valid.length);
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      const message = readMessage(bytes);
      if (!message.ok) return void outcomes.add(message.refusal.kind);
      const result = parseEvent(message.value, "health_events", NOW);
      outcomes.add(result.ok ? "event" : result.refusal);
      if (result.ok) assertSound(result.event);
    }),
    { numRuns: 1000 },
  );
  for (const expected of ["event", "invalid_json", "invalid_utf8"]) {
    assert.ok(outcomes.has(expected), `${expected} not among ${[...outcomes].join(", ")}`);
  }
});

/** The seed's choice of names and payload, for values that it can take. */
function seedChoice(raw: Raw) {
  const truthy = (value: unknown) =>
    typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
  const or = (...values: unknown[]) => values.find(truthy) ?? values.at(-1);
  const dict = (value: unknown): value is Raw =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const details = or(raw.details, raw.payload, {});
  const payload = or(raw.payload, raw.details, {});
  return {
    type: or(raw.type, raw.event_type),
    service: or(raw.service, dict(details) ? details.service : "", raw.node),
    // Where the seed drops what is no object, it is kept.
    payload: dict(payload)
      ? payload
      : Array.isArray(payload)
      ? { items: payload }
      : { text: payload },
  };
}

Deno.test("parseEvent: chooses as the seed among what is present", () => {
  const empty = fc.constantFrom(undefined, null, "", 0, false, [], {});
  const name = fc.oneof(empty, fc.constantFrom("a", "b", "c"));
  const inner = fc.oneof(
    empty,
    fc.constantFrom("text", ["list"], { a: 1 }),
    fc.record({ service: fc.oneof(empty, fc.constantFrom("d", "e")) }),
  );
  const raw = fc.record({
    type: name,
    event_type: fc.constantFrom("x", "y"),
    node: fc.constant("piha"),
    service: name,
    payload: inner,
    details: inner,
  });
  fc.assert(
    fc.property(raw, (fields) => {
      const { type, service, payload } = eventOf(fields);
      assert.deepEqual({ type, service, payload }, seedChoice(fields));
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseEvent: who says so is kept, cleaned and bounded", () => {
  const raw = { type: "x", node: "piha", source: "ha-diag-agent", correlation_id: 7 };
  assert.deepEqual(eventOf({ ...raw, payload: { location_tag: "ken\n" } }).origin, {
    source: "ha-diag-agent",
    correlation_id: "7",
    location_tag: "ken",
  });
  assert.equal(eventOf({ type: "x", node: "piha", source: [] }).origin, undefined);
  assert.equal(eventOf({ ...raw, source: "s".repeat(900) }).origin?.source?.length, 200);
});

Deno.test("parseEvent: an alias in any letter case is its node, and what was sent is kept", () => {
  const aliases = new Map([["cabin", "hut"]]);
  const sent = (raw: Raw) => {
    const parsed = parseEvent({ type: "x", ...raw }, "c", NOW, { aliases });
    return parsed.ok && [parsed.event.node, parsed.event.service, parsed.event.origin];
  };
  assert.deepEqual(sent({ node: "Cabin" }), ["hut", "hut", { sent_as: "Cabin" }]);
  assert.deepEqual(sent({ node: "cabin", service: "cabin" }), ["hut", "hut", { sent_as: "cabin" }]);
  assert.deepEqual(sent({ node: "cabin", service: "db" }), ["hut", "db", { sent_as: "cabin" }]);
  assert.deepEqual(sent({ node: "hut", service: "db" }), ["hut", "db", undefined]);
});
