/**
 * Reads config/policy.json: the operator's own risk rules, which add to the built-in ones.
 *
 * @module
 */
import { ACTIONS } from "../llm/diagnosis.ts";
import {
  isPlain,
  listOf,
  missing,
  parseGlobs,
  type Place,
  placesIn,
  readConfigText,
  type Reject,
  soleList,
} from "../config/operator_file.ts";
import {
  BUILT_IN_RULES,
  type PolicyCondition,
  type PolicyEffect,
  type PolicyRule,
  SEVERITIES,
  TARGET_RULE,
} from "./policy.ts";

const MOST_RULES = 200;

const MORE_CAREFUL = "A rule can only make a proposal more careful";

/**
 * The rules of a policy file, without the built-in ones, which it cannot take away.
 *
 * @throws {ConfigFileError} naming each wrong value by its path, with what is allowed there.
 */
export function parsePolicy(text: string): PolicyRule[] {
  return readConfigText(text, { empty: 'an empty policy is {"rules": []}', read: parseRules });
}

function parseRules(root: Place, reject: Reject): PolicyRule[] {
  const list = { key: "rules", most: MOST_RULES, of: "rules, each an object", reject };
  const taken = new Set([...BUILT_IN_RULES.map((rule) => rule.name), TARGET_RULE]);
  const rules: PolicyRule[] = [];
  for (const place of soleList(root, list)) {
    const rule = parseRule(place, reject);
    if (!rule) continue;
    if (taken.has(rule.name)) {
      reject({ path: `${place.path}.name`, value: rule.name }, "a name that no other rule has");
    }
    taken.add(rule.name);
    rules.push(rule);
  }
  return rules;
}

function parseRule(place: Place, reject: Reject): PolicyRule | undefined {
  const places = placesIn(place, { known: ["name", "when", "then"], reject });
  if (!places) return undefined;
  const name = parseName(places.name ?? missing(`${place.path}.name`), reject);
  const when = parseCondition(places.when ?? missing(`${place.path}.when`), reject);
  const then = parseEffect(places.then ?? missing(`${place.path}.then`), reject);
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
  const when: { -readonly [K in keyof PolicyCondition]: PolicyCondition[K] } = parseGlobs(
    places,
    reject,
  );
  const severity = places.severity && parseWords(places.severity, { known: SEVERITIES, reject });
  if (severity) when.severity = severity;
  const action = places.action && parseWords(places.action, { known: ACTIONS, reject });
  if (action) when.action = action;
  const below = places.confidence_below && parseConfidence(places.confidence_below, reject);
  if (below !== undefined) when.confidence_below = below;
  return when;
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
