/**
 * What a diagnosis says, and the schema that every finished one must pass.
 *
 * @module
 */

/** What a diagnosis may propose. */
export const ACTIONS = ["restart", "redeploy", "notify", "ignore"] as const;
export type Action = typeof ACTIONS[number];

/** A validated diagnosis of one event. Keys as in the seed. */
export interface Diagnosis {
  readonly action: Action;
  readonly service: string;
  readonly node: string;
  readonly reason: string;
  /** 0 to 1. The model's own word, not a probability. */
  readonly confidence: number;
  readonly requires_human: boolean;
}

/** The seed's schema of a finished diagnosis, unchanged. */
export const DIAGNOSIS_SCHEMA = {
  type: "object",
  required: ["action", "service", "node", "reason", "confidence", "requires_human"],
  additionalProperties: false,
  properties: {
    action: { type: "string", enum: ACTIONS },
    service: { type: "string" },
    node: { type: "string" },
    reason: { type: "string", minLength: 10 },
    confidence: { type: "number", minimum: 0, maximum: 1 },
    requires_human: { type: "boolean" },
  },
} as const;
