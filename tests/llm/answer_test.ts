import assert from "node:assert/strict";
import fc from "fast-check";
import { readAnswer } from "../../lib/llm/answer.ts";
import { ACTIONS } from "../../lib/llm/diagnosis.ts";

const GOOD = {
  reason: 'last log line was {"rc": 137} and a stray } so restart it',
  action: "restart",
  confidence: 0.9,
  requires_human: false,
};
const JSON_TEXT = JSON.stringify(GOOD);
const OTHER = JSON.stringify({ ...GOOD, action: "ignore" });

const READ: Readonly<Record<string, string>> = {
  "the object alone": JSON_TEXT,
  "blanks and a byte order mark around it": `\ufeff \n${JSON_TEXT}\r\n\t`,
  "printed over several lines": JSON.stringify(GOOD, null, 2),
  "a string that holds it": JSON.stringify(JSON_TEXT),
  "a string in a string": JSON.stringify(JSON.stringify(JSON_TEXT)),
  "a fence": "```json\n" + JSON_TEXT + "\n```",
  "a fence without a language": "```\n" + JSON_TEXT + "\n```\n",
  "a fence of tildes": "~~~JSON5\n" + JSON_TEXT + "\n~~~",
  "a fence on one line": "```json " + JSON_TEXT + "```",
  "a fence that holds a string": "```json\n" + JSON.stringify(JSON_TEXT) + "\n```",
  "prose around a fence": "Sure, {service} is down:\n```json\n" + JSON_TEXT +
    "\n```\nAnything else?",
  "a fence that does not end": "```json\n" + JSON_TEXT,
  "inline code": "`" + JSON_TEXT + "`",
  "thinking with drafts": `<think>\n{exit_code: 137}? Maybe ${OTHER}?\n</think>\n\n${JSON_TEXT}`,
  "thinking in capitals": `<THINK>hm</Think>${JSON_TEXT}`,
  "thinking by its long name": `<thinking>${OTHER}</thinking>\n${JSON_TEXT}`,
  "thinking twice": `<think></think>\n<think>${OTHER}</think>${JSON_TEXT}`,
  "thinking in square brackets": `[THINK]${OTHER}[/THINK]${JSON_TEXT}`,
  "thinking before a fence": "<think>a ``` b</think>\n```json\n" + JSON_TEXT + "\n```",
  "the end of thinking alone": `</think>\n\n${JSON_TEXT}`,
  "thinking whose beginning is missing": `The broker was killed.\n</think>\n${JSON_TEXT}`,
  "prose": `Sure! Here it is:\n${JSON_TEXT}\nHope it helps.`,
  "prose with a comma": `Here you go, ${JSON_TEXT}`,
  "prose with brackets of its own":
    `As seen in [1] for {service}, it was killed.\n\n${JSON_TEXT}\n\nIf {that} fails, [read](x).`,
  "prose with braces that do not close": `The template was {{ x and {y.\n${JSON_TEXT}`,
  "prose with an empty object": `The payload is {} (a map[string]interface{}).\n${JSON_TEXT}`,
  "prose with a colon behind braces": `For {service}: ${JSON_TEXT}`,
  "a chat template's end mark": `${JSON_TEXT}<|im_end|>`,
  "an assignment": `answer = ${JSON_TEXT};`,
  "the same object twice": `${JSON_TEXT}\n${JSON_TEXT}`,
  "the same object twice, printed differently": `${JSON_TEXT}\n${JSON.stringify(GOOD, null, 2)}`,
  "bold prose": `**Answer:** ${JSON_TEXT}`,
  "brackets that thinking left open": `It says ["x", <think>hm</think>${JSON_TEXT}`,
  "the same object twice, the first an example": `For example ${JSON_TEXT} so it is ${JSON_TEXT}`,
  "a text that is as long as may be": JSON_TEXT + "\n".repeat(65_536 - JSON_TEXT.length),
};

for (const [form, text] of Object.entries(READ)) {
  Deno.test(`readAnswer: reads ${form}`, () => {
    assert.deepEqual(readAnswer(text), { ok: true, value: GOOD });
  });
}

