import type { Facts } from "../../lib/llm/facts/facts.ts";
import { NO_PAST, NO_ROLE } from "../../lib/llm/facts/past.ts";

/** What is known of an unhealthy service and nothing else, with what the test says. */
export function facts(changes: Partial<Facts> = {}): Facts {
  return {
    family: "unhealthy",
    rank: 1,
    graded: false,
    over: false,
    planned: false,
    starting: false,
    drifted: false,
    unread: false,
    past: NO_PAST,
    role: NO_ROLE,
    ...changes,
  };
}
