import assert from "node:assert/strict";
import { FIRST_DIALECT, learn, type Lesson, type Think } from "../../../lib/llm/ollama/dialect.ts";

/** What `think` is sent as, after each lesson. */
function sent(...lessons: Lesson[]): Think[] {
  let dialect = FIRST_DIALECT;
  return lessons.map((lesson) => {
    dialect = learn(dialect, dialect.think, lesson);
    return dialect.think;
  });
}

Deno.test("learn: think is left out at first and stays so while answers are good", () => {
  assert.equal(FIRST_DIALECT.think, undefined);
  assert.deepEqual(sent("accepted", "accepted"), [undefined, undefined]);
});

Deno.test("learn: a wrong answer without thinking is not blamed on the field", () => {
  assert.deepEqual(sent("wrong", "wrong"), [undefined, undefined]);
});

Deno.test("learn: after thinking spoiled an answer, false, then low, then left out again", () => {
  assert.deepEqual(
    sent("wrong_after_thinking", "wrong_after_thinking", "wrong_after_thinking"),
    [false, "low", undefined],
  );
});

Deno.test("learn: a wrong answer to false moves on, as false can lose the format", () => {
  assert.deepEqual(sent("wrong_after_thinking", "wrong"), [false, "low"]);
});

Deno.test("learn: what worked is kept", () => {
  assert.deepEqual(sent("wrong_after_thinking", "accepted", "accepted"), [false, false, false]);
});

Deno.test("learn: a refused value is left out and not tried again", () => {
  assert.deepEqual(
    sent("wrong_after_thinking", "refused", "wrong_after_thinking", "refused"),
    [false, undefined, "low", undefined],
  );
  assert.deepEqual(
    sent(
      "wrong_after_thinking",
      "refused",
      "wrong_after_thinking",
      "refused",
      "wrong_after_thinking",
    ),
    [false, undefined, "low", undefined, undefined],
  );
});

Deno.test("learn: refused without the field changes nothing", () => {
  assert.deepEqual(learn(FIRST_DIALECT, undefined, "refused"), FIRST_DIALECT);
});
