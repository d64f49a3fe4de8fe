import { isObject, parseObject, walkSigns } from "../../base/json.ts";

/** The fields of a payload, read back from the excerpt that a prompt shows. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a cut text has in the place of what is missing. */
const CUT = "…[";
const MOST_CUTS = 40;
/** Deeper fields say how one part is, not how the whole is. */
const DEPTH = 5;
/** Below these stand results of checks and older states, whose codes are not the container's own. */
const NOT_ITS_OWN =
  /^(?:log|logs|logtail|history|checks?|probes?|healthcheck|previous|config|hostconfig)$/;

/** The payload; of one that was cut, what stands whole before the cut; nothing for none. */
export function payloadOf(excerpt: string): Fields {
  let found = parseObject(excerpt);
  // Texts are cut with the same mark, so which one cut the whole shows when it is tried.
  let at = excerpt.lastIndexOf(CUT);
  for (let tries = 0; !found && at >= 0 && tries < MOST_CUTS; tries++) {
    found = parseObject(closed(excerpt.slice(0, at)));
    at = at > 0 ? excerpt.lastIndexOf(CUT, at - 1) : -1;
  }
  return found ?? {};
}

/** The beginning of a JSON text up to its last whole entry, with its brackets closed. */
function closed(text: string): string {
  const open: string[] = [];
  let whole = "";
  walkSigns(text, 0, (sign, at) => {
    if (sign === "{") open.push("}");
    else if (sign === "[") open.push("]");
    else if (sign === "}" || sign === "]") open.pop();
    else if (sign === ",") whole = text.slice(0, at) + open.toReversed().join("");
  });
  return whole;
}

/** Names of fields, with blanks between them. */
export function names(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

/**
 * The first value under one of `names`, which are in small letters without anything between:
 * `exitcode` finds `ExitCode`, `exit_code` and `exit-code`. The outer counts before the inner.
 */
export function valueOf(payload: Fields, names: ReadonlySet<string>): unknown {
  let level: Fields[] = [payload];
  for (let depth = 0; depth < DEPTH && level.length > 0; depth++) {
    const inner: Fields[] = [];
    for (const fields of level) {
      for (const [key, value] of Object.entries(fields)) {
        const name = key.toLowerCase().replace(/[^a-z0-9]/g, "");
        if (names.has(name) && !isObject(value) && value !== null && value !== "") return value;
        if (NOT_ITS_OWN.test(name)) continue;
        if (isObject(value)) inner.push(value);
        else if (Array.isArray(value)) inner.push(...value.filter(isObject));
      }
    }
    level = inner;
  }
  return undefined;
}

/** A whole number of 0 or more, also one written as text. */
export function countOf(payload: Fields, names: ReadonlySet<string>): number | undefined {
  const value = valueOf(payload, names);
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const number = Number(/^\d{1,9}$/.test(String(value).trim()) ? value : NaN);
  return Number.isInteger(number) ? number : undefined;
}

/** A short word, in small letters. */
export function wordOf(payload: Fields, names: ReadonlySet<string>): string {
  const value = valueOf(payload, names);
  return typeof value === "string" && value.length <= 60 ? value.trim().toLowerCase() : "";
}

/** Every text of the payload, in its order, one a line. */
export function textsOf(value: unknown): string {
  if (typeof value === "string") return `${value}\n`;
  if (Array.isArray(value)) return value.map(textsOf).join("");
  return isObject(value) ? Object.values(value).map(textsOf).join("") : "";
}
