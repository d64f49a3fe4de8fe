import assert from "node:assert/strict";
import fc from "fast-check";
import { createTranslator, engineEvent } from "../../examples/docker-events/docker-events.ts";
import { parseSettings, SettingsError } from "../../examples/executor/settings.ts";
import { AlertError, RECEIVERS } from "../../examples/webhook/webhook.ts";
import { isActionId } from "../../examples/lib/action.ts";
import { parseEvent } from "../../lib/event/parse.ts";

const KEYS = [
  ...["alerts", "labels", "annotations", "status", "alertname", "instance", "node", "service"],
  ...["heartbeat", "monitor", "tags", "name", "value", "endpoint", "group", "state", "type"],
  ...["Type", "Action", "Actor", "ID", "Attributes", "timeNano", "exitCode", "signal"],
  ...["targets", "project", "file", "host", "allow", "a/b", "__proto__", "constructor"],
];
const WORDS = [
  "container",
  "die",
  "kill",
  "resolved",
  "RESOLVED",
  "restart",
  "ssh://a",
  "-x",
  0,
  1,
];

/** JSON that often has the right keys in the wrong places. */
const json = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...WORDS),
    fc.jsonValue(),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("any"), { maxKeys: 6 }),
  ),
})).any;

Deno.test("webhook: any body is refused, or becomes events that the agent takes", () => {
  fc.assert(fc.property(fc.constantFrom(...Object.keys(RECEIVERS)), json, (path, body) => {
    try {
      for (const event of RECEIVERS[path]?.(body, "house") ?? []) {
        const parsed = parseEvent({ ...event }, "health_events", Date.now());
        // A name of invisible characters alone is none to the agent.
        assert.ok(parsed.ok || /^no_|_not_text$/.test(parsed.refusal));
        assert.ok(event.type.length <= 400 && event.service.length <= 200);
      }
    } catch (error) {
      assert.ok(error instanceof AlertError, String(error));
    }
  }));
});

Deno.test("docker-events: any line is passed over, or becomes bounded events", () => {
  const told: object[] = [];
  const translate = createTranslator("piha", (event) => told.push(event), (_, run) => {
    run();
    return () => {};
  });
  fc.assert(fc.property(json, (line) => {
    const event = engineEvent(JSON.stringify(line));
    if (event) translate(event);
  }));
});

Deno.test("executor: any executor.json is read, or refused in words", () => {
  fc.assert(fc.property(json, (settings) => {
    try {
      const { targets } = parseSettings(JSON.stringify(settings));
      for (const { project, service, host = "", file = "" } of targets.values()) {
        for (const word of [project, service, host, file]) assert.doesNotMatch(word, /^-|\s|;/);
      }
    } catch (error) {
      assert.ok(error instanceof SettingsError, String(error));
    }
  }));
});

Deno.test("examples: no id leads out of a folder", () => {
  for (const id of ["", ".", "..", ".hidden", "a/b", "../a", "a\0", "a\n", "ä", "a".repeat(251)]) {
    assert.ok(!isActionId(id), JSON.stringify(id));
  }
  fc.assert(fc.property(fc.string({ unit: "binary" }), (id) => {
    if (isActionId(id)) assert.doesNotMatch(id, /\/|^\.|\p{C}/u);
  }));
});
