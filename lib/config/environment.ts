/**
 * The environment variables that the agent knows.
 *
 * @module
 */

/** Every environment variable the agent reads, in the order of the table in docs/configuration.md. */
export const ENVIRONMENT_NAMES = [
  "RUNTIME_PATH",
  "REDIS_URL",
  "OLLAMA_HOST",
  "OLLAMA_MODEL",
  "NODE_NAME",
  "COOLDOWN_SECONDS",
  "LLM_CHAIN",
  "LLM_API_KEY",
  "LLM_FIRST_TOKEN_SECONDS",
  "LLM_IDLE_SECONDS",
  "LLM_TIMEOUT_SECONDS",
  "LLM_ATTEMPTS",
  "LLM_CONTEXT_TOKENS",
  "LLM_KEEP_ALIVE",
  "LLM_CONCURRENCY",
  "PROMPT_PAYLOAD_BYTES",
  "QUEUE_LIMIT",
  "EVENT_TTL_SECONDS",
  "MAX_PENDING_PER_SERVICE",
  "OUTCOME_REPEATS",
  "OUTCOME_WINDOW_SECONDS",
  "INTAKE",
  "CHANNELS",
  "STREAMS",
  "STREAM_GROUP",
  "STREAM_CLAIM_SECONDS",
  "COORDINATION",
  "INHIBIT",
  "FLAP_CHANGES",
  "FLAP_WINDOW_SECONDS",
  "STORM_SERVICES",
  "STORM_WINDOW_SECONDS",
  "STORM_HOLD_SECONDS",
  "START_GRACE_SECONDS",
  "DIAGNOSES_PER_HOUR",
  "PROPOSALS_PER_DAY",
  "VALID_SECONDS",
  "NOTIFY_VALID_SECONDS",
  "PROPOSAL_CHANNEL",
  "LOG_LEVEL",
  "NO_COLOR",
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "SSLKEYLOGFILE",
] as const;

export type EnvironmentName = typeof ENVIRONMENT_NAMES[number];

/** Looks up one environment variable. */
export type Environment = (name: EnvironmentName) => string | undefined;
