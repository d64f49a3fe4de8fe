/**
 * Whole numbers on a command line.
 *
 * @module
 */

export interface WholeRange {
  readonly least: number;
  readonly most: number;
}

/** The number that `text` writes, or undefined, with a problem noted, when it is out of range. */
export function wholeNumber(
  text: string,
  { name, range: { least, most }, problems }: {
    /** The option, dashes included. */
    readonly name: string;
    readonly range: WholeRange;
    readonly problems: string[];
  },
): number | undefined {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  problems.push(`${name}: "${text}" is not a whole number from ${least} to ${most}`);
  return undefined;
}
