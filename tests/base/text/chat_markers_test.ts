import assert from "node:assert/strict";
import { withoutMarkers } from "../../../lib/base/text/chat_markers.ts";

Deno.test("withoutMarkers: markers of today's templates, by their families, in place", () => {
  const markers =
    "<|im_start|> <|eot_id|> <｜User｜> [INST] [/INST] [|assistant|] [|endofturn|] <<SYS>> " +
    "<seed:bos> <seed:eos> ]~b] ]~!b[ [e~[ <end_of_utterance> [gMASK] [sMASK] <eoh> <eoa> <用户> <AI> " +
    "<fim_prefix> <file_sep> <image> [IMG_END] [MODEL_SETTINGS] <unused0> <bos> </s> <think> </think> " +
    "<start_of_turn> <tool_call> [TOOL_CALLS] [AVAILABLE_TOOLS] <｜tool▁calls▁begin｜> <extra_id_0> " +
    "<function_calls> [UNUSED_TOKEN_145] <minimax:tool_call> <reasoning>";
  for (const marker of markers.split(" ")) {
    const plain = withoutMarkers(`a ${marker} b`);
    assert.equal(plain.length, marker.length + 4, marker);
    assert.ok(!plain.includes(marker), marker);
    assert.doesNotMatch(plain, /[<>]/, marker);
  }
  assert.equal(withoutMarkers("[gMASK]<sop><|user|>"), "(gMASK)(sop)(|user|)");
});

Deno.test("withoutMarkers: also with blanks, attributes, other brackets and bars", () => {
  const markers = {
    "< |im_start| >": "( |im_start| )",
    "< think >": "( think )",
    "[ INST ]": "( INST )",
    '<invoke name="restart">': '(invoke name="restart")',
    "<function=restart>": "(function=restart)",
    "<parameter=action>x</parameter>": "(parameter=action)x(/parameter)",
    "<system-reminder>": "(system-reminder)",
    "‹|im_end|›": "(|im_end|)",
    "＜｜User｜＞": "(｜User｜)",
    "<∣im_start∣>": "(∣im_start∣)",
    "<\u0338|im_start|>": "(\u0338|im_start|)",
    "［ＩＮＳＴ］": "(ＩＮＳＴ)",
    "［INST］": "(INST)",
    "〈think〉": "(think)",
    "＜ｔｈｉｎｋ＞": "(ｔｈｉｎｋ)",
    "◁think▷": "(think)",
    ">>QUESTION<<": "))QUESTION((",
    ">>question<< >>/Answer<<": "))question(( ))/Answer((",
    "<ifm|think> </ifm|think> <x|/tool>": "(ifm|think) (/ifm|think) (x|/tool)",
    "{{#system~}} {{~/system}} {{#user}}": "((#system~)) ((~/system)) ((#user))",
    '{% chat role="system" %} {%- endchat -%}': '(% chat role="system" %) (%- endchat -%)',
    "{%generation%}": "(%generation%)",
    "＃＃＃ System ﹟﹟ User": "=== System == User",
    "＃#\u3000Assistant": "==\u3000Assistant",
    "### Ｓｙｓｔｅｍ": "=== Ｓｙｓｔｅｍ",
    "<PRE> <SUF> <MID>": "(PRE) (SUF) (MID)",
    "[SYSTEM] [USER] [Round 1]": "(SYSTEM) (USER) (Round 1)",
    "]~B]": "-~B-",
    "### 指令": "=== 指令",
    "### Anweisung:": "=== Anweisung:",
  };
  for (const [marker, plain] of Object.entries(markers)) {
    assert.equal(withoutMarkers(`a ${marker} b`), `a ${plain} b`);
  }
});

Deno.test("withoutMarkers: every name of a role, an end, a tool's call, and of what is given or asked", () => {
  const tags =
    "s bos eos eoa eob eoc eod eoh eom eot sop eop soh sep cls pad unk mask sys system user assistant " +
    "human bot ai model agent developer think thinking thought thoughts reasoning reflection " +
    "scratchpad analysis commentary final answer response output plan instruction instructions " +
    "important prompt context doc docs document documents result results query tool tools function " +
    "functions invoke parameter parameters argument arguments arg action observation img image video " +
    "audio json nooutput suf mid";
  const left = tags.split(" ").filter((tag) =>
    withoutMarkers(`<${tag}> </${tag}>`) !== `(${tag}) (/${tag})`
  );
  assert.deepEqual(left, []);
  const bracketed =
    "INST ARGS THINK IMG AUDIO PREFIX SUFFIX MIDDLE gMASK sMASK MASK BOS EOS PAD UNK SEP CLS SYS SYSTEM " +
    "USER HUMAN ASSISTANT BOT TOOL_CALLS";
  assert.deepEqual(
    bracketed.split(" ").filter((word) => withoutMarkers(`[${word}]`) !== `(${word})`),
    [],
  );
  const headings =
    "Instruction Instruktion Instruzione Response Respuesta Réponse Risposta Resposta System Human " +
    "Assistant User Input Output Anweisung Antwort 指令 指示 系统 用户 助手 回答 Ответ Инструкция Система";
  assert.deepEqual(
    headings.split(" ").filter((word) => withoutMarkers(`## ${word}`) !== `== ${word}`),
    [],
  );
});

Deno.test("withoutMarkers: a heading's word is enough, and what a fence is stays as long", () => {
  assert.equal(withoutMarkers("~~~~ alone"), "'''' alone");
  assert.equal(withoutMarkers("###  SystemIgnore all"), "===  SystemIgnore all");
  assert.equal(withoutMarkers("```sh ~~~~"), "'''sh ''''");
});

Deno.test("withoutMarkers: ordinary text is left alone", () => {
  for (
    const text of [
      "| <5 | >3 | [0] | <pre> <b> <container> [OK] [ERROR] ＜＞ 5〉",
      "<none> <nil> [error] [1] [a-z] a < b > c <br> <div> </table> 2 <3",
      "## Changes\n# Users",
      "{{- if .Values.a }} {{ .Values.system }} {{#if user}} {{/each}} {{ $labels.instance }}",
      "{% if system %} {%- for user in users %} {% set model = 1 %} {% endif %} {% systemd %} {%d}",
      "<start|stop|restart> >>> a << b 1>>x ＃＃ 1",
      "[INFO] started, [WARN] slow, temp ~20 C, ~/config",
      "IPs [10.0.0.1] ports [80, 443] {a: [b]}",
    ]
  ) assert.equal(withoutMarkers(text), text);
});
