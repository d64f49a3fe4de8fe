import type { Diagnosis } from "../../llm/diagnosis.ts";
import type { WaitingEvent } from "../../event/event.ts";
import { severityRank } from "../../event/severity.ts";
import { applyPolicy, type PolicyRule } from "../../policy/policy.ts";

/**
 * Names of the risk rules that `diagnosis` breaks, each once; none when it may be proposed.
 *
 * The built-in rules are written down here a second time, apart from the code that applies them:
 * a check that shares its code with what it checks finds nothing.
 */
export function violations(
  diagnosis: Diagnosis,
  { event, policy }: { readonly event: WaitingEvent; readonly policy: readonly PolicyRule[] },
): string[] {
  const { node, service, action, confidence, requires_human } = diagnosis;
  const broken = new Set<string>();
  if (event.node.toLowerCase().startsWith("chelsty-") && !requires_human) {
    broken.add("offline_first_needs_human");
  }
  const letters = event.type.toLowerCase().replace(/[^a-z]/g, "");
  if (letters.startsWith("diskpressure") && action !== "notify") {
    broken.add("disk_pressure_is_notify");
  }
  if (!(confidence >= 0.7) && !requires_human) broken.add("low_confidence_needs_human");
  if (action === "ignore" && severityRank(event.severity) === 0) {
    broken.add("critical_is_not_ignored");
  }
  if (action === "ignore" && !(confidence >= 0.7)) broken.add("unsure_ignore_is_notify");
  if (node !== event.node || service !== event.service) broken.add("target_is_the_events_own");
  // The rules of config/policy.json are not written down a second time.
  for (const { rule } of applyPolicy(policy, event, diagnosis).changes) broken.add(rule);
  return [...broken].sort();
}
