/**
 * How a link wants Ollama's `think` field, learned from its answers.
 *
 * Left out is the start: `think:false` makes some models ignore `format` (ollama/ollama#14850,
 * #15260). Left out means "on" for models that can think, and some of those then leave `content`
 * empty or fence it (#15416, #14440); gpt-oss takes levels only.
 *
 * @module
 */

/** Values of `think`, first tried first; undefined leaves the field out. */
const THINK = [undefined, false, "low"] as const;
export type Think = typeof THINK[number];

export interface Dialect {
  readonly think: Think;
  /** Values that the server answered with 400. */
  readonly refused: readonly Think[];
}

export const FIRST_DIALECT: Dialect = { think: undefined, refused: [] };

/** What a request showed. */
export type Lesson =
  | "accepted" // a valid diagnosis
  | "wrong" // none, and no sign of thinking
  | "wrong_after_thinking"
  | "refused"; // 400: the field is not supported, or not with this value

/** The dialect after a request that sent `used` taught `lesson`. */
export function learn(dialect: Dialect, used: Think, lesson: Lesson): Dialect {
  switch (lesson) {
    case "accepted":
      return { ...dialect, think: used };
    case "refused":
      if (used === undefined) return dialect;
      return { think: undefined, refused: [...new Set([...dialect.refused, used])] };
    case "wrong":
      // With the field left out there is nothing to blame on it.
      return used === undefined ? dialect : { ...dialect, think: after(used, dialect.refused) };
    case "wrong_after_thinking":
      return { ...dialect, think: after(used, dialect.refused) };
  }
}

function after(used: Think, refused: readonly Think[]): Think {
  return THINK.slice(THINK.indexOf(used) + 1).find((think) => !refused.includes(think));
}
