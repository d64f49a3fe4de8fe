import assert from "node:assert/strict";
import fc from "fast-check";
import type { Ending } from "../../../lib/observe/ending.ts";
import { historyFold } from "../../../lib/observe/history/fold.ts";
import { type HistoryLine, historyText } from "../../../lib/observe/history/line.ts";
import type { Outcome } from "../../../lib/observe/outcome.ts";
import { fakeClock } from "../../support/clock.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

const MINUTE = 60_000;

function folding() {
  const clock = fakeClock();
  /** As they stand in the file. */
  const lines: HistoryLine[] = [];
  const fold = historyFold({ clock, emit: (line) => lines.push(JSON.parse(historyText(line))) });
  return {
    clock,
    lines,
    fold,
    note(outcome: Outcome, type = "service_unhealthy", service = "mosquitto") {
      fold.note(ending(outcome, type, service));
    },
    /** `outcome type`, with what it stands for. */
    told: () =>
      lines.map(({ outcome, type, repeated, others }) =>
        [outcome, type, repeated && `x${repeated}`, others && `+${others}`]
          .filter((part) => part !== undefined).join(" ")
      ),
  };
}

function ending(outcome: Outcome, type: string, service = "mosquitto"): Ending {
  return { outcome, channel: "health_events", event: waitingEvent({ type, service }) };
}

Deno.test("historyFold: a run is its first line, and after 15 minutes one with the number", async () => {
  const it = folding();
  for (let i = 0; i < 5; i++) it.note("benign", "service_healthy");
  assert.deepEqual(it.lines, [{
    at: "2026-01-02T03:04:05.000Z",
    outcome: "benign",
    channel: "health_events",
    node: "piha",
    service: "mosquitto",
    type: "service_healthy",
    severity: "error",
    timestamp: 1767323045,
  }]);
  await it.clock.advance(15 * MINUTE - 1);
  assert.equal(it.lines.length, 1);
  await it.clock.advance(1);
  assert.deepEqual(it.lines.slice(1), [{
    at: "2026-01-02T03:19:05.000Z",
    outcome: "benign",
    channel: "health_events",
    node: "piha",
    service: "mosquitto",
    type: "service_healthy",
    severity: "error",
    repeated: 4,
  }]);
  assert.equal(it.clock.waiting, 0);
  it.note("benign", "service_healthy");
  assert.equal(it.lines.length, 3);
});

Deno.test("historyFold: another kind of event ends a run, and what was counted comes first", () => {
  const it = folding();
  it.note("benign", "service_healthy");
  it.note("benign", "service_healthy");
  it.note("cooldown");
  it.note("benign", "service_healthy");
  it.note("benign", "service_healthy", "grafana");
  assert.deepEqual(it.told(), [
    "benign service_healthy",
    "benign service_healthy x1",
    "cooldown service_unhealthy",
    "benign service_healthy",
    "benign service_healthy",
  ]);
});

Deno.test("historyFold: a diagnosis in between ends a run, too", () => {
  const it = folding();
  it.note("cooldown");
  it.note("cooldown");
  it.fold.interrupt({ node: "piha", service: "mosquitto" });
  it.fold.interrupt({ node: "piha", service: "mosquitto" });
  it.fold.interrupt({ node: "vps", service: "unknown" });
  it.note("cooldown");
  assert.deepEqual(it.told(), [
    "cooldown service_unhealthy",
    "cooldown service_unhealthy x1",
    "cooldown service_unhealthy",
  ]);
});

Deno.test("historyFold: targets are pairs, not joined texts", () => {
  const it = folding();
  const about = (node: string, service: string) =>
    it.fold.note({ outcome: "benign", channel: "c", event: waitingEvent({ node, service }) });
  about("a", "b/c");
  about("a/b", "c");
  about("a", "b/c");
  assert.equal(it.lines.length, 2);
});

