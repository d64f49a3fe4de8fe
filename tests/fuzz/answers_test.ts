import assert from "node:assert/strict";
import fc from "fast-check";
import { createChainRouter, type LinkSpec } from "../../lib/llm/chain.ts";
import { ChainExhaustedError } from "../../lib/llm/contract.ts";
import { ACTIONS, CAUSES, type Diagnosis } from "../../lib/llm/diagnosis.ts";
import { judge } from "../../lib/llm/judgement.ts";
import { systemClock } from "../../lib/base/clock.ts";
import { MESSAGES } from "../support/chain.ts";
import { recordingLog } from "../support/log.ts";
import { waitingEvent } from "../support/waiting_event.ts";
import { altered, cuts, pieces, textOf, word } from "./hostile.ts";
import { depths, inTime, inTimeNow, runs } from "./runs.ts";
import { isClean } from "./terminal.ts";
import { dialling, replyOf } from "./wire.ts";

const TARGET = { node: "piha", service: "mosquitto" };
const SOUND = {
  evidence: "exit_code 137",
  cause: "process",
  reason: "the container was killed for want of memory",
  action: "restart",
  confidence: 0.8,
  requires_human: false,
};

const object = fc.oneof(
  fc.constant(JSON.stringify(SOUND)),
  textOf(altered(fc.constant(SOUND))),
);
const mark = fc.constantFrom(
  ...["<think>", "</think>", "<|channel|>analysis", "<|channel|>final", "<|message|>", "[THINK]"],
  ...["assistantfinal", "analysis", "```json\n", "\n```", "```", "~~~", "<!--", "-->", "{", "}"],
  ...[
    "Thinking:",
    "Answer:",
    "For example: ",
    "wait, ",
    "Actually no. ",
    "\\",
    '"',
    ": ",
    ", ",
    "[",
  ],
);
const wrapped = fc.oneof(
  { weight: 3, arbitrary: object },
  { weight: 2, arbitrary: object.map((text) => `\`\`\`json\n${text}\n\`\`\``) },
  object.map((text) => JSON.stringify(text)),
  object.map((text) => `<think>\n${text} or not</think>\n${text}`),
  fc.tuple(word, object, word).map((parts) => parts.join("\n")),
);
const answer = fc.oneof(
  { weight: 3, arbitrary: wrapped },
  fc.array(fc.oneof(mark, object, word), { maxLength: 12 }).map((parts) => parts.join("")),
  // What takes too long shows when there is much of it.
  fc.tuple(fc.array(fc.oneof(mark, word), { minLength: 1, maxLength: 3 }), fc.boolean(), object)
    .map(([parts, isFull, text]) => {
      const one = parts.join("").slice(0, 200) || " ";
      return one.repeat((isFull ? 65_000 : 3_000) / one.length) + text;
    }),
);

function isDiagnosis(diagnosis: Diagnosis): void {
  const { action, node, service, reason, confidence, requires_human, cause, evidence, ...rest } =
    diagnosis;
  assert.deepEqual([rest, { node, service }], [{}, TARGET]);
  assert.ok(ACTIONS.includes(action) && [...reason].length >= 10);
  assert.ok(confidence >= 0 && confidence <= 1 && typeof requires_human === "boolean");
  assert.ok(cause === undefined || CAUSES.includes(cause));
  assert.ok(evidence === undefined || typeof evidence === "string");
  assert.equal(Object.getPrototypeOf(diagnosis), Object.prototype);
}

Deno.test("fuzz: whatever a model says, it is a whole diagnosis of its event, or none, soon", () => {
  const depth = depths();
  fc.assert(
    fc.property(answer, (text) => {
      const judged = inTimeNow(() => judge(text, TARGET));
      depth.note("object", judged.ok || judged.kind === "schema_violation");
      depth.note("diagnosis", judged.ok);
      if (judged.ok) isDiagnosis(judged.diagnosis);
      else assert.ok(judged.error.length > 5);
    }),
    runs(1_200),
  );
  depth.atLeast({ object: 0.4, diagnosis: 0.15 });
});

