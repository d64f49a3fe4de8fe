import assert from "node:assert/strict";
import fc from "fast-check";
import { readAnswer } from "../../lib/llm/answer.ts";

const FINAL = {
  reason: "killed with exit code 137, a restart brings it back",
  action: "restart",
  confidence: 0.9,
  requires_human: false,
};
const DRAFT = { ...FINAL, reason: "a passing glitch, nothing to do", action: "ignore" };
const FINAL_TEXT = JSON.stringify(FINAL);
const DRAFT_TEXT = JSON.stringify(DRAFT);

/** Thinking as models and servers mark it: what opens it, and what ends it. */
const MARKUP: readonly (readonly [opens: string, closes: string])[] = [
  ["<think>\n", "\n</think>\n\n"],
  ["<thinking>", "</thinking>"],
  ["<thought>", "</thought>\n"],
  ["<reasoning>\n", "\n</reasoning>\n"],
  ["<seed:think>", "</seed:think>"],
  ["<antThinking>", "</antThinking>"],
  ['<think time="3">', "</think>"],
  ["<scratchpad>", "</scratchpad>"],
  ["<reflection>", "</reflection>"],
  ["<inner_monologue>", "</inner_monologue>"],
  ["[THINK]", "[/THINK]"],
  ["◁think▷", "◁/think▷"],
  ["<|think|>", "<|/think|>"],
  ["<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"],
  ["<|begin_of_thought|>\n", "\n<|end_of_thought|>\n<|begin_of_solution|>\n"],
  ["<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"],
  ["&lt;think&gt;", "&lt;/think&gt;"],
  ["<details><summary>Thinking</summary>", "</details>\n"],
  ["<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"],
  [
    "<|channel|>commentary to=x<|message|>",
    "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>",
  ],
  ["<|channel>thought\n", "<channel|>"],
  ["<unused94>thought\n", "<unused95>"],
  ["<|im_start|>think\n", "<|im_start|>answer\n"],
  ["<start_of_turn>thought\n", "<end_of_turn>\n<start_of_turn>model\n"],
  ["```thinking\n", "\n```\n"],
  ["<!-- ", " -->\n"],
  ["\nThinking...\n", "\n...done thinking.\n\n"],
  ["\n**Reasoning:**\n", "\n**Answer:**\n"],
  ["\nHere is my thought process:\n", "\nHere is my response:\n"],
];
/** Only at the very start: their marks are words. */
const STRIPPED: readonly (readonly [opens: string, closes: string])[] = [
  ["analysis", "assistantfinal"],
  ["analysis\n", "\nassistant\nfinal\n"],
  ["assistantanalysis", "assistantfinal"],
  ["thought\n", "\n</think>\n"],
];

const GREETINGS = ["", "Sure, let me look.\n", "Okay.\n\n", "Hello! I am your assistant.\n"];
const BEFORE_DRAFT = [
  "Exit 137. A first idea: ",
  "We need to diagnose. Maybe ",
  "The payload says {exit_code: 137}. Could it be ",
  "Draft: ",
  "用户想要诊断。比如：",
];
const BEHIND_DRAFT = [
  " But 137 means it was killed, so a restart is right.",
  "\nNo, it was killed.",
  " Wait, the payload says { twice.",
  "?\nHmm, let me check again.",
  "\n\nActually, restart it.",
];
const POLITE_BEFORE = [
  "",
  "Sure! Here it is:\n",
  "Here is the JSON object in the requested format:\n\n",
  "```json\n",
];
const POLITE_BEHIND = [
  "",
  "\n",
  "\nHope it helps.",
  "\nIf it happens again, notify the owner.",
  "\n\nLet me know if you need anything else!",
  "\nIf {that} does not help, read [the guide](x).",
  "<|im_end|>",
  "<|return|>",
  "<end_of_turn>",
  "</s>",
  "\n```",
  "\n```\nThe broker was killed by the kernel; the restart is safe.",
  "\nIch hoffe, das hilft.",
  "\n希望这能帮到你。",
];
const TAKEN_BACK = [
  "\nWait, the exit code says it was killed.",
  "\nWait. 137 is a kill.",
  " Actually that is not it.",
  "\nOn second thought, it was killed.",
  "\nHmm, 137 is not a passing glitch.",
  "\nNo, that would lose the broker.",
  "\nHowever, exit code 137 means a kill.",
  "\nBut it was killed.",
  "\nLet me reconsider.",
  "\nScratch that.",
  "\nSorry, I was wrong.",
  "\nCorrection: it must come back.",
  "\nThis is only an example.",
  "\nFor example, so it could look.",
  "\nThat was a draft.",
  "\nAlternatively, a person may look.",
  "\nRestart it.",
  "\nI should answer with a restart",
  "\nFinal answer:",
  "\nMoment, der Code 137 heißt getötet.",
  "\nEigentlich wurde er getötet.",
  "\nAttendez, il a été tué.",
  "\nEn fait, non.",
  "\nEspera, fue terminado.",
  "\nAspetta, è stato ucciso.",
  "\nНет, его убили.",
  "\nПодожди, это kill.",
  "\n等等，退出码是137。",
  "\n但是它被杀死了。",
  "\n待って、137は強制終了です。",
  "\n하지만 137은 강제 종료입니다.",
];
const BROKEN_FINAL = [
  "",
  "Restart it.",
  FINAL_TEXT.slice(0, 30),
  FINAL_TEXT.slice(0, -1),
  '{"reason',
];