Deno.test("historyFold: a target that keeps changing gets 20 lines a window, the rest is counted", () => {
  const it = folding();
  for (let i = 0; i < 1_000; i++) {
    it.note("benign", "service_healthy");
    it.note("cooldown");
  }
  assert.equal(it.lines.length, 20);
  it.fold.flush();
  assert.deepEqual(it.told().slice(20), [
    "benign service_healthy x990",
    "cooldown service_unhealthy x990",
  ]);
});

Deno.test("historyFold: of eight kinds of a target each has lines again, a ninth is counted", () => {
  const it = folding();
  for (let kind = 1; kind <= 9; kind++) it.note("benign", `t${kind}`);
  it.note("benign", "t1");
  assert.deepEqual(it.told().slice(-2), ["benign t8", "benign t1"]);
});

Deno.test("historyFold: targets and types without end are counted by outcome", () => {
  const it = folding();
  for (let i = 0; i < 1_500; i++) it.note("benign", "service_healthy", `s${i}`);
  for (let i = 0; i < 100; i++) it.note("cooldown", `t${i}`, "s0");
  assert.equal(it.lines.length, 1_000 + 7);
  it.fold.flush();
  assert.deepEqual(it.lines.slice(1_007), [
    { at: "2026-01-02T03:04:05.000Z", outcome: "benign", others: 500 },
    { at: "2026-01-02T03:04:05.000Z", outcome: "cooldown", others: 93 },
  ]);
});

Deno.test("historyFold: what was no event is folded by channel and reason", () => {
  const it = folding();
  for (let i = 0; i < 3; i++) {
    it.fold.note({ outcome: "malformed", channel: "world_updates", detail: "invalid_json" });
  }
  it.fold.flush();
  assert.deepEqual(it.lines, [
    {
      at: "2026-01-02T03:04:05.000Z",
      outcome: "malformed",
      channel: "world_updates",
      detail: "invalid_json",
    },
    {
      at: "2026-01-02T03:04:05.000Z",
      outcome: "malformed",
      channel: "world_updates",
      detail: "invalid_json",
      repeated: 2,
    },
  ]);
});

Deno.test("historyFold: every ending is in exactly one line", () => {
  const step = fc.record({
    outcome: fc.constantFrom<Outcome>("benign", "cooldown", "dropped"),
    type: fc.constantFrom(...Array.from({ length: 12 }, (_, i) => `t${i}`)),
    service: fc.constantFrom("a", "b"),
    interrupted: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const it = folding();
    for (const { outcome, type, service, interrupted } of steps) {
      it.note(outcome, type, service);
      if (interrupted) it.fold.interrupt({ node: "piha", service });
    }
    it.fold.flush();
    for (const outcome of ["benign", "cooldown", "dropped"]) {
      const told = it.lines.filter((line) => line.outcome === outcome)
        .reduce((sum, { repeated, others }) => sum + (repeated ?? others ?? 1), 0);
      assert.equal(told, steps.filter((step) => step.outcome === outcome).length);
    }
  }));
});

Deno.test("historyFold: 5,000 lines a window in all, counts within it among them", () => {
  const it = folding();
  for (let type = 0; type < 6; type++) {
    for (let i = 0; i < 1_000; i++) it.note("cooldown", `t${type}`, `s${i}`);
  }
  assert.equal(it.lines.length, 5_000);
  it.fold.flush();
  assert.deepEqual(it.told().slice(5_000), ["cooldown +1000"]);
  for (let i = 0; i < 999; i++) {
    for (const type of ["a", "a", "b", "c", "c"]) it.note("cooldown", type, `s${i}`);
  }
  // Four lines of each so far; that a run of "c" ends is a fifth.
  assert.equal(it.lines.length, 5_001 + 999 * 4);
  for (let i = 0; i < 999; i++) it.fold.interrupt({ node: "piha", service: `s${i}` });
  assert.equal(it.lines.length, 5_001 + 999 * 5);
  for (let i = 0; i < 10; i++) it.note("cooldown", "d", `s${i}`);
  assert.equal(it.lines.length, 5_001 + 5_000);
});
