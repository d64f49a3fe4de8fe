/**
 * Source maps (version 3) that know lines only, so that a stack trace in a binary still tells the
 * line of the TypeScript: a tenth of the whole map, which would lie in memory all the time.
 *
 * @module
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A map that cannot be read; the message says why. */
export class LineMapError extends Error {
  override readonly name = "LineMapError";
}

/** The numbers of one segment: base 64, five bits a digit, the lowest first, the sign lowest. */
function decodeSegment(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    if (bits < 0) throw new LineMapError(`source map: ${JSON.stringify(digit)} is not a digit`);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

function encodeNumber(number: number): string {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    const bits = rest & 31;
    rest >>= 5;
    text += DIGITS[rest > 0 ? bits | 32 : bits];
  } while (rest > 0);
  return text;
}

/**
 * Keeps, of the mappings of one source, where each generated line begins in it.
 *
 * @param mappings the field of that name.
 * @throws {LineMapError}
 */
export function lineMappings(mappings: string): string {
  let line = 0;
  let told = 0;
  return mappings.split(";").map((segments) => {
    let first: number | undefined;
    for (const segment of segments.split(",")) {
      const [, , lines] = decodeSegment(segment);
      if (lines === undefined) continue;
      line += lines;
      first ??= line;
    }
    if (first === undefined) return "";
    const text = `AA${encodeNumber(first - told)}A`;
    told = first;
    return text;
  }).join(";");
}

/**
 * The comment that gives a module such a map.
 *
 * @param map the JSON of the whole map.
 * @param source what a stack trace calls the source, relative to the module.
 * @throws {LineMapError}
 */
export function lineMapComment(map: string, source: string): string {
  const { version, mappings } = JSON.parse(map) as { version?: unknown; mappings?: unknown };
  if (version !== 3 || typeof mappings !== "string") {
    throw new LineMapError("source map: not of version 3, or without mappings");
  }
  const lines = { version: 3, sources: [source], names: [], mappings: lineMappings(mappings) };
  return `//# sourceMappingURL=data:application/json;base64,${btoa(JSON.stringify(lines))}\n`;
}
