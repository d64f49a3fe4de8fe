/**
 * Decides at the door whether an event needs a diagnosis at all.
 *
 * @module
 */
import type { HealthEvent } from "../event/event.ts";
import type { Muted } from "./suppression.ts";

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

/** Whether events of this type need no action. */
export function isBenign(type: string): boolean {
  return BENIGN.has(type);
}

/** Whether an event of this type says that its target is well again. */
export function isRecovery(type: string): boolean {
  return RECOVERY.has(type);
}

type Verdict =
  | { readonly kind: "benign" }
  | { readonly kind: "recovery" }
  | { readonly kind: "muted"; readonly muted: Muted }
  | { readonly kind: "cooldown"; readonly remainingMs: number }
  | { readonly kind: "admitted" };

interface GateOptions {
  readonly key: string;
  /** How long the target's cooldown still lasts, in milliseconds. Asked only when it matters. */
  readonly cooldown: (key: string) => number;
  /** Whether nobody wants to hear of the event. Asked only when it matters. */
  readonly muted: (event: HealthEvent, key: string) => Muted | undefined;
}

/** The gate's verdict on an event. */
export function judge(event: HealthEvent, { key, cooldown, muted }: GateOptions): Verdict {
  if (RECOVERY.has(event.type)) return { kind: "recovery" };
  if (BENIGN.has(event.type)) return { kind: "benign" };
  const because = muted(event, key);
  if (because) return { kind: "muted", muted: because };
  const remainingMs = cooldown(key);
  if (remainingMs > 0) return { kind: "cooldown", remainingMs };
  return { kind: "admitted" };
}
