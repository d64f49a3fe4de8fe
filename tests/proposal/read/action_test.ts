import assert from "node:assert/strict";
import fc from "fast-check";
import { isActionId, readAction } from "../../../lib/proposal/read/action.ts";
import { proposalFile } from "../../support/proposal_file.ts";

const ID = "plan-piha-mosquitto-1767323045";

function why(text: string): string {
  const read = readAction(text, ID);
  return read.kind === "damaged" ? read.why : "not damaged";
}

function view(text: string) {
  const read = readAction(text, ID);
  assert.equal(read.kind, "proposal");
  if (read.kind !== "proposal") throw new Error("unreachable");
  return read.view;
}

Deno.test("readAction: a proposal as the agent writes it", () => {
  const policy = [{ rule: "by_hand", field: "requires_human", from: false, to: true }];
  const { content, ...rest } = view(proposalFile({}, { policy }));
  assert.deepEqual(rest, {
    actionId: ID,
    node: "piha",
    service: "mosquitto",
    type: "container_restart",
    action: "restart",
    riskLevel: "low",
    requiresHuman: false,
    confidence: 0.9,
    reason: "the container was killed",
    status: "pending",
    timestamp: 1_767_323_045,
    sourceEvent: "service_unhealthy",
    proposedBy: "planner-agent",
    location: "",
    model: "qwen2.5:7b",
    attempts: 2,
    changes: [{ rule: "by_hand", field: "requires_human", from: "false", to: "true" }],
    validUntil: "2026-01-02T03:34:05Z",
  });
  assert.equal(content.action_id, ID);
});

Deno.test("readAction: without a payload the executor's word and the description do", () => {
  const { payload: _payload, llm_attempts: _attempts, ...bare } = JSON.parse(proposalFile());
  const { action, reason, attempts, changes, validUntil } = view(JSON.stringify(bare));
  assert.deepEqual([action, reason, attempts, changes, validUntil], [
    "container_restart",
    "RESTART mosquitto on piha: the container was killed",
    null,
    [],
    "",
  ]);
});

Deno.test("readAction: says what is damaged", () => {
  assert.deepEqual(
    {
      empty: why(""),
      zeroes: why("\0".repeat(100)),
      half: why(proposalFile().slice(0, 200)),
      list: why("[]"),
      text: why('"x"'),
      other: why(proposalFile({ action_id: "plan-x-y-1" })),
      nameless: why(proposalFile({ action_id: undefined })),
      node: why(proposalFile({ node: 7 })),
      service: why(proposalFile({ service: "\u200b" })),
      confidence: why(proposalFile({ confidence: 1.5 })),
      human: why(proposalFile({ requires_human: "no" })),
      time: why(proposalFile({ timestamp: 1e300 })),
      deep: why(proposalFile({ x: JSON.parse(`${"[".repeat(70)}${"]".repeat(70)}`) })),
    },
    {
      empty: "it is empty",
      zeroes: "it is not JSON",
      half: "it is not JSON",
      list: "it is not a JSON object",
      text: "it is not a JSON object",
      other: 'its action_id is "plan-x-y-1", not the file\'s name',
      nameless: "its action_id is missing, not the file's name",
      node: "node is no text",
      service: "service is no text",
      confidence: "confidence is no number from 0 to 1",
      human: "requires_human is not true or false",
      time: "timestamp is no time in seconds",
      deep: "it is nested deeper than 64",
    },
  );
});

Deno.test("readAction: what is nested 100,000 deep is damaged, not the end of the program", () => {
  assert.equal(
    why(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
    "it is nested deeper than 64",
  );
});

Deno.test("readAction: no text of a file reaches a terminal as more than text", () => {
  const evil = "a\x1b[31mb\x1b]0;title\x07\u202ec\r\nd";
  const { service, reason } = view(proposalFile({ service: evil }, { reason: evil }));
  assert.deepEqual([service, reason], ["abcd", "abc d"]);
  assert.equal(view(proposalFile({}, { reason: "x".repeat(5_000) })).reason.length < 1_100, true);
});

Deno.test("readAction: any JSON is a proposal or damaged", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assert.match(readAction(text, ID).kind, /^(proposal|damaged)$/);
  }));
  const value = fc.jsonValue();
  const keys = fc.constantFrom("type", "node", "confidence", "timestamp", "payload", "llm_model");
  fc.assert(fc.property(fc.dictionary(keys, value), (changes) => {
    const text = JSON.stringify({ ...JSON.parse(proposalFile({})), ...changes });
    assert.match(readAction(text, ID).kind, /^(proposal|damaged)$/);
  }));
});

Deno.test("isActionId: plain file names only", () => {
  for (const id of [ID, "plan-a-b-1-2", "x", "a..b", "_", "-"]) {
    assert.equal(isActionId(id), true, id);
  }
  const others = [
    "",
    ".",
    "..",
    ".hidden",
    "a/b",
    "../x",
    "a\\b",
    "a b",
    "a\n",
    "a\0",
    "ä",
    "a".repeat(251),
  ];
  for (const id of others) assert.equal(isActionId(id), false, id);
});
