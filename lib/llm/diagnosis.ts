/** What a diagnosis may propose. */
export const ACTIONS = ["restart", "redeploy", "notify", "ignore"] as const;
export type Action = typeof ACTIONS[number];

/** Where a cause can lie, in the order in which a model is told of them. */
export const CAUSES = [
  "process", // it hangs, crashed, or was not started again
  "desired_state", // what runs differs from what is described, or is gone
  "data",
  "version_or_config",
  "host", // space, memory, load of the machine
  "hardware",
  "network",
  "access", // logins, permissions, certificates
  "outside", // somebody else's service
  "deliberate", // somebody meant it
  "starting",
  "over", // well again, or good news
  "unknown",
] as const;
export type Cause = typeof CAUSES[number];

/** Longest quotation from a payload. */
export const LONGEST_EVIDENCE = 120;

/** A validated diagnosis of one event; its keys are those of the action file. */
export interface Diagnosis {
  readonly action: Action;
  readonly service: string;
  readonly node: string;
  readonly reason: string;
  /** 0 to 1. The model's own word, not a probability. */
  readonly confidence: number;
  readonly requires_human: boolean;
  /** Absent in answers that do not say it. */
  readonly cause?: Cause;
  /** What in the payload shows it, word by word. */
  readonly evidence?: string;
}

/** The schema of a finished diagnosis; `cause` and `evidence` may be missing. */
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
    cause: { type: "string", enum: CAUSES },
    evidence: { type: "string" },
  },
} as const;

/** A text without a bound runs on to the token limit under a grammar; this is two long sentences. */
const LONGEST_ANSWERED_REASON = 400;

/**
 * The answer asked of a model: the keys in the order in which it shall think, without node and
 * service (the target is the event's, and every token costs a Pi a fifth of a second); without
 * `const`, `anyOf`, `$ref` and `pattern`, which Ollama's grammars do not all take.
 */
export const ANSWER_SCHEMA = {
  type: "object",
  properties: {
    evidence: { type: "string", maxLength: LONGEST_EVIDENCE },
    cause: { type: "string", enum: CAUSES },
    reason: { type: "string", minLength: 10, maxLength: LONGEST_ANSWERED_REASON },
    action: { type: "string", enum: ACTIONS },
    confidence: { type: "number", minimum: 0, maximum: 1 },
    requires_human: { type: "boolean" },
  },
  required: ["evidence", "cause", "reason", "action", "confidence", "requires_human"],
  additionalProperties: false,
} as const;
