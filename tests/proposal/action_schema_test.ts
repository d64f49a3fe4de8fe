import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { ACTIONS } from "../../lib/llm/diagnosis.ts";
import { actionFile } from "../../lib/proposal/action_file.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const SCHEMA = JSON.parse(
  Deno.readTextFileSync(new URL("../../docs/action.schema.json", import.meta.url)),
) as object;

const validate = new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);

function written(action: typeof ACTIONS[number], more: object = {}) {
  const event = waitingEvent({ excerpt: "{}", ...more });
  return actionFile({
    actionId: "plan-piha-mosquitto-1767323045-2",
    event,
    diagnosis: {
      action,
      node: event.node,
      service: event.service,
      reason: "it is unhealthy",
      confidence: 0.9,
      requires_human: true,
    },
    changes: [{ rule: "a", field: "action", from: "restart", to: "notify" }],
    modelUsed: "qwen2.5:7b",
    modelDigest: "ab",
    promptSha256: "ab".repeat(32),
    attempts: [
      { link: "qwen2.5:7b", model: "qwen2.5:7b", outcome: "ok", milliseconds: 12.5, figures: {} },
    ],
    waitedMs: 12.4,
    writtenMs: Date.UTC(2026, 3, 1),
  });
}

const complaints = (file: unknown) => {
  validate(JSON.parse(JSON.stringify(file)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

Deno.test("action.schema.json: what the agent writes, every key", () => {
  const origin = { source: "a", correlation_id: "7", location_tag: "hut", sent_as: "old" };
  for (const action of ACTIONS) {
    assert.deepEqual(complaints(written(action)), []);
    assert.deepEqual(complaints(written(action, { origin })), []);
  }
});

Deno.test("action.schema.json: what an executor and a person add", () => {
  const at = "2026-04-01T00:00:00Z";
  const history = [{ from: "pending", to: "approved", timestamp: at, by: "operator-anna" }];
  for (
    const more of [
      { status: "approved", approved_at: at },
      { status: "running", approved_at: at, executed_at: at },
      { status: "completed", executed_at: at, completed_at: at },
      { status: "failed", executed_at: at, failed_at: at, failure: "docker ended" },
      { status: "rejected", rejected_at: at },
      { status: "cancelled", cancelled_at: at, cancelled_because: "it is past its valid_until" },
    ]
  ) {
    const file = { ...written("restart"), ...more, transition_history: history };
    assert.deepEqual(complaints(file), []);
  }
});

Deno.test("action.schema.json: what is no action file is refused", () => {
  const file = written("restart");
  assert.deepEqual(complaints({ ...file, extra: 1 }), [" must NOT have additional properties"]);
  assert.deepEqual(complaints({ ...file, confidence: 1.5 }), ["/confidence must be <= 1"]);
  assert.deepEqual(complaints({ ...file, action_id: "../x" }).length, 1);
  assert.deepEqual(complaints({ ...file, requires_human: "no" }), [
    "/requires_human must be boolean",
  ]);
  const { payload: { digest: _, ...payload }, ...rest } = file;
  assert.deepEqual(complaints({ ...rest, payload }), [
    "/payload must have required property 'digest'",
  ]);
});
