/**
 * Decides at the door whether an event needs a diagnosis at all.
 *
 * @module
 */
import type { HealthEvent } from "./event.ts";

/** Events that need no action (the seed's list). */
const BENIGN: ReadonlySet<string> = new Set([
  "service_healthy",
  "service_recovered",
  "node_online",
  "deployment_completed",
  "deployment_started",
  "remediation_started",
  "remediation_completed",
]);

/** Benign events that say a target is well again, so that nothing is left to diagnose. */
const RECOVERY: ReadonlySet<string> = new Set([
  "service_healthy",
  "service_recovered",
  "node_online",
]);

export type Verdict =
  | { readonly kind: "benign" }
  | { readonly kind: "recovery" }
  | { readonly kind: "cooldown"; readonly remainingMs: number }
  | { readonly kind: "admitted" };

/** The gate's verdict on an event whose target's cooldown lasts `cooldownMs` more milliseconds. */
export function judge(event: Pick<HealthEvent, "type">, cooldownMs: number): Verdict {
  if (RECOVERY.has(event.type)) return { kind: "recovery" };
  if (BENIGN.has(event.type)) return { kind: "benign" };
  if (cooldownMs > 0) return { kind: "cooldown", remainingMs: cooldownMs };
  return { kind: "admitted" };
}
