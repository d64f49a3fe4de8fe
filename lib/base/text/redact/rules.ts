import { commandLines } from "./commands.ts";
import { encodedSecrets } from "./encoded.ts";
import { namedValues } from "./pairs.ts";
import { privateKeys } from "./private_keys.ts";
import { REDACTED } from "./search.ts";
import { plainSpelling, withoutLookalikes } from "./spelling.ts";
import { secretStatements } from "./statements.ts";
import { jsonWebTokens, knownTokens } from "./tokens.ts";
import { bareUsers, urlUsers } from "./urls.ts";

const RULES = [
  privateKeys,
  jsonWebTokens,
  urlUsers,
  bareUsers,
  namedValues,
  commandLines,
  knownTokens,
  secretStatements,
];

/** The text with `[redacted]` for what all rules find; a further round may find more. */
export function redactOnce(given: string, decodes = true): string {
  const shown = plainSpelling(given);
  // Of the same length: places in it are places in what is shown.
  const text = withoutLookalikes(shown);
  const spans: [number, number][] = [];
  const report = (start: number, end: number) => {
    if (end > start && text.slice(start, end) !== REDACTED) spans.push([start, end]);
  };
  for (const rule of RULES) rule(text, report);
  // What is decoded is read once more, and no deeper.
  if (decodes) {
    encodedSecrets(text, (plain) => redactOnce(plain, false) !== plainSpelling(plain), report);
  }
  return spans.length === 0 ? shown : withoutSpans(shown, spans);
}

/** The text with each reported place replaced once, wherever they touch or overlap. */
function withoutSpans(text: string, spans: [number, number][]): string {
  spans.sort(([a], [b]) => a - b);
  let shown = "";
  let until = -1;
  for (const [start, end] of spans) {
    if (start > until) shown += text.slice(Math.max(until, 0), start) + REDACTED;
    until = Math.max(until, end);
  }
  return shown + text.slice(until);
}
