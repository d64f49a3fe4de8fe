// One character each for one, so that no length changes and nothing new can come about.
const OPENED = /[<[](?=[|｜])/g;
const CLOSED = /(?<=[|｜])[>\]]/g;
/** `]~b]`, `[e~[`: brackets beside a tilde are nobody's prose. */
const TILDES = /[[\]](?=~[!a-z]{0,2}[[\]])|(?<=~[!a-z]{0,2})[[\]]/g;
/** Names in capitals with an underscore, and those that have none. */
const BRACKETS =
  /\[(\/?(?:[A-Z][A-Z0-9]{0,15}(?:_[A-Z0-9]{1,15}){1,4}|INST|ARGS|THINK|IMG|PREFIX|SUFFIX|MIDDLE|[gs]?MASK|BOS|EOS|PAD|UNK|SEP|CLS))\]/gi;
const DOUBLED = /<<(\/?SYS)>>/gi;
/**
 * Tags without attributes: those whose name has what no element of HTML has (an underscore, a colon,
 * a digit, a letter beyond ASCII), and names of roles and of ends.
 */
const TAGS =
  /<(\/?(?:[\p{L}\d.-]{0,24}(?:[_:▁]|[^\0-\x7f\s<>]|[a-z]\d)[\p{L}\p{M}\d_:▁.-]{0,32}|s|bos|eos|eo[abcdhmt]|eot|sop|eop|soh|sep|cls|pad|unk|mask|think|thinking|thought|reasoning|scratchpad|system|user|assistant|human|bot|ai|model|instructions?|context|tool|tools|function|functions|image|video|audio))(\s{0,8}\/?)>/giu;
const HEADINGS =
  /(?<!#)#{2,12}(?=[ \t]{0,4}(?:instructions?|response|system|human|assistant|user|input|output))/gi;
const FENCES = /`{3,}|~{3,}/g;

/**
 * The text with chat-template markers (`<|im_start|>`, `[INST]`, `[|user|]`, `<<SYS>>`, `<think>`,
 * `<fim_prefix>`, `### Instruction` and their like) and code fences turned into plain text of the
 * same length. Families of markers are known by their form, so that those of models to come are, too.
 */
export function withoutMarkers(text: string): string {
  let plain = text;
  if (plain.includes("<") || plain.includes(">")) {
    plain = plain.replace(OPENED, "(").replace(CLOSED, ")")
      .replace(DOUBLED, "(($1))").replace(TAGS, "($1$2)");
  }
  if (/[[\]]/.test(plain)) {
    plain = plain.replace(OPENED, "(").replace(CLOSED, ")").replace(TILDES, "-")
      .replace(BRACKETS, "($1)");
  }
  if (plain.includes("##")) plain = plain.replace(HEADINGS, (marks) => "=".repeat(marks.length));
  if (plain.includes("```") || plain.includes("~~~")) {
    plain = plain.replace(FENCES, (fence) => "'".repeat(fence.length));
  }
  return plain;
}
