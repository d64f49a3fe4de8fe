/**
 * How fast a machine reads and writes tokens. These are assumptions about typical machines, not
 * measurements: `planner-agent check` prints the two rates of yours.
 *
 * @module
 */

export interface Speed {
  /** Tokens of the prompt a second. */
  readonly promptRate: number;
  /** Tokens of the answer a second. */
  readonly answerRate: number;
}

export interface Profile extends Speed {
  readonly machine: string;
}

export const PROFILES = {
  "pi5": { machine: "Raspberry Pi 5, a 3B model in 4 bits", promptRate: 20, answerRate: 5 },
  "mini-pc": { machine: "mini PC without GPU, a 7B model", promptRate: 60, answerRate: 9 },
  "gpu": { machine: "PC with a 12 GB GPU, a 7B model", promptRate: 1_500, answerRate: 50 },
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof PROFILES;

/** A text's tokens: four bytes each is the usual estimate for English and JSON. */
export const BYTES_PER_TOKEN = 4;

const encoder = new TextEncoder();

export function tokensOf(text: string): number {
  return Math.ceil(encoder.encode(text).length / BYTES_PER_TOKEN);
}

/** What a diagnosis takes, as an idle server would do it. */
export interface Work {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/** Milliseconds of reading and of writing: tokens divided by rate. */
export function workMs(
  { promptTokens, answerTokens }: Work,
  { promptRate, answerRate }: Speed,
): { readonly readMs: number; readonly writeMs: number } {
  return {
    readMs: 1000 * promptTokens / promptRate,
    writeMs: 1000 * answerTokens / answerRate,
  };
}
