/**
 * Text that a chat template would take for its own markup.
 *
 * @module
 */

// One character each for one, so that no length changes and nothing new can come about.
const OPENED = /<(?=[|｜])/g;
const CLOSED = /(?<=[|｜])>/g;
const BRACKETS =
  /\[(\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|CALL_ID|ARGS|THINK|IMG|PREFIX|SUFFIX|MIDDLE))\]/gi;
const DOUBLED = /<<(\/?SYS)>>/gi;
const TAGS =
  /<(\/?(?:s|bos|eos|pad|unk|mask|think|thinking|thought|system|user|assistant|human|instructions?|tool|tools|tool_calls?|tool_response|function|functions|start_of_turn|end_of_turn|start_of_image|end_of_image|im_start|im_end|im_sep|begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|eot|sop|eop))(\s{0,8}\/?)>/gi;
const HEADINGS =
  /(?<!#)#{2,12}(?=[ \t]{0,4}(?:instructions?|response|system|human|assistant|user|input|output)\b)/gi;
const FENCES = /`{3,}|~{3,}/g;

/**
 * The text with chat-template markers (`<|im_start|>`, `[INST]`, `<<SYS>>`, `<think>`,
 * `### Instruction` and their like) and code fences turned into plain text of the same length.
 */
export function withoutMarkers(text: string): string {
  let plain = text;
  if (plain.includes("<") || plain.includes(">")) {
    plain = plain.replace(OPENED, "(").replace(CLOSED, ")")
      .replace(DOUBLED, "(($1))").replace(TAGS, "($1$2)");
  }
  if (plain.includes("[")) plain = plain.replace(BRACKETS, "($1)");
  if (plain.includes("##")) plain = plain.replace(HEADINGS, (marks) => "=".repeat(marks.length));
  if (plain.includes("```") || plain.includes("~~~")) {
    plain = plain.replace(FENCES, (fence) => "'".repeat(fence.length));
  }
  return plain;
}