/** The answer of a model token by token, as each API streams it; some altered. */
const tokens = fc.tuple(wrapped, fc.integer({ min: 1, max: 40 })).map(([text, most]) => {
  const size = Math.ceil(text.length / most) || 1;
  return Array.from(
    { length: Math.ceil(text.length / size) },
    (_, n) => text.slice(n * size, (n + 1) * size),
  );
});
const message = (content: string) => ({ role: "assistant", content });
const FIGURES = { prompt_eval_count: 700, eval_count: 40, eval_duration: 2e6, load_duration: 1e6 };
const ollama = fc.tuple(tokens, fc.boolean()).map(([some, whole]) =>
  whole ? [{ message: message(some.join("")), done: true, done_reason: "stop", ...FIGURES }] : [
    ...some.map((content) => ({ message: message(content), done: false })),
    { message: { ...message(""), thinking: "hm" }, done: true, done_reason: "stop", ...FIGURES },
  ]
);
const USAGE = {
  prompt_tokens: 700,
  completion_tokens: 40,
  prompt_tokens_details: { cached_tokens: 9 },
};
const openai = tokens.map((some) => [
  { choices: [{ delta: { role: "assistant", content: "" } }] },
  ...some.map((content) => ({ choices: [{ delta: { content }, finish_reason: null }] })),
  { choices: [{ delta: {}, finish_reason: "stop" }], timings: { prompt_n: 9, cache_n: 2 } },
  { choices: [], usage: USAGE },
]);

/** One of the objects of a stream altered, or all as they are. */
function oneAltered(objects: fc.Arbitrary<readonly unknown[]>): fc.Arbitrary<readonly unknown[]> {
  return objects.chain((all) =>
    fc.nat(2 * all.length - 1).chain((at) =>
      at >= all.length
        ? fc.constant(all)
        : altered(fc.constant(all[at])).map((one) => all.with(at, one))
    )
  );
}

const lines = oneAltered(ollama).map((all) =>
  all.map((one) => `${JSON.stringify(one)}\n`).join("")
);
const events = fc.tuple(
  oneAltered(openai),
  fc.constantFrom("\n\n", "\r\n\r\n", "\r\r", "\n: still here\n\n"),
  fc.constantFrom("data: [DONE]\n\n", "data: [DONE]\n\n", ""),
).map(([all, end, last]) => all.map((one) => `data: ${JSON.stringify(one)}${end}`).join("") + last);

const LINKS: readonly (readonly [LinkSpec, fc.Arbitrary<string>])[] = [
  [{ kind: "ollama", name: "m", model: "m", host: "http://127.0.0.1:1" }, lines],
  [{ kind: "openai", name: "openai/m", model: "m", host: "http://127.0.0.1:1" }, events],
];

/** What the chain makes of a server that says these bytes whatever it is asked. */
async function diagnosed(link: LinkSpec, parts: readonly Uint8Array[]) {
  const config = {
    chain: [link],
    firstTokenSeconds: 5,
    idleSeconds: 5,
    timeoutSeconds: 5,
    attemptsPerLink: 2,
    contextTokens: 4_096,
    keepAlive: undefined,
    apiKeys: new Map([[link.kind === "rules" ? "" : link.host, "s3cr3t"]]),
  };
  const options = { clock: systemClock, log: recordingLog(), dial: dialling(parts) };
  const router = createChainRouter({ config, ...options });
  const { signal } = new AbortController();
  const context = { label: "planner.piha/mosquitto", event: waitingEvent(), signal };
  try {
    const { content, attempts } = await router.route(MESSAGES, context);
    return { content, attempts };
  } catch (error) {
    assert.ok(error instanceof ChainExhaustedError, String(error));
    return { content: undefined, attempts: error.attempts };
  }
}

for (const [link, body] of LINKS) {
  Deno.test(`fuzz: whatever a server of ${link.kind} streams, and however split, it is one answer or failure`, async () => {
    const depth = depths();
    await fc.assert(
      fc.asyncProperty(fc.oneof(replyOf(body), body.map(plain)), cuts, async (raw, at) => {
        const whole = await inTime(() => diagnosed(link, [raw]));
        const split = await inTime(() => diagnosed(link, pieces(raw, at)));
        const told = ({ attempts }: typeof whole) =>
          attempts.map(({ outcome, error, figures }) => ({ outcome, error, figures }));
        assert.deepEqual([split.content, told(split)], [whole.content, told(whole)]);
        depth.note("diagnosis", whole.content !== undefined);
        if (whole.content) isDiagnosis(whole.content);
        for (const { error = "" } of whole.attempts) {
          isClean(error, "an attempt's error");
          assert.ok(error.length <= 300 && !error.includes("s3cr3t"), error);
        }
      }),
      runs(250),
    );
    depth.atLeast({ diagnosis: 0.15 });
  });
}

/** A reply without a fault of HTTP's. */
function plain(body: string): Uint8Array {
  return new TextEncoder().encode(`HTTP/1.1 200 OK\r\n\r\n${body}`);
}
