import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { parseLabels } from "../lib/cli/eval/label.ts";
import { severityRank } from "../lib/event/severity.ts";
import { DEFAULT_TOPOLOGY } from "../lib/config/topology.ts";

const PATH = join(import.meta.dirname ?? ".", "../scripts/eval/events.ndjson");
const BYTES = Deno.readFileSync(PATH);
const LABELS = parseLabels(BYTES, { nowMs: Date.UTC(2026, 0, 2), payloadBytes: 2048 });

Deno.test("events.ndjson: sixty labelled events, none of them twice", () => {
  assert.equal(LABELS.length, 60);
  const essence = LABELS.map(({ event }) =>
    `${event.node} ${event.service} ${event.type} ${event.excerpt}`
  );
  assert.equal(new Set(essence).size, 60);
});

Deno.test("events.ndjson: each says why, and each payload is shown whole and has no secret", () => {
  for (const line of new TextDecoder().decode(BYTES).trimEnd().split("\n")) {
    assert.ok(JSON.parse(line).why.length > 5, line);
  }
  for (const { line, event } of LABELS) {
    assert.ok(
      event.excerpt !== "" && !/\[redacted\]|bytes cut/.test(event.excerpt),
      `line ${line}`,
    );
  }
});

Deno.test("events.ndjson: the times are the senders' own", () => {
  const [from, to] = [Date.UTC(2025, 10, 1) / 1000, Date.UTC(2025, 11, 1) / 1000];
  const strange = LABELS.filter(({ event }) => event.timestamp < from || event.timestamp > to);
  assert.deepEqual(strange.map(({ line }) => line), []);
});

Deno.test("events.ndjson: the five nodes of the reference homelab, every severity", () => {
  const nodes = [...new Set(LABELS.map(({ event }) => event.node))].sort();
  assert.deepEqual(nodes, DEFAULT_TOPOLOGY.nodes.map(({ name }) => name).sort());
  assert.deepEqual([...new Set(LABELS.map(({ event }) => severityRank(event.severity)))].sort(), [
    0,
    1,
    2,
    3,
  ]);
});

Deno.test("events.ndjson: no label asks for what the risk rules forbid", () => {
  for (const { line, event, acceptable, requiresHuman } of LABELS) {
    if (event.node.startsWith("chelsty-")) assert.equal(requiresHuman, true, `line ${line}`);
    if (event.type.startsWith("disk_pressure")) {
      assert.deepEqual(acceptable, ["notify"], `line ${line}`);
    }
  }
});
