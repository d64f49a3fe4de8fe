import { ACTIONS } from "../diagnosis.ts";

/** More text than this behind an object is no polite sentence. */
const LONGEST_BEHIND = 500;
/** Of the text before an object, how much can say what it is. */
const LONGEST_LEAD = 160;

/** The beginning of a sentence. */
const START = "(?:^|[.!?…:;—–\\n]\\s*|\\s-+\\s*)[*_>\"']{0,3}";

/** Words that take back what was said, or go on reasoning; only where a sentence may begin so. */
const TURNS_ANYWHERE =
  "actually|on (?:second|further|closer) \\w+|second thoughts?|hold on|scratch that|strike that|" +
  "(?:but|however|though|although|nevertheless|nonetheless|alternatively|instead|hmm+|oops|whoops)|" +
  "let(?:'s|’s| us| me) (?:see|think|look|check|consider|verify|try|correct|fix|double|revis\\w+|" +
  "re-?\\w+)|re-?(?:consider|think|evaluat|examin)\\w*|revis(?:e|ed|ion|ing)|correct(?:ion|ed)|" +
  "(?:my|a) mistake|i was wrong|that(?:'s| is| was) (?:wrong|not)|(?:is|was) (?:wrong|incorrect)|" +
  "not (?:quite |really )?(?:right|correct|sure)|unsure|disregard|discard|" +
  "(?:ignore|forget) (?:that|this|the (?:above|previous|first)|my|it)\\b|or (?:rather|maybe|perhaps)|" +
  "i (?:should|need to|must|have to|think|guess|wonder)|would be (?:better|wrong|safer)|" +
  "(?:better|safer) to|or is it|could (?:also )?be|rather than|changed my mind|" +
  "for (?:example|instance)|e\\.g\\.|an? (?:\\w+ )?(?:example|sample|draft|placeholder|template)|" +
  "only an? \\w+|hypothetical\\w*|first idea|tentative\\w*";
const TURNS_AT_START =
  "wait|no|nope|nah|maybe|perhaps|sorry|still|yet|so|thus|hence|therefore|then|or|also|hm|well|ok(?:ay)?|" +
  "since|because|example|note to self|update|edit|step \\d|if (?:it|the|we) \\w+ \\w+, (?:then )?i\\b";
/** The same in other languages that models fall into; with blanks between words. */
const OTHER_LANGUAGES = [
  // German, Dutch, the Scandinavian ones
  "moment|warte|halt|eigentlich|doch(?: nicht)?|nein|aber|jedoch|besser|stattdessen|oder|korrektur|" +
  "falsch|zum beispiel|beispiel|z\\. ?b\\.|allerdings|vielleicht|wacht|nee|maar|bijvoorbeeld|toch|" +
  "vänta|vent|egentligen|faktisk|nej|nei|men|till exempel|for eksempel",
  // French, Spanish, Italian, Portuguese, Romanian
  "attends|attendez|en fait|mais|plutôt|finalement|par exemple|non|cependant|espera|espere|" +
  "en realidad|de hecho|pero|mejor|por ejemplo|sin embargo|más bien|aspetta|in realtà|anzi|ma|però|" +
  "piuttosto|(?:per|ad) esempio|na verdade|mas|melhor|por exemplo|não|de fato|stai|de fapt|dar|" +
  "de exemplu|correcci[óo]n|correzione|correção|correction",
  // Slavic languages
  "czekaj|właściwie|jednak|ale|na przykład|nie|počkat|počkej|vlastně|například|ne|погоди\\p{L}*|" +
  "подожди\\p{L}*|стоп|нет|но|однако|хотя|на самом деле|вообще-то|например|лучше|стойте|зачекай\\p{L}*|" +
  "ні|але|насправді|наприклад",
  // Turkish, Indonesian, Vietnamese, Hindi, Arabic, Persian
  "bekle|aslında|ama|hayır|örneğin|tunggu|sebenarnya|tapi|tetapi|misalnya|khoan|thực ra|nhưng|" +
  "ví dụ|रुको|लेकिन|वास्तव में|उदाहरण|انتظر|لكن|في الواقع|مثلا|لا|صبر کن|اما|مثال",
].join("|");
/** Without blanks between words. */
const EAST_ASIAN =
  "等等|等一下|稍等|不对|不對|不，|其实|其實|实际上|實際上|但是|但|然而|不过|不過|例如|比如|重新|或者|应该是|應該|更正|我想|" +
  "待って|いや|いえ|実は|実際|しかし|例えば|たとえば|やはり|やっぱり|でも|ただし|訂正|むしろ|" +
  "잠깐|잠시만|아니|사실|하지만|그러나|그런데|예를 들|예시|정정|오히려";

