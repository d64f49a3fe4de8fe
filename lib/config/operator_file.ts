/**
 * Reads the operator's JSON files under config/: every mistake at once, each with the path of the
 * value, the value, and what is allowed there.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import { cut } from "../base/text/cut.ts";
import { cleanName } from "../base/text/names.ts";

const MOST_CHARACTERS = 256 * 1024;
const MOST_PROBLEMS = 20;

/** Everything that is wrong with a file, one sentence each, with the path of the value. */
export class ConfigFileError extends Error {
  override readonly name: string = "ConfigFileError";
  constructor(readonly problems: readonly string[]) {
    const told = problems.slice(0, MOST_PROBLEMS);
    const more = problems.length - told.length;
    super([...told, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"));
  }
}

/** One value of the file, and where in the file it is. */
export interface Place {
  readonly path: string;
  readonly value: unknown;
}

/** Notes that a value is wrong, and returns nothing. */
export type Reject = (place: Place, takes: string) => undefined;

/**
 * Reads a file's text with `read`, which rejects what it cannot take.
 *
 * @param options.empty the text of a file that says nothing, for the error message.
 * @throws {ConfigFileError} when anything was rejected, or the text is no JSON.
 */
export function readConfigText<T>(
  text: string,
  { empty, read }: { empty: string; read: (root: Place, reject: Reject) => T },
): T {
  const problems: string[] = [];
  const value = parseJson(text, empty);
  const result = read({ path: "the file", value }, (place, takes) => {
    problems.push(`${place.path} is ${shown(place.value)}; it takes ${takes}`);
    return undefined;
  });
  if (problems.length > 0) throw new ConfigFileError(problems);
  return result;
}

function parseJson(text: string, empty: string): unknown {
  if (text.length > MOST_CHARACTERS) {
    throw new ConfigFileError([
      `the file has ${text.length} characters; it takes ${MOST_CHARACTERS} at most`,
    ]);
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const problem = error.message.replace(/\s+/g, " ");
    throw new ConfigFileError([`the file is not JSON: ${problem}; ${empty}`]);
  }
}

/** A missing value. */
export const missing = (path: string): Place => ({ path, value: undefined });

/** A pattern for `globMatches`. */
function parseGlob(place: Place, reject: Reject): string | undefined {
  const { value } = place;
  // A pattern of another dialect would match nothing, and its rule never hold.
  if (isPlain(value) && value.length <= 200 && !/[[\]{}]/.test(value)) return value;
  return reject(
    place,
    "1 to 200 visible characters, in which * stands for any number of characters and ? for one" +
      " ([ ] { } have no meaning here)",
  );
}

/** The patterns that an object has for an event's names. */
export function parseGlobs(
  places: Partial<Record<"node" | "service" | "type", Place>>,
  reject: Reject,
): { node?: string; service?: string; type?: string } {
  const globs: { node?: string; service?: string; type?: string } = {};
  for (const key of ["node", "service", "type"] as const) {
    const glob = places[key] && parseGlob(places[key], reject);
    if (glob !== undefined) globs[key] = glob;
  }
  return globs;
}

/** The places of the keys that an object has; a key that is not `known` is rejected. */
export function placesIn<K extends string>(
  place: Place,
  { known, reject, takes }: { known: readonly K[]; reject: Reject; takes?: string },
): Partial<Record<K, Place>> | undefined {
  const { path, value } = place;
  if (!isObject(value)) {
    return reject(place, takes ?? `an object with ${known.join(", ")}`);
  }
  const inside = path === "the file" ? "" : `${path}.`;
  const places: Partial<Record<K, Place>> = {};
  for (const [key, inner] of Object.entries(value)) {
    const name = known.find((each) => each === key);
    if (name !== undefined) places[name] = { path: inside + name, value: inner };
    else reject({ path: `a key of ${path}`, value: key }, `only ${known.join(", ")}`);
  }
  return places;
}

/** The places of a list's items. */
export function listOf(
  place: Place,
  { least = 0, most, of, reject }: { least?: number; most: number; of: string; reject: Reject },
): Place[] | undefined {
  const { path, value } = place;
  if (Array.isArray(value) && value.length >= least && value.length <= most) {
    return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }));
  }
  return reject(place, `a list of ${least} to ${most} of: ${of}`);
}

/** The places of the items of the one list that an object holds, under `key`. */
export function soleList(
  place: Place,
  { key, ...list }: { key: string; most: number; of: string; reject: Reject },
): Place[] {
  const places = placesIn(place, { known: [key], reject: list.reject });
  return places && listOf(places[key] ?? missing(key), list) || [];
}

const INVISIBLE = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;

/** Whether a value is a text that could be a name: with nothing invisible, nor blanks around it. */
export function isPlain(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value === cleanName(value, value.length);
}

/** A value for an error message: short, on one line. Lists and objects may be nested too deep. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") {
    const text = JSON.stringify(cut(value, 80));
    return text.replace(INVISIBLE, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  return String(value);
}
