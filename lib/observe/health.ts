/**
 * What can be wrong with an agent and its surroundings: every condition has a stable code, how bad
 * it is, and what a person can do. `check` and `status` speak of the same ones.
 *
 * @module
 */

const INSTALL = "Run the installer again: it makes the folders and sets owners and modes.";

/** With these the agent cannot do its work, or not for long; what to do about each. */
const FAILURES = {
  config_invalid: "Change the variable, in /etc/planner-agent/planner-agent.env or a unit.",
  config_file_invalid: "Correct the file; the agent does not start with it.",
  permission_missing: "Build a binary for these settings.",
  folder_missing: INSTALL,
  folder_not_writable: INSTALL,
  folder_not_readable: INSTALL,
  clock_wrong: "Set the time: timedatectl set-ntp true. Until then, times are not right.",
  agent_silent:
    "It died or hangs: journalctl -u planner-agent -n 50, then systemctl restart planner-agent.",
  redis_unavailable: "planner-agent run goes on trying and needs no restart.",
  redis_channel_refused: "Grant it: ACL SETUSER ... &CHANNEL",
  redis_stream_refused: "Do what the detail says; docs/redis.md has the least that a user needs.",
  claims_unavailable:
    "Do what the detail says. Until then two planners may propose for the same service.",
  ollama_unavailable: "Start it there, or change OLLAMA_HOST or LLM_CHAIN.",
  model_server_unavailable: "Start it there, or change LLM_CHAIN.",
  model_server_refuses: "Give it a key that it takes: LLM_API_KEY.",
  model_missing: "ollama pull NAME",
  answer_failed: "Take another model, or raise the deadline that the detail names.",
};

/** What to do about the others. */
const WARNINGS = {
  silences_invalid: "Correct config/silences.json; until then the silences before stay.",
  config_file_unknown: "Nothing reads it: is its name spelled right?",
  permission_wide: "Use a compiled binary, which has no permission to approve.",
  folder_unused: INSTALL,
  disk_nearly_full: "Free space on the filesystem of RUNTIME_PATH (df -h).",
  inodes_nearly_out: "Remove small files on the filesystem of RUNTIME_PATH (df -i).",
  clock_differs: "Let both synchronize their clocks: timedatectl timesync-status.",
  agent_never_ran: "Start it: systemctl start planner-agent.",
  agent_stopped: "Start it: systemctl start planner-agent.",
  status_unreadable: "Is this user in the group that may read RUNTIME_PATH/state?",
  status_outdated: "The agent cannot write its status: look for status_write_failed.",
  redis_password_unused: "Is it the right Redis? Else take the password out of REDIS_URL.",
  redis_old: "Upgrade Redis: a subscriber may send PING only since 3.0.",
  redis_buffer_small:
    'CONFIG SET client-output-buffer-limit "pubsub 33554432 8388608 60": below, a burst of events ' +
    "makes Redis hang up.",
  ollama_old: "Upgrade Ollama: answers by a schema came with 0.5.0.",
  model_server_lax:
    "Wrong answers are asked for again. A server that takes a schema gives fewer of them.",
  model_elsewhere: "Its prompts leave the house. Take a model that runs on your machines.",
  model_reloads:
    "Give both the same context: LLM_CONTEXT_TOKENS here, num_ctx there. Each switch loads anew.",
  context_too_small: "Give the server a larger context, or set LLM_CONTEXT_TOKENS to what it has.",
  answer_slow: "Take a smaller model or a faster host, or raise LLM_TIMEOUT_SECONDS.",
  prompt_too_long: "Raise LLM_CONTEXT_TOKENS, or shorten config/topology.json.",
  link_open: "See its llm_attempt_failed lines in the log; planner-agent check asks it.",
  events_parked: "No link answers; they are tried again. planner-agent check asks each link.",
};

const REMEDIES = { ...FAILURES, ...WARNINGS };
type ConditionCode = keyof typeof REMEDIES;
type Severity = "warning" | "failure";

/** What was found out about one thing. Keys are stable. */
export interface Finding {
  /** What was looked at, one of a fixed set of words, such as `redis` or `model`. */
  readonly check: string;
  /** Which of them, for people: a folder, a host, a link. */
  readonly subject: string;
  readonly level: "ok" | Severity | "skipped";
  readonly detail: string;
  readonly code?: ConditionCode;
  readonly remedy?: string;
}

/** What can be found out about one thing: the word for programs, and its name for people. */
export function about(check: string, subject: string) {
  return {
    fine: (detail: string): Finding => ({ check, subject, level: "ok", detail }),
    skipped: (detail: string): Finding => ({ check, subject, level: "skipped", detail }),
    /** A condition that was met; a finding can have a better remedy of its own. */
    problem(code: ConditionCode, detail: string, remedy: string = REMEDIES[code]): Finding {
      const level = code in FAILURES ? "failure" : "warning";
      return { check, subject, level, detail, code, remedy };
    },
  };
}

/** The worst level of all; "ok" when there is none. */
export function worst(findings: readonly Finding[]): "ok" | Severity {
  if (findings.some(({ level }) => level === "failure")) return "failure";
  return findings.some(({ level }) => level === "warning") ? "warning" : "ok";
}
