/**
 * Whether a fault is over: good news that ends it was published since it happened.
 *
 * @module
 */
import { cures } from "../../lib/event/cures.ts";
import { newsOf } from "../../lib/event/news.ts";
import { type Target, targetKey } from "../../lib/event/target.ts";
import type { SentEvent } from "./workload.ts";

/** When something happened is in seconds since 1970. */
interface Happened {
  readonly timestamp: number;
}

export function createRecoveries() {
  const latest = new Map<string, SentEvent & Happened>();
  return {
    published(event: SentEvent & Happened): void {
      if (newsOf(event) === "recovery") latest.set(targetKey(event), event);
    },
    isOver(fault: Target & Happened & { readonly type: string }): boolean {
      const news = latest.get(targetKey(fault));
      return news !== undefined && news.timestamp > fault.timestamp && cures(news.type, fault.type);
    },
  };
}
