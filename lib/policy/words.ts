/**
 * A risk rule in words, as the prompt states it.
 *
 * @module
 */
import type { PolicyRule } from "./policy.ts";

/** For example `node chelsty-*, action restart or redeploy: requires_human is true`. */
export function ruleInWords({ when, then }: PolicyRule): string {
  const conditions = [
    when.node !== undefined && `node ${when.node}`,
    when.service !== undefined && `service ${when.service}`,
    when.type !== undefined && `type ${when.type}`,
    when.family && `${when.family} trouble, whatever its type is called`,
    when.severity && `severity ${when.severity.join(" or ")}`,
    when.action && `action ${when.action.join(" or ")}`,
    when.confidence_below !== undefined && `confidence below ${when.confidence_below}`,
  ].filter(Boolean);
  const effects = [
    then.requires_human && "requires_human is true",
    then.action && `action is ${then.action}`,
  ].filter(Boolean);
  return `${conditions.join(", ") || "every event"}: ${effects.join(", ")}`;
}
