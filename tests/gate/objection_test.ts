import assert from "node:assert/strict";
import { coolingDown } from "../../lib/gate/cooldown.ts";
import { firstOf, type Objection } from "../../lib/gate/objection.ts";
import { waitingEvent } from "../support/waiting_event.ts";

Deno.test("coolingDown: objects with the seconds that remain", () => {
  const remaining = (key: string) => key === "warm" ? 12_400 : 0;
  const event = waitingEvent();
  assert.equal(coolingDown(remaining)(event, "cold"), undefined);
  assert.deepEqual(coolingDown(remaining)(event, "warm"), {
    outcome: "cooldown",
    line: "cooldown_active",
    fields: { remaining_seconds: 12 },
    detail: "12 s remain",
  });
});

Deno.test("firstOf: the first that objects has the word, and nobody is asked after it", () => {
  const asked: string[] = [];
  const objection = (name: string, objects: boolean): Objection => () => {
    asked.push(name);
    return objects ? { outcome: "held", line: "proposal_held", detail: name } : undefined;
  };
  const all = [objection("a", false), objection("b", true), objection("c", true)];
  assert.equal(firstOf(all, waitingEvent(), "k")?.detail, "b");
  assert.deepEqual(asked, ["a", "b"]);
  assert.equal(firstOf(all.slice(0, 1), waitingEvent(), "k"), undefined);
});
