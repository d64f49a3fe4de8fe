/**
 * Reads config/policy.json: the operator's own risk rules, which add to the built-in ones.
 *
 * @module
 */
import { ACTIONS } from "./diagnosis.ts";
import { cleanName } from "./names.ts";
import {
  BUILT_IN_RULES,
  type PolicyCondition,
  type PolicyEffect,
  type PolicyRule,
  SEVERITIES,
  TARGET_RULE,
} from "./policy.ts";

const MOST_CHARACTERS = 256 * 1024;
const MOST_RULES = 200;
const MOST_PROBLEMS = 20;

const MORE_CAREFUL = "A rule can only make a proposal more careful";

/** Everything that is wrong with a policy file, one sentence each, with the path of the value. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  constructor(readonly problems: readonly string[]) {
    const told = problems.slice(0, MOST_PROBLEMS);
    const more = problems.length - told.length;
    super([...told, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"));
  }
}

/** One value of the file, and where in the file it is. */
interface Place {
  readonly path: string;
  readonly value: unknown;
}

/** Notes that a value is wrong, and gives nothing in its stead. */
type Reject = (place: Place, takes: string) => undefined;

/**
 * The rules of a policy file, without the built-in ones, which it cannot take away.
 *
 * @throws {PolicyError} naming each wrong value by its path, with what is allowed there.
 */
export function parsePolicy(text: string): PolicyRule[] {
  const problems: string[] = [];
  const reject: Reject = ({ path, value }, takes) => {
    problems.push(`${path} is ${shown(value)}; it takes ${takes}`);
    return undefined;
  };
  const root = { path: "the file", value: parseJson(text) };
  const places = placesIn(root, { known: ["rules"], reject });
  const list = places && listOf(places.rules ?? { path: "rules", value: undefined }, {
    most: MOST_RULES,
    of: "rules, each an object",
    reject,
  });
  const taken = new Set([...BUILT_IN_RULES.map((rule) => rule.name), TARGET_RULE]);
  const rules: PolicyRule[] = [];
  for (const place of list ?? []) {
    const rule = parseRule(place, reject);
    if (!rule) continue;
    if (taken.has(rule.name)) {
      reject({ path: `${place.path}.name`, value: rule.name }, "a name that no other rule has");
    }
    taken.add(rule.name);
    rules.push(rule);
  }
  if (problems.length > 0) throw new PolicyError(problems);
  return rules;
}

function parseJson(text: string): unknown {
  if (text.length > MOST_CHARACTERS) {
    throw new PolicyError([
      `the file has ${text.length} characters; it takes ${MOST_CHARACTERS} at most`,
    ]);
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new PolicyError([
      `the file is not JSON: ${
        error.message.replace(/\s+/g, " ")
      }; an empty policy is {"rules": []}`,
    ]);
  }
}

function parseRule(place: Place, reject: Reject): PolicyRule | undefined {
  const places = placesIn(place, { known: ["name", "when", "then"], reject });
  if (!places) return undefined;
  const missing = (key: string): Place => ({ path: `${place.path}.${key}`, value: undefined });
  const name = parseName(places.name ?? missing("name"), reject);
  const when = parseCondition(places.when ?? missing("when"), reject);
  const then = parseEffect(places.then ?? missing("then"), reject);
  return name !== undefined && when && then ? { name, when, then } : undefined;
}

function parseName(place: Place, reject: Reject): string | undefined {
  const { value } = place;
  if (isPlain(value) && value.length <= 100) return value;
  return reject(place, "a name of 1 to 100 visible characters, for the log and the proposals");
}

function parseCondition(place: Place, reject: Reject): PolicyCondition | undefined {
  const known = ["node", "service", "type", "severity", "action", "confidence_below"] as const;
  const takes = `{} for every proposal, or an object with some of ${known.join(", ")}`;
  const places = placesIn(place, { known, reject, takes });
  if (!places) return undefined;
  const when: { -readonly [K in keyof PolicyCondition]: PolicyCondition[K] } = {};
  for (const key of ["node", "service", "type"] as const) {
    const glob = places[key] && parseGlob(places[key], reject);
    if (glob !== undefined) when[key] = glob;
  }
  const severity = places.severity && parseWords(places.severity, { known: SEVERITIES, reject });
  if (severity) when.severity = severity;
  const action = places.action && parseWords(places.action, { known: ACTIONS, reject });
  if (action) when.action = action;
  const below = places.confidence_below && parseConfidence(places.confidence_below, reject);
  if (below !== undefined) when.confidence_below = below;
  return when;
}

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

/** A list of some of `known`. */
function parseWords<W extends string>(
  place: Place,
  { known, reject }: { known: readonly W[]; reject: Reject },
): W[] | undefined {
  const items = listOf(place, { least: 1, most: known.length, of: known.join(", "), reject });
  return items?.flatMap((item) => {
    const word = known.find((each) => each === item.value);
    return word ?? reject(item, `one of ${known.join(", ")}`) ?? [];
  });
}

function parseConfidence(place: Place, reject: Reject): number | undefined {
  const { value } = place;
  if (typeof value === "number" && value > 0 && value <= 1) return value;
  return reject(place, "a number above 0, 1 at most");
}

function parseEffect(place: Place, reject: Reject): PolicyEffect | undefined {
  const takes = '{"requires_human": true}, {"action": "notify"} or both';
  const places = placesIn(place, { known: ["requires_human", "action"], reject, takes });
  if (!places) return undefined;
  const { requires_human: human, action } = places;
  if (!human && !action) return reject(place, takes);
  if (human && human.value !== true) {
    return reject(human, `only true. ${MORE_CAREFUL}, never excuse it from a person's approval`);
  }
  if (action && action.value !== "notify") {
    return reject(
      action,
      `only "notify". ${MORE_CAREFUL}, never choose an automatic action or drop it`,
    );
  }
  if (!action) return { requires_human: true };
  return human ? { requires_human: true, action: "notify" } : { action: "notify" };
}

/** The places of the keys that an object has; a key that is not `known` is rejected. */
function placesIn<K extends string>(
  place: Place,
  { known, reject, takes }: { known: readonly K[]; reject: Reject; takes?: string },
): Partial<Record<K, Place>> | undefined {
  const { path, value } = place;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
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
function listOf(
  place: Place,
  { least = 0, most, of, reject }: { least?: number; most: number; of: string; reject: Reject },
): Place[] | undefined {
  const { path, value } = place;
  if (Array.isArray(value) && value.length >= least && value.length <= most) {
    return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }));
  }
  return reject(place, `a list of ${least} to ${most} of: ${of}`);
}

const INVISIBLE = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;

/** Whether a value is a text that could be a name: with nothing invisible, nor blanks around it. */
function isPlain(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value === cleanName(value, value.length);
}

/** A value for an error message: short, on one line. Lists and objects may be nested too deep. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") {
    const text = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
    return text.replace(INVISIBLE, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
