import assert from "node:assert/strict";
import fc from "fast-check";
import { redactText } from "../../lib/base/text/redact.ts";
import { visibleText } from "../../lib/base/text/visible.ts";
import { excerpt } from "../../lib/event/excerpt.ts";
import type { HealthEvent } from "../../lib/event/event.ts";
import { newsOf } from "../../lib/event/news.ts";
import { createReception } from "../../lib/planner/receive.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { altered, word } from "./hostile.ts";
import { depths, inTimeNow, runs } from "./runs.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const SHAPES = [
  {
    ...{ type: "service_unhealthy", ...TARGET, severity: "error", source: "node-agent" },
    ...{ timestamp: 1_767_323_045, correlation_id: "c-1", location_tag: "home" },
    payload: { exit_code: 137, log: "Out of memory\npassword=hunter2", restarts: [1, 2] },
  },
  {
    ...{ event_type: "NodeOffline", node: "chelsty-ha", level: { name: "critical" } },
    details: { service: "all", last_seen: "2026-01-02T03:04:05Z", error: "timed out" },
    timestamp: "2026-01-02T03:04:05Z",
  },
  {
    ...{ type: "containers_unhealthy", ...TARGET, severity: 2 },
    payload: { containers: [{ name: "traefik", exit_code: 1 }, "mosquitto", { service: "db" }] },
  },
  { type: "service_recovered", ...TARGET, severity: "info", payload: { message: "up again" } },
];
const event = altered(fc.constantFrom(...SHAPES));
const encoder = new TextEncoder();

/** Objects, wrapped and broken as senders do. */
const message = fc.tuple(event, fc.nat(), fc.nat(19)).map(([object, at, how]) => {
  const text = JSON.stringify(object);
  const cut = at % (text.length + 1);
  switch (how) {
    case 0:
      return encoder.encode(text.slice(0, cut));
    case 1:
      return encoder.encode(`${text.slice(0, cut)}\x00${text.slice(cut)}`);
    case 2:
      return encoder.encode(JSON.stringify(text));
    case 3:
      return encoder.encode(`${text}\0`);
    case 4:
      return encoder.encode(`[${text}]`);
    case 5:
      return encoder.encode(text).with(Math.min(cut, text.length - 1), at % 256);
    default:
      return encoder.encode(text);
  }
});

// deno-lint-ignore no-control-regex
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]/;
const isClean = (text: string) => !UNSEEN.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ""));

Deno.test("fuzz: whatever is published is an event with clean names, or is counted and logged", () => {
  const depth = depths();
  fc.assert(
    fc.property(
      fc.oneof({ weight: 9, arbitrary: message }, fc.uint8Array({ maxLength: 60 })),
      (bytes) => {
        const clock = fakeClock();
        const log = recordingLog();
        const events: HealthEvent[] = [];
        const endings: string[] = [];
        const { receive } = createReception({
          clock,
          log,
          counters: { received: () => {} },
          aliases: new Map(),
        }, {
          onEvent: (each) => events.push(each),
          onEnding: ({ outcome }) => endings.push(outcome),
        });
        inTimeNow(() => receive(bytes, "health_events"));
        assert.ok(events.length > 0 || endings.length === 1);
        assert.ok(events.length <= 20);
        depth.note("event", events.length > 0);
        for (const each of events) {
          for (const name of [each.node, each.service, each.type, each.severity]) {
            assert.ok(name.length > 0 && name.length <= 400 && isClean(name), JSON.stringify(name));
          }
          assert.ok(Number.isFinite(each.timestamp));
          assert.match(newsOf(each), /^(?:fault|recovery|benign|[a-z_]+)$/);
          const shown = inTimeNow(() => excerpt(each.payload, 2_048));
          assert.ok(encoder.encode(shown).length <= 2_048 && isClean(shown));
          assert.doesNotMatch(shown, /<\||```|password=hunter2/);
        }
      },
    ),
    runs(1_500),
  );
  depth.atLeast({ event: 0.5 });
});

Deno.test("fuzz: redaction ends, is done once, and leaves nothing unseen", () => {
  const piece = fc.oneof(
    word,
    fc.constantFrom(
      "password",
      "token:",
      "=",
      ":",
      '"',
      "'",
      "\\",
      "\n",
      "[",
      "{",
      "<",
      ">",
      "://",
      "@",
    ),
    fc.constantFrom(
      "&#112;",
      "\\x70",
      "%70",
      "AUTH PLAIN ",
      "-----BEGIN PRIVATE KEY-----",
      "eyJ",
      "1, ",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = visibleText(pieces.join(""));
      const once = inTimeNow(() => redactText(text));
      assert.equal(redactText(once), once);
    }),
    runs(1_500),
  );
});