const REFUSED: Readonly<Record<string, [kind: string, text: string]>> = {
  "nothing": ["empty", ""],
  "blanks": ["empty", " \n\t\u00a0"],
  "thinking alone": ["empty", `<think>${JSON_TEXT}</think>`],
  "thinking that does not end": ["not_json", `<think>Maybe ${JSON_TEXT}`],
  "prose": ["not_json", "## Diagnosis\nI would **restart** it.\n"],
  "null": ["not_json", "null"],
  "a number": ["not_json", "7"],
  "true": ["not_json", "true"],
  "a string of prose": ["not_json", '"restart it"'],
  "a string in a string in a string": [
    "not_json",
    JSON.stringify(JSON.stringify(JSON.stringify(JSON_TEXT))),
  ],
  "a list that holds it": ["not_json", `[${JSON_TEXT}]`],
  "a list of two": ["not_json", `[${JSON_TEXT}, ${OTHER}]`],
  "a cut object": ["not_json", JSON_TEXT.slice(0, -1)],
  "an object cut in a string": ["not_json", JSON_TEXT.slice(0, 30)],
  "a cut object that holds a whole one": ["not_json", `{"answer": ${JSON_TEXT}`],
  "a cut list": ["not_json", `[${JSON_TEXT}, {"action": "re`],
  "a doubled opening": ["not_json", '{"{"action": "restart", "reason": "x"}'],
  "a doubled opening brace": ["not_json", `{${JSON_TEXT}`],
  "a doubled opening brace with a blank": ["not_json", `{ ${JSON_TEXT} }`],
  "a doubled closing brace": ["not_json", `${JSON_TEXT}}`],
  "a value without its object": ["not_json", `"answer": ${JSON_TEXT}`],
  "a value behind a blank that does not break": ["not_json", `"answer":\u00a0${JSON_TEXT}`],
  "a text that is longer than any answer": [
    "not_json",
    JSON_TEXT + "\n".repeat(65_537 - JSON_TEXT.length),
  ],
  "a value in an object of another language": ["not_json", `{answer: ${JSON_TEXT}}`],
  "a value among others of another language": ["not_json", `{answer: ${JSON_TEXT}, sure: yes}`],
  "an entry among others of another language": ["not_json", `[first, ${JSON_TEXT}, last]`],
  "a Python dict around it": ["not_json", `{'answer': ${JSON_TEXT}}`],
  "single quotes": ["not_json", "{'action': 'restart'}"],
  "a broken answer before a whole one": ["not_json", `${JSON_TEXT.slice(0, -1)},}\n${JSON_TEXT}`],
  "an object behind the answer that is broken": ["several_objects", `${JSON_TEXT}\n{"note": x}`],
  "a trailing comma": ["not_json", JSON_TEXT.replace(/}$/, ",}")],
  "a comment": ["not_json", JSON_TEXT.replace("{", "{ // why\n")],
  "NaN": ["not_json", JSON_TEXT.replace("0.9", "NaN")],
  "raw newlines in a string": ["not_json", JSON_TEXT.replace("log line", "log\nline")],
  "a key twice": ["not_json", JSON_TEXT.replace("{", '{"action": "ignore", ')],
  "a key twice, in prose": ["not_json", `So: ${JSON_TEXT.replace("{", '{"action": "ignore", ')}`],
  "two objects": ["several_objects", `${JSON_TEXT}\n${OTHER}`],
  "two fences": ["several_objects", "```\n" + JSON_TEXT + "\n```\nor\n```\n" + OTHER + "\n```"],
  "an object in prose and another": ["several_objects", `Given {"rc": 137}.\n${JSON_TEXT}`],
  "drafts before the end of thinking": ["several_objects", `${OTHER}?\n</think>\n${JSON_TEXT}`],
  "a quoted end of thinking behind the answer": [
    "several_objects",
    `${JSON_TEXT}\nThe log says </think>${OTHER}`,
  ],
  "text over the limit": ["not_json", JSON_TEXT + " ".repeat(64 * 1024)],
};

for (const [form, [kind, text]] of Object.entries(REFUSED)) {
  Deno.test(`readAnswer: refuses ${form}`, () => {
    const answer = readAnswer(text);
    assert.equal(answer.ok ? JSON.stringify(answer.value) : answer.kind, kind);
  });
}

Deno.test("readAnswer: keeps a key named __proto__ as a key", () => {
  const answer = readAnswer('{"__proto__": {"action": "restart"}, "a": 1}');
  assert.ok(answer.ok);
  assert.deepEqual(Object.keys(answer.value), ["__proto__", "a"]);
  assert.equal(answer.value.action, undefined);
});

