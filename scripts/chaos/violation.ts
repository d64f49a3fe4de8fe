/**
 * Broken promises, in words.
 *
 * @module
 */
import type { Target } from "../../lib/event/target.ts";

/** A violation names so many examples. */
const SHOWN = 3;

export function nameOf({ node, service }: Target): string {
  return `${node}/${service}`;
}

/** One sentence about all of them; none when there are none. */
export function told(what: string, examples: readonly string[]): string[] {
  if (examples.length === 0) return [];
  const more = examples.length > SHOWN ? ` and ${examples.length - SHOWN} more` : "";
  return [`${what}: ${examples.slice(0, SHOWN).join(", ")}${more}`];
}