const any = <T>(values: readonly T[]) => fc.constantFrom(...values);
const thinking = fc.tuple(any(GREETINGS), any(MARKUP)).map(([greeting, [opens, closes]]) => [
  greeting + opens,
  closes,
]);
const marked = fc.oneof(thinking, any(STRIPPED).map(([opens, closes]) => [opens, closes]));
const draft = fc.tuple(any(BEFORE_DRAFT), any(BEHIND_DRAFT))
  .map(([before, behind]) => `${before}${DRAFT_TEXT}${behind}`);
const answer = fc.tuple(any(POLITE_BEFORE), any(POLITE_BEHIND))
  .map(([before, behind]) => `${before}${FINAL_TEXT}${behind}`);

const RUNS = { numRuns: 400 };

Deno.test("readAnswer: reads the object behind thinking that ends, in any markup", () => {
  fc.assert(
    fc.property(thinking, draft, answer, ([opens, closes], draft, answer) => {
      assert.deepEqual(readAnswer(`${opens}${draft}${closes}${answer}`), {
        ok: true,
        value: FINAL,
      });
    }),
    RUNS,
  );
  for (const [opens, closes] of STRIPPED.slice(0, 3)) {
    const text = `${opens}We need: ${DRAFT_TEXT}? No.${closes}${FINAL_TEXT}`;
    assert.deepEqual(readAnswer(text), { ok: true, value: FINAL }, text);
  }
});

Deno.test("readAnswer: takes nothing from thinking, whatever became of the answer behind it", () => {
  fc.assert(
    fc.property(marked, draft, any(BROKEN_FINAL), fc.boolean(), (marks, draft, end, closed) => {
      const [opens = "", closes = ""] = marks;
      const text = `${opens}${draft}${closed ? closes + end : ""}`;
      assert.equal(readAnswer(text).ok, false, text);
      // Its beginning may be in the prompt, and so be missing.
      const headless = `${draft}${closes}${end}`;
      assert.equal(readAnswer(headless).ok, false, headless);
    }),
    RUNS,
  );
});

Deno.test("readAnswer: takes nothing before or behind thinking that does not end", () => {
  fc.assert(
    fc.property(marked, draft, answer, ([opens], draft, answer) => {
      const unclosed = `${opens}${draft}\n\n${FINAL_TEXT}`;
      assert.equal(readAnswer(unclosed).ok, false, unclosed);
      const behind = `${FINAL_TEXT}\n${opens?.trimStart()}${draft}`;
      assert.equal(readAnswer(behind).ok, false, behind);
      assert.equal(readAnswer(`${draft}\n${answer}`).ok, false);
    }),
    RUNS,
  );
});

for (const behind of TAKEN_BACK) {
  Deno.test(`readAnswer: asks again when an object is followed by ${behind.trim()}`, () => {
    for (const end of ["", ` ${FINAL_TEXT}`, `\n${FINAL_TEXT.slice(0, 40)}`]) {
      assert.equal(readAnswer(`${DRAFT_TEXT}${behind}${end}`).ok, false);
      assert.equal(readAnswer("```json\n" + DRAFT_TEXT + "\n```" + behind + end).ok, false);
    }
  });
}

Deno.test("readAnswer: reads one object with a polite sentence around it", () => {
  fc.assert(fc.property(any(GREETINGS), answer, (greeting, answer) => {
    assert.deepEqual(readAnswer(greeting + answer), { ok: true, value: FINAL });
  }));
});

Deno.test("readAnswer: an object that is called an example or a first idea is none", () => {
  for (
    const lead of [
      "For example: ",
      "A first idea:\n",
      "Maybe ",
      "Zum Beispiel: ",
      "例如：",
      "Should I say ",
    ]
  ) {
    assert.equal(readAnswer(lead + DRAFT_TEXT).ok, false, lead);
  }
});

Deno.test("readAnswer: of the sentence before an object its last 160 characters count", () => {
  const lead = (between: number) =>
    `The example${" of the log".repeat(20).slice(-between)}${FINAL_TEXT}`;
  assert.equal(readAnswer(lead(143)).ok, false);
  assert.equal(readAnswer(lead(154)).ok, true);
});

Deno.test("readAnswer: behind an object 500 characters are a polite sentence", () => {
  const behind = (length: number) =>
    `${FINAL_TEXT}\n${"It runs well. ".repeat(40).slice(0, length - 1)}.`;
  assert.equal(readAnswer(behind(500)).ok, true);
  assert.equal(readAnswer(behind(501)).ok, false);
});

Deno.test("readAnswer: the same object twice is one, but not with thinking behind it", () => {
  const fenced = "```json\n" + FINAL_TEXT + "\n```";
  for (
    const text of [
      `${FINAL_TEXT}${FINAL_TEXT}`,
      `${fenced}\n${fenced}`,
      `${fenced}\nAgain:\n${FINAL_TEXT}`,
    ]
  ) {
    assert.deepEqual(readAnswer(text), { ok: true, value: FINAL });
  }
  assert.equal(readAnswer(`${FINAL_TEXT}\n${FINAL_TEXT}\n<think>hm`).ok, false);
});

Deno.test("readAnswer: a mark that the reason quotes is no mark", () => {
  for (
    const quoted of ["<think>", "</think>", "<|channel|>analysis<|message|>", "assistantfinal"]
  ) {
    const value = { ...FINAL, reason: `the log ends with ${quoted} and nothing behind it` };
    for (const text of [JSON.stringify(value), `Here it is:\n${JSON.stringify(value)}\nBye.`]) {
      assert.deepEqual(readAnswer(text), { ok: true, value }, text);
    }
  }
});
