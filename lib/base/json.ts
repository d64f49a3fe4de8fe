import { isDeepStrictEqual } from "node:util";

/** Whether a parsed value is an object with keys, neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a JSON text; undefined, which no JSON text can mean, where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object that a text holds; undefined where it holds anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/**
 * Shows the brackets, colons and commas of a JSON text from `start` on, without those inside strings,
 * until enough was seen. A plain loop, since hostile text is walked over many times.
 */
export function walkSigns(
  text: string,
  start: number,
  seesEnough: (sign: string, at: number) => boolean | void,
): void {
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const sign = text.charAt(at);
    switch (sign) {
      case '"':
        inString = !inString;
        break;
      case "\\":
        if (inString) at++;
        break;
      case "{":
      case "}":
      case "[":
      case "]":
      case ":":
      case ",":
        if (!inString && seesEnough(sign, at)) return;
    }
  }
}

/** A UTF-16 unit as JSON escapes it. */
export const escapedUnit = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * A value as JSON for other programs, escaped as Python's `json.dumps` does: nothing outside
 * printable ASCII, so that nothing in it can act on a terminal.
 */
export function asciiJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\uffff]/g, escapedUnit);
}

/** Whether two JSON values are the same; those that are nested too deep to be compared are not. */
export function isSame(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
  }
}
