import { ACTIONS } from "../llm/diagnosis.ts";
import { SEVERITIES } from "../llm/facts/words.ts";
import { globsAt, type Place, readConfigText } from "../config/operator_file.ts";
import {
  BUILT_IN_RULES,
  type PolicyCondition,
  type PolicyEffect,
  type PolicyRule,
  TARGET_RULE,
} from "./policy.ts";

const MOST_RULES = 200;

const MORE_CAREFUL = "A rule can only make a proposal more careful";

/**
 * The operator's own risk rules in config/policy.json, without the built-in ones, which it cannot
 * take away.
 *
 * @throws {ConfigFileError} naming each wrong value by its path, with what is allowed there.
 */
export function parsePolicy(text: string): PolicyRule[] {
  return readConfigText(text, { empty: 'an empty policy is {"rules": []}', read: rulesIn });
}

function rulesIn(root: Place): PolicyRule[] {
  const list = { most: MOST_RULES, of: "rules, each an object" };
  const taken = new Set([...BUILT_IN_RULES.map((rule) => rule.name), TARGET_RULE]);
  const places = root.object(["rules"])?.("rules").list(list) ?? [];
  return places.flatMap((place) => ruleIn(place, taken) ?? []);
}

/** @param taken names of the rules before this one. */
function ruleIn(place: Place, taken: Set<string>): PolicyRule | undefined {
  const at = place.object(["name", "when", "then"]);
  if (!at) return undefined;
  const takes = "a name of 1 to 100 visible characters, for the log and the proposals";
  const name = at("name").text(100, { takes });
  const when = conditionIn(at("when"));
  const then = effectIn(at("then"));
  if (name === undefined || !when || !then) return undefined;
  if (taken.has(name)) at("name").reject("a name that no other rule has");
  taken.add(name);
  return { name, when, then };
}

function conditionIn(place: Place): PolicyCondition | undefined {
  const known = ["node", "service", "type", "severity", "action", "confidence_below"] as const;
  const takes = `{} for every proposal, or an object with some of ${known.join(", ")}`;
  const at = place.object(known, takes);
  if (!at) return undefined;
  const globs = globsAt(at);
  const severity = wordsIn(at("severity"), SEVERITIES);
  const action = wordsIn(at("action"), ACTIONS);
  const below = confidenceIn(at("confidence_below"));
  return {
    ...globs,
    ...severity && { severity },
    ...action && { action },
    ...below !== undefined && { confidence_below: below },
  };
}

/** A list of some of `known`, where one is given. */
function wordsIn<Word extends string>(place: Place, known: readonly Word[]): Word[] | undefined {
  const of = known.join(", ");
  return place.given?.list({ least: 1, most: known.length, of })?.flatMap((item) => {
    const word = known.find((each) => each === item.value);
    return word ?? item.reject(`one of ${of}`) ?? [];
  });
}

function confidenceIn({ given }: Place): number | undefined {
  const value = given?.value;
  if (typeof value === "number" && value > 0 && value <= 1) return value;
  return given?.reject("a number above 0, 1 at most");
}

function effectIn(place: Place): PolicyEffect | undefined {
  const takes = '{"requires_human": true}, {"action": "notify"} or both';
  const at = place.object(["requires_human", "action"], takes);
  if (!at) return undefined;
  const [human, action] = [at("requires_human").given, at("action").given];
  if (!human && !action) return place.reject(takes);
  if (human && human.value !== true) {
    return human.reject(`only true. ${MORE_CAREFUL}, never excuse it from a person's approval`);
  }
  if (action && action.value !== "notify") {
    return action.reject(
      `only "notify". ${MORE_CAREFUL}, never choose an automatic action or drop it`,
    );
  }
  return { ...human && { requires_human: true }, ...action && { action: "notify" } };
}