const TURN = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${TURNS_ANYWHERE})(?![\\p{L}\\p{N}])|` +
    `${START}(?:${TURNS_AT_START}|${OTHER_LANGUAGES})(?![\\p{L}\\p{N}'’])|${EAST_ASIAN}`,
  "iu",
);

/** What an object is not meant to be, said right before it. */
const NO_ANSWER = new RegExp(
  "(?<![\\p{L}\\p{N}])(?:" +
    "draft|sketch|placeholder|hypothetical\\w*|tentative\\w*|examples?|e\\.g\\.|" +
    "for instance|such as|first (?:idea|thought|guess|attempt|try|version)|initial\\w*|at first|" +
    "maybe|perhaps|might(?: be| have| say)?|could (?:be|say|answer|have)|" +
    "(?:what|how) about|instead of|rather than|(?:is|be|was) (?:not|wrong)|wrong|not:|" +
    "do(?:n't| not|n’t) \\w+|never|avoid|should i|entwurf|beispiel|z\\. ?b\\.|vielleicht|" +
    "brouillon|par exemple|peut-être|borrador|(?:por|per|ad) ejemplo|esempio|quizás|forse|talvez|" +
    "por exemplo|например|может быть|черновик|na przykład|może" +
    ")(?![\\p{L}\\p{N}])|例如|比如|草稿|也许|可能是|初步|例えば|下書き|예를 들|초안",
  "iu",
);

const CONDITION = /^[\s*_>-]*(?:if|should|when|once|in case|otherwise|unless)\b/i;
const END_MARKS =
  /<[|｜][^<>|｜]{1,40}[|｜]>|<\/?(?:s|eos|bos|end_of_turn|start_of_turn|turn\|)>|`{1,5}|~{3}/g;

/** Whether the text right before an object says that it is an example or a first idea. */
export function announcesDraft(before: string): boolean {
  const lead = before.replace(END_MARKS, " ").replace(/json\s*$/i, "").trimEnd()
    .slice(-LONGEST_LEAD);
  const sentence = Math.max(...[". ", "! ", "? ", "\n"].map((end) => lead.lastIndexOf(end)));
  return NO_ANSWER.test(lead.slice(sentence + 1));
}

/** Whether the text behind an object that proposes `action` leaves it the answer. */
export function leavesStanding(behind: string, action: unknown): boolean {
  const text = behind.replace(END_MARKS, " ").trim();
  if (text === "") return true;
  if (text.length > LONGEST_BEHIND) return false;
  // A question about the object, or a text that was cut where another answer was to come.
  if (/^[`"' ]{0,3}\?/.test(behind) || /[:,=][\s*_]*$/.test(text)) return false;
  if (/["']\s*(?:evidence|cause|reason|action|confidence|requires_human)["']\s*[:=]/i.test(text)) {
    return false;
  }
  return !TURN.test(text) && !namesAnother(text, action);
}

/** Whether a sentence, other than for another time, names an action that the object does not. */
function namesAnother(text: string, action: unknown): boolean {
  const others = ACTIONS.filter((each) => each !== action);
  const named = new RegExp(`\\b(?:${others.join("|")})\\b`, "i");
  return text.split(/[.!?\n]/).some((sentence) =>
    named.test(sentence) && !CONDITION.test(sentence)
  );
}
