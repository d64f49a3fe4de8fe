/**
 * What can be wrong with an agent and its surroundings: every condition has a stable code, how bad
 * it is, and what a person can do. `check` and `status` speak of the same ones.
 *
 * @module
 */

/** How bad a condition is: with a failure the agent cannot do its work, or not for long. */
type Severity = "warning" | "failure";

/** Each with what to do. */
const failure = (remedy: string) => ({ severity: "failure" as Severity, remedy });
const warning = (remedy: string) => ({ severity: "warning" as Severity, remedy });

const INSTALL = "Run the installer again: it makes the folders and sets owners and modes.";

const CONDITIONS = {
  config_invalid: failure(
    "Change the variable, in /etc/planner-agent/planner-agent.env or a unit.",
  ),
  config_file_invalid: failure("Correct the file; the agent does not start with it."),
  silences_invalid: warning("Correct config/silences.json; until then the silences before stay."),
  config_file_unknown: warning("Nothing reads it: is its name spelled right?"),
  permission_missing: failure("Build a binary for these settings."),
  permission_wide: warning("Use a compiled binary, which has no permission to approve."),
  folder_missing: failure(INSTALL),
  folder_not_writable: failure(INSTALL),
  folder_not_readable: failure(INSTALL),
  folder_unused: warning(INSTALL),
  disk_nearly_full: warning("Free space on the filesystem of RUNTIME_PATH (df -h)."),
  inodes_nearly_out: warning("Remove small files on the filesystem of RUNTIME_PATH (df -i)."),
  clock_wrong: failure("Set the time: timedatectl set-ntp true. Until then, times are not right."),
  clock_differs: warning("Let both synchronize their clocks: timedatectl timesync-status."),
  agent_never_ran: warning("Start it: systemctl start planner-agent."),
  agent_stopped: warning("Start it: systemctl start planner-agent."),
  agent_silent: failure(
    "It died or hangs: journalctl -u planner-agent -n 50, then systemctl restart planner-agent.",
  ),
  status_unreadable: warning("Is this user in the group that may read RUNTIME_PATH/state?"),
  status_outdated: warning("The agent cannot write its status: look for status_write_failed."),
  redis_unavailable: failure("planner-agent run goes on trying and needs no restart."),
  redis_channel_refused: failure("Grant it: ACL SETUSER ... &CHANNEL"),
  redis_stream_refused: failure(
    "Do what the detail says; docs/redis.md has the least that a user needs.",
  ),
  claims_unavailable: failure(
    "Do what the detail says. Until then two planners may propose for the same service.",
  ),
  redis_password_unused: warning("Is it the right Redis? Else take the password out of REDIS_URL."),
  redis_old: warning("Upgrade Redis: a subscriber may send PING only since 3.0."),
  redis_buffer_small: warning(
    'CONFIG SET client-output-buffer-limit "pubsub 33554432 8388608 60": below, a burst of events ' +
      "makes Redis hang up.",
  ),
  ollama_unavailable: failure("Start it there, or change OLLAMA_HOST or LLM_CHAIN."),
  ollama_old: warning("Upgrade Ollama: answers by a schema came with 0.5.0."),
  model_server_unavailable: failure("Start it there, or change LLM_CHAIN."),
  model_server_refuses: failure("Give it a key that it takes: LLM_API_KEY."),
  model_server_lax: warning(
    "Wrong answers are asked for again. A server that takes a schema gives fewer of them.",
  ),
  model_missing: failure("ollama pull NAME"),
  model_elsewhere: warning("Its prompts leave the house. Take a model that runs on your machines."),
  model_reloads: warning(
    "Give both the same context: LLM_CONTEXT_TOKENS here, num_ctx there. Each switch loads anew.",
  ),
  context_too_small: warning(
    "Give the server a larger context, or set LLM_CONTEXT_TOKENS to what it has.",
  ),
  answer_failed: failure("Take another model, or raise the deadline that the detail names."),
  answer_slow: warning("Take a smaller model or a faster host, or raise LLM_TIMEOUT_SECONDS."),
  prompt_too_long: warning("Raise LLM_CONTEXT_TOKENS, or shorten config/topology.json."),
  link_open: warning("See its llm_attempt_failed lines in the log; planner-agent check asks it."),
  events_parked: warning(
    "No link answers; they are tried again. planner-agent check asks each link.",
  ),
};

type ConditionCode = keyof typeof CONDITIONS;

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
    problem(
      code: ConditionCode,
      detail: string,
      remedy: string = CONDITIONS[code].remedy,
    ): Finding {
      return { check, subject, level: CONDITIONS[code].severity, detail, code, remedy };
    },
  };
}

/** The worst level of all; "ok" when there is none. */
export function worst(findings: readonly Finding[]): "ok" | Severity {
  if (findings.some(({ level }) => level === "failure")) return "failure";
  return findings.some(({ level }) => level === "warning") ? "warning" : "ok";
}
