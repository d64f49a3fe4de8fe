/**
 * The length of a text as a model sees it, without its tokenizer.
 *
 * @module
 */

/** How many tokens a text takes, rather too many: words by length, digits and signs one by one. */
export function estimatedTokens(text: string): number {
  let tokens = 0;
  for (const [run] of text.matchAll(/[A-Za-z]+|[^\sA-Za-z]|\s+/g)) {
    const code = run.charCodeAt(0);
    const isWord = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    // A blank before a word is a part of its token.
    tokens += isWord ? Math.ceil(run.length / 5) : run === " " ? 0 : 1;
  }
  return tokens;
}
