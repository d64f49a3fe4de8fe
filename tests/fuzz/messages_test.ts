import assert from "node:assert/strict";
import fc from "fast-check";
import { redactText } from "../../lib/base/text/redact.ts";
import { visibleText } from "../../lib/base/text/visible.ts";
import { excerpt } from "../../lib/event/excerpt.ts";
import type { HealthEvent } from "../../lib/event/event.ts";
import { newsOf } from "../../lib/event/news.ts";
import { createReception } from "../../lib/planner/receive.ts";
import { anyCharacter } from "../support/any_character.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { inTimeNow, runs } from "./runs.ts";

const WORDS = [
  ...["service_unhealthy", "NodeOffline", "resolved", "piha", "chelsty-ha", "critical", "5", "P1"],
  ...[
    "\x1b[31m",
    "\u202e",
    "\u0000",
    "\ud800",
    "../..",
    "`".repeat(3),
    "<|im_start|>",
    "ｃｈｅｌｓｔｙ",
  ],
  ...["password=hunter2", "__proto__", "constructor", "", " ", "x".repeat(3_000), "9".repeat(40)],
];
const word = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: anyCharacter, maxLength: 12 }));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    word,
    fc.constantFrom(null, true, false, 0, -1, 1e308, 1_767_323_045, "2026-01-02T03:04:05Z", [], {}),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(word, tie("value"), { maxKeys: 4 }),
  ),
}));
const KEYS = ["type", "node", "service", "severity", "timestamp", "payload", "details", "message"];
const event = fc.record(
  Object.fromEntries(
    [...KEYS, "id", "source", "correlation_id", "location_tag", "status", "alerts"].map((
      key,
    ) => [key, value]),
  ),
  { requiredKeys: [] },
);
const encoder = new TextEncoder();

/** Objects, wrapped and broken as senders do. */
const message = fc.tuple(event, fc.nat(), fc.nat(9)).map(([object, at, how]) => {
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
  fc.assert(
    fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 60 })), (bytes) => {
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
      for (const each of events) {
        for (const name of [each.node, each.service, each.type, each.severity]) {
          assert.ok(name.length > 0 && name.length <= 400 && isClean(name), JSON.stringify(name));
        }
        assert.ok(Number.isFinite(each.timestamp));
        assert.match(newsOf(each), /^(?:fault|recovery|benign|[a-z_]+)$/);
        const shown = inTimeNow(() => excerpt(each.payload, 2_048));
        assert.ok(encoder.encode(shown).length <= 2_048 && isClean(shown));
        assert.doesNotMatch(shown, /<\||```|hunter2/);
      }
    }),
    runs(1_500),
  );
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