const diagnosis = fc.record({
  reason: fc.string({ unit: "grapheme", minLength: 10 }),
  action: fc.constantFrom(...ACTIONS),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }).map((number) => number + 0),
  requires_human: fc.boolean(),
});
const prose = fc.string({ unit: fc.constantFrom(..."abc .!?()\n*-é🚀") });
const wrapping = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => ` \n${text}\n`,
  (text) => "```json\n" + text + "\n```",
  (text) => `<think>{"action": "ignore"} and ]}</think>\n${text}`,
);

Deno.test("readAnswer: reads any diagnosis in any of the forms", () => {
  fc.assert(fc.property(
    diagnosis,
    fc.tuple(wrapping, wrapping, fc.constantFrom(0, 1, 2), fc.option(fc.constantFrom(0, 2))),
    fc.tuple(prose, prose),
    (value, [inner, outer, quotings, indent], [before, after]) => {
      let text = JSON.stringify(value, null, indent ?? undefined);
      const expected = { ok: true, value: JSON.parse(text) };
      assert.deepEqual(readAnswer(`${before}\n${text}\n${after}`), expected);
      // A fence inside a fence is not a form that models use.
      if (inner !== outer) text = inner(text);
      for (let i = 0; i < quotings; i++) text = JSON.stringify(text);
      assert.deepEqual(readAnswer(outer(text)), expected);
    },
  ));
});

Deno.test("readAnswer: takes nothing from an answer that was cut anywhere", () => {
  fc.assert(fc.property(diagnosis, fc.nat(), (value, where) => {
    const text = JSON.stringify(value);
    assert.equal(readAnswer(text.slice(0, where % text.length)).ok, false);
  }));
});

Deno.test("readAnswer: never throws, and what it takes is an object of the text", () => {
  const pieces = fc.constantFrom(...'{}[]",:\\`<>/ \n', "think>", "```", '{"a":1}', '"x":', "true");
  fc.assert(fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
    const answer = readAnswer(parts.join(""));
    assert.equal(
      answer.ok ? typeof answer.value : typeof answer.error,
      answer.ok ? "object" : "string",
    );
  }));
});

Deno.test("readAnswer: is done with hostile text at once", () => {
  const size = 64 * 1024 - 10;
  const hostile = [
    "{",
    "[",
    "{ ",
    '{"',
    '{"a":',
    '{"a":{}',
    "{}",
    "`",
    "<think>",
    "<think></think>",
    '"',
    "\\",
  ];
  for (const piece of [...hostile, '{"\\', "[{", "} ", "] [", ": ", '{"":[', "<", "```\n"]) {
    const text = piece.repeat(Math.floor(size / piece.length));
    for (const tail of ["", JSON_TEXT.slice(0, 8), "}"]) {
      assert.equal(readAnswer(text + tail).ok, false, piece);
    }
  }
});

Deno.test("readAnswer: tries 32 braces that look like JSON's, and no more", () => {
  const errorOf = (braces: number) => {
    const answer = readAnswer('{"a":'.repeat(braces));
    return answer.ok ? "" : answer.error;
  };
  assert.deepEqual([errorOf(32), errorOf(33)], ["no complete JSON object", "too many braces"]);
});

Deno.test("readAnswer: does not parse a broken object anew for each of those inside it", () => {
  const errorOf = (size: number) => {
    const answer = readAnswer(`${'{"a":'.repeat(31)}[${"1,".repeat(size)}x]${"}".repeat(31)}`);
    return answer.ok ? "" : answer.error;
  };
  assert.equal(errorOf(4_000), "no complete JSON object");
  assert.equal(errorOf(30_000), "too many braces");
});

Deno.test("readAnswer: thinking that shows when other thinking is taken out ends the search", () => {
  // Each round takes the innermost out; the answer behind them shows when none is left.
  const nested = (depth: number) =>
    `${"<|channel|>".repeat(depth)}<!---->${"a<|end|>".repeat(depth)}${JSON.stringify(JSON_TEXT)}`;
  assert.deepEqual(readAnswer(nested(2)), { ok: true, value: GOOD });
  const error = "no complete JSON object";
  assert.deepEqual(readAnswer(nested(3)), { ok: false, kind: "not_json", error });
  assert.deepEqual(readAnswer(nested(3_000)), { ok: false, kind: "not_json", error });
});

Deno.test("readAnswer: objects that are nested too deep to be compared are several, not a fault", () => {
  const deep = `{"action":"restart","x":${"[".repeat(15_000)}${"]".repeat(15_000)}}`;
  const answer = readAnswer(`${deep}\n${deep}`);
  assert.deepEqual(answer, {
    ok: false,
    kind: "several_objects",
    error: "2 JSON objects, one was asked for",
  });
});
