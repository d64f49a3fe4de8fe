import "../support/deadlines.ts";
import assert from "node:assert/strict";
import { runWeek, table, type WeekResult } from "./week.ts";

/** Events of the neighbours that a proposal may come from; what is over is none of them. */
const FAULTS = [
  "containers_not_running",
  "disk_usage_high",
  "ha_websocket_dead",
  "node_offline",
  "service_unhealthy",
];

function holdsPromises({ proposed, twice, harmful }: WeekResult) {
  assert.deepEqual(twice, [], "proposed while the same remedy waited");
  assert.equal(harmful, 0, "restarts that did harm");
  const unasked = proposed.filter(({ file: { type, requires_human }, effect }) =>
    (type === "container_restart" || type === "redeploy") && effect === "harmful" &&
    !requires_human
  );
  assert.deepEqual(unasked.map(({ file }) => file.description), []);
  const causes = new Set(proposed.map(({ file }) => file.source_event));
  assert.deepEqual([...causes].filter((type) => !FAULTS.includes(type)), []);
}

Deno.test("house: a week among the neighbours, by the rules alone", async () => {
  const planner = await runWeek("planner");
  const restartsAll = await runWeek("restarts all");
  const tellsAll = await runWeek("tells all");
  holdsPromises(planner);
  assert.ok((planner.outcomes.held ?? 0) > 0, "what others propose is not doubled");
  assert.equal(planner.needed, planner.restarts);
  assert.ok(restartsAll.harmful > 0 && restartsAll.needless > 0);
  assert.ok(planner.decisions < tellsAll.decisions / 2);
  assert.ok(planner.minutesDown < restartsAll.minutesDown);
  assert.ok(planner.minutesDown < tellsAll.minutesDown);
});

Deno.test("house: a model that is sure of restarts does no harm, and asks less", async () => {
  const eager = await runWeek("planner", { model: "eager" });
  holdsPromises(eager);
  assert.ok(
    eager.proposed.some(({ file }) => !file.requires_human),
    "some may go on by themselves",
  );
});

Deno.test("house: the same week for the same seed", async () => {
  const once = await runWeek("planner", { days: 1 });
  const again = await runWeek("planner", { days: 1 });
  assert.deepEqual(table({ once }), table({ once: again }));
});
