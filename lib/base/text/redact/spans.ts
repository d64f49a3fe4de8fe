/**
 * Places in a text that hold a secret.
 *
 * @module
 */

/** What stands where a secret stood. */
export const REDACTED = "[redacted]";

/** Reports that `[start, end)`, in UTF-16 units, is secret. */
export type Report = (start: number, end: number) => void;

/** The text with each reported place replaced once, wherever they touch or overlap. */
export function replaceSpans(text: string, spans: [number, number][]): string {
  spans.sort((a, b) => a[0] - b[0]);
  const parts: string[] = [];
  let from = 0;
  let until = -1;
  for (const [start, end] of spans) {
    if (start > until) {
      parts.push(text.slice(from, start), REDACTED);
      from = end;
    }
    until = Math.max(until, end);
    from = Math.max(from, end);
  }
  parts.push(text.slice(from));
  return parts.join("");
}
