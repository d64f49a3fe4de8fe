import { isObject } from "../base/json.ts";
import { cut } from "../base/text/cut.ts";
import { cleanName } from "../base/text/names.ts";

const MOST_CHARACTERS = 256 * 1024;
const MOST_PROBLEMS = 20;
const WHOLE = "the file";

/** Everything that is wrong with a file, one sentence each, with the path of the value. */
export class ConfigFileError extends Error {
  override readonly name: string = "ConfigFileError";
  constructor(readonly problems: readonly string[]) {
    const told = problems.slice(0, MOST_PROBLEMS);
    const more = problems.length - told.length;
    super([...told, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"));
  }
}

/**
 * Reads the text of an operator's JSON file with `read`, which rejects what it cannot take.
 *
 * @param options.empty the text of a file that says nothing, for the error message.
 * @throws {ConfigFileError} when anything was rejected, or the text is no JSON.
 */
export function readConfigText<T>(
  text: string,
  { empty, read }: { empty: string; read: (root: Place) => T },
): T {
  if (text.length > MOST_CHARACTERS) {
    const takes = `it takes ${MOST_CHARACTERS} at most`;
    throw new ConfigFileError([`the file has ${text.length} characters; ${takes}`]);
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const problem = error.message.replace(/\s+/g, " ");
    throw new ConfigFileError([`the file is not JSON: ${problem}; ${empty}`]);
  }
  const problems: string[] = [];
  const result = read(new Place(WHOLE, value, problems));
  if (problems.length > 0) throw new ConfigFileError(problems);
  return result;
}

/** One value of a file, and where in the file it is. What rejects the value returns nothing. */
export class Place {
  readonly #path: string;
  readonly #problems: string[];

  /** @param value undefined where it is missing. */
  constructor(path: string, readonly value: unknown, problems: string[]) {
    this.#path = path;
    this.#problems = problems;
  }

  /** This place, unless its value is missing. */
  get given(): Place | undefined {
    return this.value === undefined ? undefined : this;
  }

  reject(takes: string): undefined {
    this.#problems.push(`${this.#path} is ${shown(this.value)}; it takes ${takes}`);
  }

  /** The places of an object's keys; a key that is not `known` is rejected. */
  object<Key extends string>(
    known: readonly Key[],
    takes = `an object with ${known.join(", ")}`,
  ): ((key: Key) => Place) | undefined {
    const { value } = this;
    if (!isObject(value)) return this.reject(takes);
    for (const key of Object.keys(value)) {
      if (known.some((each) => each === key)) continue;
      const place = new Place(`a key of ${this.#path}`, key, this.#problems);
      place.reject(`only ${known.join(", ")}`);
    }
    const inside = this.#path === WHOLE ? "" : `${this.#path}.`;
    return (key) => new Place(inside + key, value[key], this.#problems);
  }

  list({ least = 0, most, of }: { least?: number; most: number; of: string }): Place[] | undefined {
    const { value } = this;
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      return this.reject(`a list of ${least} to ${most} of: ${of}`);
    }
    const itemAt = (index: number) => `${this.#path}[${index}]`;
    return value.map((item: unknown, index) => new Place(itemAt(index), item, this.#problems));
  }

  /** A text that could be a name: with nothing invisible, nor blanks around it. */
  text(
    longest: number,
    { takes = `a text of 1 to ${longest} visible characters on one line`, trimmed = false } = {},
  ): string | undefined {
    const { value } = this;
    const text = typeof value === "string" ? trimmed ? value.trim() : value : "";
    const isPlain = text !== "" && text === cleanName(text, text.length);
    return isPlain && text.length <= longest ? text : this.reject(takes);
  }

  flag(): boolean | undefined {
    return typeof this.value === "boolean" ? this.value : this.reject("true or false");
  }

  /** A pattern for `globMatches`. */
  glob(): string | undefined {
    const takes =
      "1 to 200 visible characters, in which * stands for any number of characters and ? for one" +
      " ([ ] { } have no meaning here)";
    // A pattern of another dialect would match nothing, and its rule never hold.
    const isForeign = typeof this.value === "string" && /[[\]{}]/.test(this.value);
    return isForeign ? this.reject(takes) : this.text(200, { takes });
  }
}

/** The patterns that an object has for an event's names. */
export function globsAt(
  at: (key: "node" | "service" | "type") => Place,
): { node?: string; service?: string; type?: string } {
  const globs: { node?: string; service?: string; type?: string } = {};
  for (const key of ["node", "service", "type"] as const) {
    const glob = at(key).given?.glob();
    if (glob !== undefined) globs[key] = glob;
  }
  return globs;
}

const INVISIBLE = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;

/** A value for an error message: short, on one line. Lists and objects may be nested too deep. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") {
    const text = JSON.stringify(cut(value, 80));
    return text.replace(INVISIBLE, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? "an object" : String(value);
}
