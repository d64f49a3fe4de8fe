/** What stands where a secret stood. */
export const REDACTED = "[redacted]";

/** Reports that `[start, end)`, in UTF-16 units, is secret. */
export type Report = (start: number, end: number) => void;

/** What a sticky pattern matches at `from`, a global one from there on. */
export function matchFrom(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

/** Where that match ends. */
export function endFrom(pattern: RegExp, text: string, from: number): number | undefined {
  return matchFrom(pattern, text, from) ? pattern.lastIndex : undefined;
}

/**
 * Calls back with every match of a global pattern, which the callback must not use itself. Unlike
 * matchAll() it makes no RegExp: for the short texts of events that would cost more than the search.
 */
export function eachMatch(
  pattern: RegExp,
  text: string,
  visit: (match: RegExpExecArray) => void,
): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) visit(match);
}
