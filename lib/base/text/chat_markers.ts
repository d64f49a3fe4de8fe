import { rowsOf } from "./tables.ts";

// One character each for one, so that no length changes and nothing new can come about.
/** Brackets, bars, and what is drawn like them. */
const OPEN = "<[＜﹤‹〈⟨˂ᐸ❮《⧼［【";
const CLOSE = ">\\]＞﹥›〉⟩˃ᐳ❯》⧽］】";
const BAR = "|｜∣ǀ│┃❘¦￨";
const OPENED = new RegExp(`[${OPEN}](?=\\p{M}?[${BAR}])`, "gu");
const CLOSED = new RegExp(`(?<=[${BAR}]\\p{M}?)[${CLOSE}]`, "gu");
/** With blanks a marker is one as a whole only: a cell of a table may begin with `<`. */
const SPACED = new RegExp(
  `[${OPEN}](\\p{M}?\\s{0,3}[${BAR}]\\s{0,3}[^${OPEN}${CLOSE}${BAR}\\n]{1,64}[${BAR}]\\s{0,3})[${CLOSE}]`,
  "gu",
);
/** Brackets beside full-width letters, which some tokenizers read as the usual ones. */
const WIDE_OPENED = /[＜［](?=\s{0,3}[／\uff21-\uff3a\uff41-\uff5a])/g;
const WIDE_CLOSED = /(?<=[\uff21-\uff3a\uff41-\uff5a＿]\s{0,3})[＞］]/g;
/** `]~b]`, `[e~[`: brackets beside a tilde are nobody's prose. */
const TILDES = /[[\]](?=~[!a-z]{0,2}[[\]])|(?<=~[!a-z]{0,2})[[\]]/gi;
/** Names in capitals with an underscore, and those that have none. */
const BRACKETS =
  /[[［](\s{0,2}[/／]?(?:[A-Z][A-Z0-9]{0,15}(?:_[A-Z0-9]{1,15}){1,4}|INST|ARGS|THINK|IMG|AUDIO|PREFIX|SUFFIX|MIDDLE|[gs]?MASK|BOS|EOS|PAD|UNK|SEP|CLS|SYS|SYSTEM|USER|HUMAN|ASSISTANT|BOT|Round \d{1,3})\s{0,2})[\]］]/gi;
const DOUBLED = /<<(\s{0,2}\/?SYS\s{0,2})>>/gi;
const DOUBLED_AROUND = />>(\/?[a-z]{3,16})<</gi;
/** Blocks of prompt templates that are named for a role; others, as in `{{- if .Values.a }}`, stay. */
const ROLE = "(?:system|user|human|assistant|bot|ai|model|tool|developer|chat|gen|generation)";
const BLOCKS = new RegExp(`\\{\\{(~?\\s{0,3}[#/]\\s{0,3}${ROLE}\\b[^{}\\n]{0,200})\\}\\}`, "gi");
const STATEMENTS = new RegExp(
  `\\{%([-+]?\\s{0,3}(?:end)?${ROLE}\\b[^{}%\\n]{0,200})%\\}`,
  "gi",
);
const TRIANGLES = /◁(\/?\w{1,24})▷/g;
/** Names of roles, of ends, of thinking and of tools' calls, and of what is given or asked. */
const NAMES = rowsOf(`
  s|bos|eos|eo[abcdhmt]|eot|sop|eop|soh|sep|cls|pad|unk|mask|sys|system|user|assistant|human|bot|ai|
  model|agent|developer|think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|
  commentary|final|answer|response|output|plan|instructions?|important|prompt|context|docs?|documents?|
  results?|query|tools?|functions?|invoke|parameters?|arguments?|arg|action|observation|img|image|
  video|audio|json|nooutput|suf|mid
`).join("");
/**
 * Tags, with attributes or without: those whose name has what no element of HTML has (an underscore,
 * a colon, a hyphen, a digit, a letter beyond ASCII), and the names above.
 */
const TAGS = new RegExp(
  `[<＜‹〈⟨](\\s{0,3}/?(?:[\\p{L}\\d.]{0,24}(?:[_:▁-]|[^\\0-\\x7f\\s${OPEN}${CLOSE}]|[a-z]\\d)[\\p{L}\\p{M}\\d_:▁.-]{0,32}|(?:\\w{1,16}[${BAR}]/?)?(?:${NAMES}))` +
    `(?:[=|\\s][^<>\\n＞›〉⟩]{0,200})?/?)[>＞›〉⟩]`,
  "giu",
);
/** Infilling of Code Llama: HTML's element is written in small letters. */
const PRE = /<(PRE)>/g;
const HEADINGS =
  /(?<![#＃﹟])[#＃﹟]{2,12}(?=[ \t\u3000]{0,4}(?:[\uff21-\uff3a\uff41-\uff5a]|instru[ckz]|istruzion|response|respuesta|réponse|risposta|resposta|system|human|assistant|user|input|output|anweisung|antwort|指令|指示|系统|用户|助手|回答|ответ|инструкц|систем))/gi;
const FENCES = /`{3,}|~{3,}/g;
const NOT_ASCII = /[^\0-\x7f]/;
const ANY_BRACKET = new RegExp(`[${OPEN}${CLOSE}]`);

/**
 * The text with chat-template markers (`<|im_start|>`, `[INST]`, `[|user|]`, `<<SYS>>`, `<think>`,
 * `<invoke name="...">`, `<fim_prefix>`, `{{#system~}}`, `### Instruction` and their like, also with
 * blanks inside or drawn with other brackets) and code fences turned into plain text of the same
 * length. Families of markers are known by their form, so that those of models to come are, too.
 */
export function withoutMarkers(text: string): string {
  let plain = text;
  const isWide = NOT_ASCII.test(plain);
  if (/[<>[\]]/.test(plain) || (isWide && ANY_BRACKET.test(plain))) {
    plain = plain.replace(OPENED, "(").replace(CLOSED, ")").replace(SPACED, "($1)")
      .replace(DOUBLED, "(($1))").replace(DOUBLED_AROUND, "))$1((")
      .replace(TAGS, "($1)").replace(PRE, "($1)")
      .replace(TILDES, "-").replace(BRACKETS, "($1)");
  }
  if (isWide) {
    plain = plain.replace(WIDE_OPENED, "(").replace(WIDE_CLOSED, ")").replace(TRIANGLES, "($1)");
  }
  if (plain.includes("{{") || plain.includes("{%")) {
    plain = plain.replace(BLOCKS, "(($1))").replace(STATEMENTS, "(%$1%)");
  }
  if (/[#＃﹟]{2}/.test(plain)) {
    plain = plain.replace(HEADINGS, (marks) => "=".repeat(marks.length));
  }
  if (plain.includes("```") || plain.includes("~~~")) {
    plain = plain.replace(FENCES, (fence) => "'".repeat(fence.length));
  }
  return plain;
}
