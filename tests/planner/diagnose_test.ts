import assert from "node:assert/strict";
import { promptSha256 } from "../../lib/proposal/audit.ts";
import type { Diagnosed } from "../../lib/observe/ending.ts";
import { type Attempt, ChainExhaustedError, type RouteResult } from "../../lib/llm/contract.ts";
import { createDiagnosis } from "../../lib/planner/diagnose.ts";
import { createMemory } from "../../lib/gate/memory.ts";
import { buildMessages } from "../../lib/llm/prompt.ts";
import { fakeClock } from "../support/clock.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const ATTEMPTS: readonly Attempt[] = [
  { link: "a", model: "big", outcome: "refused", milliseconds: 2 },
  { link: "b", model: "small", outcome: "ok", milliseconds: 4_000 },
];
const RESULT: RouteResult = {
  content: {
    action: "restart",
    node: "piha",
    service: "mosquitto",
    reason: "container unhealthy, restart it",
    confidence: 0.9,
    requires_human: false,
  },
  modelUsed: "small",
  attempts: ATTEMPTS,
};

/** A route that takes 4 s and ends with what `end` gives or throws. */
function asking(end: () => RouteResult, known?: RouteResult["content"]) {
  const clock = fakeClock();
  const stopping = new AbortController();
  const told: Diagnosed[] = [];
  const lookUps: number[] = [];
  const asked: number[] = [];
  const event = waitingEvent();
  const entry = {
    key: "k",
    event,
    serial: 1,
    arrivedAt: clock.monotonic() - 250,
    failures: 0,
    notBefore: 0,
  };
  const diagnose = createDiagnosis({
    clock,
    memory: createMemory({ clock }),
    systemPrompt: () => "system",
    outcomesFor: () => Promise.resolve([]),
    suppression: { verdict: () => known },
    onDiagnosed: (diagnosed) => told.push(diagnosed),
    modelDigests: {
      lookUp: () => void lookUps.push(clock.monotonic()),
      of: (link) => link === "b" ? "845dbda0ea48" : undefined,
    },
    router: {
      async route() {
        await clock.advance(4_000);
        return end();
      },
    },
  });
  return {
    clock,
    event,
    entry,
    told,
    lookUps,
    stopping,
    asked,
    route: () =>
      diagnose(entry, { signal: stopping.signal, allowance: { asking: () => void asked.push(1) } }),
  };
}

Deno.test("createDiagnosis: the answer, and how it came to be", async () => {
  const it = asking(() => RESULT);
  const { content, provenance, diagnosed } = await it.route();
  assert.equal(content, RESULT.content);
  assert.deepEqual(provenance, {
    event: it.event,
    modelUsed: "small",
    attempts: ATTEMPTS,
    waitedMs: 250,
    promptSha256: promptSha256(
      buildMessages("system", it.event, {
        facts: ["exit 137: killed by SIGKILL, no word of memory"],
      }),
    ),
    modelDigest: "845dbda0ea48",
  });
  assert.deepEqual(it.told, [{
    event: it.event,
    failures: 0,
    waitedMs: 250,
    milliseconds: 4_000,
    overAt: 5_000,
    attempts: ATTEMPTS,
    modelUsed: "small",
  }]);
  assert.equal(diagnosed, it.told[0]);
  assert.deepEqual([it.lookUps, it.asked.length], [[1_000], 1]);
});

Deno.test("createDiagnosis: an exhausted chain is told, and thrown", async () => {
  const attempts = ATTEMPTS.slice(0, 1);
  const exhausted = new ChainExhaustedError("planner.piha/mosquitto", attempts);
  const it = asking(() => {
    throw exhausted;
  });
  await assert.rejects(it.route(), exhausted);
  assert.deepEqual(it.told, [{
    event: it.event,
    failures: 0,
    waitedMs: 250,
    milliseconds: 4_000,
    overAt: 5_000,
    attempts,
    error: "planner.piha/mosquitto: no link answered: a: refused",
  }]);
});

Deno.test("createDiagnosis: what ends because the agent stops, or by a fault, is not told", async () => {
  for (const error of [new ChainExhaustedError("x", []), new TypeError("fault")]) {
    const it = asking(() => {
      it.stopping.abort();
      throw error;
    });
    await assert.rejects(it.route(), error);
    assert.deepEqual(it.told, []);
  }
});

Deno.test("createDiagnosis: what is known is answered without asking anybody", async () => {
  const it = asking(() => RESULT, RESULT.content);
  assert.deepEqual(await it.route(), {
    content: RESULT.content,
    provenance: { event: it.event, modelUsed: "rules", attempts: [], waitedMs: 250 },
  });
  assert.deepEqual([it.told, it.lookUps, it.asked], [[], [], []]);
});
