import { cutAndCounted } from "./cut.ts";
import { redactText } from "./redact.ts";
import { visibleText } from "./visible.ts";

/**
 * `text` on one line of what people read: without secrets, terminal codes, control and invisible characters, cut to
 * `limit` UTF-16 units, with a mark behind them that tells how many there were.
 */
export function plainLine(text: string, limit: number): string {
  // First what can hide a secret from redaction, last the cut, which could halve one.
  const line = redactText(visibleText(text)).replace(/[\t\n]+/g, " ").trim();
  return cutAndCounted(line, limit);
}
