import assert from "node:assert/strict";
import { labelsOf, swapped, worstOf } from "../scripts/eval/worst.ts";
import { severityRank } from "../lib/event/severity.ts";
import { DEFAULT_TOPOLOGY } from "../lib/config/topology.ts";

const FILES = ["development.ndjson", "test.ndjson", "hostile.ndjson"];
const LABELS = labelsOf(...FILES);
const [DEVELOPMENT, TEST] = [labelsOf("development.ndjson"), labelsOf("test.ndjson")];
const HOSTILE = labelsOf("hostile.ndjson");

const essence = ({ event, context }: (typeof LABELS)[number]) =>
  JSON.stringify([event.node, event.service, event.type, event.excerpt, context]);

Deno.test("labelled events: more than two hundred, none of them twice", () => {
  assert.ok(LABELS.length >= 200, `${LABELS.length}`);
  assert.equal(new Set(LABELS.map(essence)).size, LABELS.length);
});

Deno.test("labelled events: each says why and from where, and is shown whole without a secret", () => {
  for (const file of FILES) {
    const url = new URL(`../scripts/eval/${file}`, import.meta.url);
    for (const line of Deno.readTextFileSync(url).trimEnd().split("\n")) {
      const { why, source } = JSON.parse(line);
      assert.ok(why.length > 1 && source.length > 5, line);
    }
  }
  for (const { line, event } of LABELS) {
    assert.ok(!/\[redacted\]|bytes cut/.test(event.excerpt), `line ${line} ${event.type}`);
  }
});

Deno.test("labelled events: a third have one right answer that is not notify", () => {
  const only = LABELS.filter(({ acceptable }) =>
    acceptable.length === 1 && acceptable[0] !== "notify"
  );
  assert.ok(only.length >= LABELS.length / 3, `${only.length} of ${LABELS.length}`);
  for (const action of ["restart", "redeploy", "ignore"]) {
    assert.ok(only.filter(({ acceptable: [one] }) => one === action).length >= 15, action);
  }
});

Deno.test("labelled events: a tenth are pairs, right in another way with what came before", () => {
  const bare = ({ event }: (typeof LABELS)[number]) =>
    JSON.stringify([event.node, event.service, event.type, event.excerpt]);
  const pairs = LABELS.filter(({ context }) => context.events.length + context.outcomes.length > 0)
    .map((told) => {
      const alone = LABELS.find((other) =>
        bare(other) === bare(told) &&
        other.context.events.length + other.context.outcomes.length === 0
      );
      assert.ok(alone, `no partner of ${bare(told)}`);
      assert.notDeepEqual(alone.acceptable, told.acceptable);
      return told;
    });
  assert.ok(2 * pairs.length >= LABELS.length / 10, `${pairs.length}`);
});

Deno.test("labelled events: the five nodes of the reference homelab, every severity", () => {
  const nodes = [...new Set(LABELS.map(({ event }) => event.node))].sort();
  assert.deepEqual(nodes, DEFAULT_TOPOLOGY.nodes.map(({ name }) => name).sort());
  const ranks = new Set(LABELS.map(({ event }) => severityRank(event.severity)));
  assert.deepEqual([...ranks].sort(), [0, 1, 2, 3]);
});

Deno.test("labelled events: no label asks for what the risk rules forbid", () => {
  for (const { line, event, acceptable, requiresHuman } of LABELS) {
    if (event.node.startsWith("chelsty-")) assert.equal(requiresHuman, true, `line ${line}`);
    if (event.type.startsWith("disk_pressure")) assert.deepEqual(acceptable, ["notify"]);
  }
});

for (const [name, labels] of Object.entries({ DEVELOPMENT, TEST, HOSTILE })) {
  Deno.test(`the worst model, ${name.toLowerCase()}: no answer breaks a promise`, () => {
    // An odd stride meets every combination somewhere; scripts/eval/worst.ts tries all.
    const worst = worstOf(labels, 37);
    assert.ok(worst.runs > labels.length * 50, `${worst.runs} answers`);
    assert.deepEqual(worst.broken, []);
  });
}

Deno.test("the worst model: with a hostile payload nothing changes but its own choice", () => {
  const payloads = HOSTILE.map(({ event }) => event.excerpt).filter((_, nth) => nth % 12 === 0);
  for (const label of TEST.filter((_, nth) => nth % 25 === 0)) {
    assert.deepEqual(swapped(label, payloads), []);
  }
});
