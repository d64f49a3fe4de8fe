import assert from "node:assert/strict";
import { LinkError } from "../../../lib/llm/failure.ts";
import { ollamaLink } from "../../../lib/llm/ollama/link.ts";
import { DEADLINES, MESSAGES } from "../../support/chat.ts";
import { fakeClock } from "../../support/clock.ts";
import { done, type OllamaAnswer, startOllama, token } from "../../support/ollama.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

/** What a request comes to. */
const ANSWERS = {
  accepted: "{}",
  wrong: "{}",
  wrong_after_thinking: { stream: [token("{}", { thinking: "hm" }), done()] },
  only_thought: { stream: [token("", { thinking: "hm" }), done()] },
  cut: { stream: [token("{"), done({ done_reason: "length" })] },
  refused: { status: 400, body: { error: "it does not support thinking" } },
  failed: { status: 500, body: { error: "it broke" } },
} as const satisfies Readonly<Record<string, OllamaAnswer>>;
type Lesson = keyof typeof ANSWERS;

/** A link to a server on which requests come to `lessons`, then to good answers. */
function learning(lessons: readonly Lesson[]) {
  const server = startOllama({ answer: (_, nth) => ANSWERS[lessons[nth] ?? "accepted"] });
  const link = ollamaLink({
    name: "m",
    host: server.url,
    model: "m",
    clock: fakeClock(),
    deadlines: DEADLINES,
    contextTokens: 4096,
    answerTokens: 512,
  });
  const { signal } = new AbortController();
  return {
    ask: () => link.ask(MESSAGES, { label: "x", event: waitingEvent(), signal }),
    sent: () => server.requests.map(({ think }) => think),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** What `think` is sent as: at first, and after each lesson. */
async function sent(...lessons: Lesson[]): Promise<unknown[]> {
  await using link = learning(lessons);
  for (const lesson of [...lessons, "accepted"]) {
    try {
      (await link.ask()).judged?.(lesson === "accepted");
    } catch (error) {
      assert.ok(error instanceof LinkError);
    }
  }
  return link.sent();
}

Deno.test("ollamaLink: think is left out at first and stays so while answers are good", async () => {
  assert.deepEqual(await sent("accepted", "accepted"), [undefined, undefined, undefined]);
});

Deno.test("ollamaLink: a wrong answer without thinking is not blamed on the field", async () => {
  assert.deepEqual(await sent("wrong", "cut"), [undefined, undefined, undefined]);
});

Deno.test("ollamaLink: after thinking spoiled an answer, false, then low, then left out again", async () => {
  for (const spoiled of ["wrong_after_thinking", "only_thought"] as const) {
    assert.deepEqual(
      await sent(spoiled, spoiled, spoiled),
      [undefined, false, "low", undefined],
    );
  }
});

Deno.test("ollamaLink: a wrong answer to false moves on, as false can lose the format", async () => {
  assert.deepEqual(await sent("wrong_after_thinking", "wrong"), [undefined, false, "low"]);
  assert.deepEqual(await sent("wrong_after_thinking", "cut"), [undefined, false, "low"]);
});

Deno.test("ollamaLink: what worked is kept, also through a failure of the server", async () => {
  assert.deepEqual(
    await sent("wrong_after_thinking", "accepted", "failed", "accepted"),
    [undefined, false, false, false, false],
  );
});

Deno.test("ollamaLink: a refused value is left out and not tried again", async () => {
  const [spoiled, refused] = ["wrong_after_thinking", "refused"] as const;
  assert.deepEqual(
    await sent(spoiled, refused, spoiled, refused, spoiled),
    [undefined, false, undefined, "low", undefined, undefined],
  );
});

Deno.test("ollamaLink: refused without the field changes nothing", async () => {
  assert.deepEqual(await sent("refused", "wrong_after_thinking"), [undefined, undefined, false]);
});

Deno.test("ollamaLink: of requests side by side the one that worked says what is sent", async () => {
  await using link = learning(["accepted", "wrong_after_thinking"]);
  const [good, spoiled] = [await link.ask(), await link.ask()];
  spoiled.judged?.(false);
  good.judged?.(true);
  await link.ask();
  assert.deepEqual(link.sent(), [undefined, undefined, undefined]);
});
