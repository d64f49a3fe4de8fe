import type { Action, Diagnosis } from "../llm/diagnosis.ts";
import type { SEVERITIES } from "../llm/facts/words.ts";
import type { WaitingEvent } from "../event/event.ts";
import { globMatches } from "../base/glob.ts";
import { type FaultFamily, kindOf } from "../event/family.ts";
import { looksLike } from "../base/text/names.ts";
import { plainLine } from "../base/text/plain_line.ts";
import { severityRank } from "../event/severity.ts";
import { svcKey } from "../event/target.ts";

type Severity = typeof SEVERITIES[number];

/** Which proposals a rule is about. What is left out holds for every one. */
export interface PolicyCondition {
  /** Patterns for {@linkcode globMatches}, on the event's own names. */
  readonly node?: string;
  readonly service?: string;
  readonly type?: string;
  /** What the type speaks of, however it is spelled. */
  readonly family?: FaultFamily;
  /** The event's has the rank of one of these, so that `fatal` counts as `critical`. */
  readonly severity?: readonly Severity[];
  /** What the model, or another rule, proposes. */
  readonly action?: readonly Action[];
  /** Holds below this, not at it. */
  readonly confidence_below?: number;
}

/** What a rule asks for: a person, or no automatic action, or both. */
export interface PolicyEffect {
  readonly requires_human?: true;
  readonly action?: "notify";
}

/**
 * A risk rule, applied in code after the model has spoken, with keys as in config/policy.json. It can
 * only make a proposal more careful: its type has no way to say anything else.
 */
export interface PolicyRule {
  readonly name: string;
  readonly when: PolicyCondition;
  readonly then: PolicyEffect;
}

/** One thing that was changed, and the rule that asked for it. */
export type PolicyChange =
  & { readonly rule: string }
  & (
    | { readonly field: "target"; readonly from: string; readonly to: string }
    | { readonly field: "confidence"; readonly from: number; readonly to: number }
    | {
      readonly field: "action";
      readonly from: Action;
      readonly to: "notify";
      /** Why, where the rule's name does not say it all. */
      readonly because?: string;
    }
    | { readonly field: "requires_human"; readonly from: false; readonly to: true }
  );

/** A diagnosis that was made more careful, or not. */
export interface Bounded {
  readonly diagnosis: Diagnosis;
  readonly changes: readonly PolicyChange[];
}

/** The rules that always hold; config/policy.json adds to them. The prompt names the first three too. */
export const BUILT_IN_RULES: readonly PolicyRule[] = [
  { name: "offline_first_needs_human", when: { node: "chelsty*" }, then: { requires_human: true } },
  { name: "disk_pressure_is_notify", when: { family: "disk" }, then: { action: "notify" } },
  {
    name: "low_confidence_needs_human",
    when: { confidence_below: 0.7 },
    then: { requires_human: true },
  },
  // An ignored event reaches nobody: what is critical, or only guessed at, does.
  {
    name: "critical_is_not_ignored",
    when: { severity: ["critical"], action: ["ignore"] },
    then: { action: "notify" },
  },
  {
    name: "unsure_ignore_is_notify",
    when: { action: ["ignore"], confidence_below: 0.7 },
    then: { action: "notify" },
  },
];

/** The name under which a corrected target is recorded; it is no rule that can be left out. */
export const TARGET_RULE = "target_is_the_events_own";

/** Longest target, as the model wrote it, that is recorded. */
const LONGEST_TARGET = 200;

/**
 * The diagnosis after `rules` and the built-in ones, and what they changed.
 *
 * The target becomes the event's own. The order of the rules does not matter, and applying them to
 * the result again changes nothing.
 */
export function applyPolicy(
  rules: readonly PolicyRule[],
  event: WaitingEvent,
  diagnosis: Diagnosis,
): Bounded {
  const all = [...new Set([...BUILT_IN_RULES, ...rules])];
  const [from, to] = [plainLine(svcKey(diagnosis), LONGEST_TARGET), svcKey(event)];
  const isAbout = diagnosis.node === event.node && diagnosis.service === event.service;
  const changes: PolicyChange[] = isAbout ? [] : [{ rule: TARGET_RULE, field: "target", from, to }];
  let current: Diagnosis = { ...diagnosis, node: event.node, service: event.service };
  for (;;) {
    // Every rule sees the same proposal, whatever the others ask for; one that is about `notify`
    // gets its turn in the next round. Each round raises at least one of two fields, or is the last.
    const asked = all.filter((rule) => holds(rule.when, event, current))
      .flatMap((rule) => asks(rule, current));
    if (asked.length === 0) break;
    changes.push(...asked);
    current = asked.reduce((raised, change) => ({ ...raised, [change.field]: change.to }), current);
  }
  return { diagnosis: current, changes: changes.sort(byFieldAndRule) };
}

function holds(when: PolicyCondition, event: WaitingEvent, diagnosis: Diagnosis): boolean {
  const { form, about, family } = kindOf(event.type);
  const rank = severityRank(event.severity);
  return matches(when.node, event.node) && matches(when.service, event.service) &&
    (matches(when.type, event.type) || matches(when.type, form)) &&
    (when.family === undefined || (about === when.family && family !== "good_news")) &&
    (when.severity?.some((each) => severityRank(each) === rank) ?? true) &&
    (when.action?.includes(diagnosis.action) ?? true) &&
    // Negated, so that NaN counts as low.
    (when.confidence_below === undefined || !(diagnosis.confidence >= when.confidence_below));
}

/** Whether a name matches, also one spelled with look-alike characters. */
function matches(glob: string | undefined, name: string): boolean {
  return glob === undefined || globMatches(glob, name) || globMatches(glob, looksLike(name));
}

function asks({ name: rule, then }: PolicyRule, current: Diagnosis) {
  const changes: Extract<PolicyChange, { field: "action" | "requires_human" }>[] = [];
  if (then.action && current.action !== "notify") {
    changes.push({ rule, field: "action", from: current.action, to: "notify" });
  }
  if (then.requires_human && !current.requires_human) {
    changes.push({ rule, field: "requires_human", from: false, to: true });
  }
  return changes;
}

const FIELDS = ["target", "confidence", "action", "requires_human"] as const;

function byFieldAndRule(one: PolicyChange, other: PolicyChange): number {
  const byField = FIELDS.indexOf(one.field) - FIELDS.indexOf(other.field);
  return byField || (one.rule < other.rule ? -1 : one.rule > other.rule ? 1 : 0);
}

/** A rule as the prompt states it: `node chelsty-*, action restart: requires_human is true`. */
export function ruleInWords({ when, then }: PolicyRule): string {
  const conditions = [
    when.node !== undefined && `node ${when.node}`,
    when.service !== undefined && `service ${when.service}`,
    when.type !== undefined && `type ${when.type}`,
    when.family && `${when.family} trouble, whatever its type is called`,
    when.severity && `severity ${when.severity.join(" or ")}`,
    when.action && `action ${when.action.join(" or ")}`,
    when.confidence_below !== undefined && `confidence below ${when.confidence_below}`,
  ];
  const effects = [
    then.requires_human && "requires_human is true",
    then.action && `action is ${then.action}`,
  ];
  return `${conditions.filter(Boolean).join(", ") || "every event"}: ${
    effects.filter(Boolean).join(", ")
  }`;
}
