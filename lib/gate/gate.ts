/**
 * Decides at the door whether an event needs a diagnosis at all.
 *
 * @module
 */
import type { HealthEvent } from "../event/event.ts";
import { familyOf } from "../event/family.ts";
import { newsOf } from "../event/news.ts";
import type { Muted } from "./suppression.ts";

/** Whether events of this type need no action: good news, what was meant, and changes. */
export function isBenign(type: string): boolean {
  const family = familyOf(type);
  return family === "good_news" || family === "planned" || family === "change";
}

/** Whether an event of this type says that its target is well again. */
export function isRecovery(type: string): boolean {
  return familyOf(type) === "good_news";
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
  const news = newsOf(event);
  if (news !== "fault") return { kind: news };
  const because = muted(event, key);
  if (because) return { kind: "muted", muted: because };
  const remainingMs = cooldown(key);
  if (remainingMs > 0) return { kind: "cooldown", remainingMs };
  return { kind: "admitted" };
}
