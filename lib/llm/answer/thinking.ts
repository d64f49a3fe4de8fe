/**
 * `opens` begins thinking. `closes` ends it, and where none was begun everything before it was
 * thinking. `ends` does so too, but says nothing where none was begun.
 */
const KINDS = ["opens", "closes", "ends"] as const;
type Kind = typeof KINDS[number];

/** A mark by which a model sets its thinking apart, as it comes through a server that leaves it. */
export interface Mark {
  readonly family: number;
  readonly at: number;
  readonly end: number;
  readonly kind: Kind;
}

const WORDS = "(?:seed:|ant(?:ml:)?|[a-z]{1,12}:)?(?:think(?:ing)?|thoughts?|thought[_ -]process|" +
  "reason(?:ing)?|reflect(?:ion)?|scratch[_ -]?pad|analysis|(?:inner|internal)[_ -][a-z]{1,12}|" +
  "monologue|cot|chain[_ -]of[_ -]thought|deliberat(?:e|ion)|planning|brainstorm(?:ing)?|drafts?|" +
  "details|思考(?:过程|過程)?|推理)";
const BRACKETS_OPEN = "(?:<\\s?[|｜]?|\\[|◁|【|⟨|&lt;|\\\\u003c)\\s?";
const BRACKETS_CLOSE = "(?:\\s[^<>\\]\\n]{0,60})?\\s?(?:[|｜]?>|\\]|▷|】|⟩|&gt;|\\\\u003e)";
const START = "(?:(?:start|begin)[_ ▁-]?(?:of[_ ▁-])?)?";
const END = "(?:[/\\\\]|end[_ ▁-]?(?:of[_ ▁-])?)";
const HEADING = "(?<=^|\\n)[#*_> ]{0,6}";

const FAMILIES: readonly Readonly<Partial<Record<Kind, RegExp>>>[] = [
  // <think>, [THINK], ◁think▷, <seed:think>, <|START_THINKING|>, <|begin_of_thought|> and so on.
  {
    opens: new RegExp(`${BRACKETS_OPEN}${START}${WORDS}${BRACKETS_CLOSE}`, "gi"),
    closes: new RegExp(`${BRACKETS_OPEN}${END}${WORDS}${BRACKETS_CLOSE}`, "gi"),
  },
  // OpenAI's harmony (gpt-oss), and Gemma's channels.
  {
    opens: /<\|channel\|?>\s{0,4}(?!\s|(?:final|answer|response)\b)\w/gi,
    closes: /<\|channel\|?>\s{0,4}(?:final|answer|response)\b|<channel\|>/gi,
    ends: /<\|end\|>|<\|start\|>/gi,
  },
  // The same without its special tokens: "analysisWe need ...assistantfinal{...}".
  {
    opens:
      /(?:^\s{0,4}(?:assistant\s{0,2})?|(?<=[.!?\n}])|assistant\s{0,2})(?:analysis|commentary)(?=[A-Z"'{\s\d]|$)/g,
    closes: /assistant\s{0,2}final|(?<=[^\s\w]|\n)final(?=\s{0,2}(?:json\s{0,2})?[{`])/g,
  },
  // A turn of its own: <|im_start|>think, <start_of_turn>thought.
  {
    opens:
      /<(?:\|im_start\||start_of_turn|\|turn|\|start_header_id\|)>\s{0,4}(?:think|thought|reason|analy)\w{0,8}/gi,
    closes: /<(?:\|im_start\||start_of_turn|\|turn|\|start_header_id\|)>\s{0,4}(?:answer|final)/gi,
    ends: /<(?:\|im_end\||end_of_turn|turn\||\|eot_id\|)>/gi,
  },
  // MedGemma's.
  {
    opens: /<unused94>|<unused\d{1,4}>\s{0,4}th(?:ink|ought)\w{0,8}/gi,
    closes: /<unused(?!94>)\d{1,4}>(?!\s{0,4}th(?:ink|ought))/gi,
  },
  // A channel's name that stayed behind alone at the very start.
  { opens: /^\s{0,4}(?:think|thought|thinking|reasoning)[ \t]{0,4}\n/gi },
  // Headings: "Thinking...", "**Reasoning:**", "Here is my thought process:".
  {
    opens: new RegExp(
      `${HEADING}(?:(?:here(?: is|'s) )?(?:my|the) )?(?:thinking|thoughts?|reasoning|` +
        "chain[ -]of[ -]thought|(?:inner|internal) monologue|scratchpad|思考(?:过程|過程)?)" +
        "(?: process| steps)?[*_]{0,3}\\s?(?::|：|\\.\\.\\.|…)",
      "gi",
    ),
    closes: new RegExp(
      `\\.\\.\\.\\s?done thinking|${HEADING}(?:(?:here(?: is|'s) )?(?:my|the) )?(?:final )?` +
        "(?:answer|response|output|result|verdict|decision|diagnosis|回答|答案)[*_]{0,3}\\s?[:：]",
      "gi",
    ),
  },
  // A fence or a comment that says so.
  { opens: /```\s?(?:think|thought|reason|scratch|analysis)\w{0,8}\s{0,4}\n/gi, ends: /```/g },
  { opens: /<!--/g, ends: /-->/g },
];

/** All marks of a text in their order. Takes time linear in the text. */
export function thinkingMarks(text: string): Mark[] {
  const marks: Mark[] = [];
  for (const [family, patterns] of FAMILIES.entries()) {
    for (const kind of KINDS) {
      for (const { 0: mark, index: at } of patterns[kind] ? text.matchAll(patterns[kind]) : []) {
        marks.push({ family, kind, at, end: at + mark.length });
      }
    }
  }
  // Of two at one place the one that opens stays first: what is doubtful is thinking.
  return marks.sort((one, other) => one.at - other.at);
}
