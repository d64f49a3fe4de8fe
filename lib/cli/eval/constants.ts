/**
 * Models that always answer the same: a chain's score means something only beside theirs.
 *
 * @module
 */
import { type Action } from "../../llm/diagnosis.ts";
import type { Router } from "../../llm/contract.ts";

export const CONSTANTS = ["notify", "restart", "ignore"] as const satisfies readonly Action[];

/** A router whose every answer is `action`, and that it is sure. */
export function constantRouter(action: Action): Router {
  return {
    route: (_messages, { event: { node, service } }) =>
      Promise.resolve({
        content: {
          action,
          node,
          service,
          reason: `always ${action}`,
          confidence: 0.9,
          requires_human: false,
        },
        modelUsed: `always ${action}`,
        attempts: [],
      }),
    close: () => {},
  };
}
