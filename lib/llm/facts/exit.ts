import type { FaultFamily } from "../../event/family.ts";
import { countOf, type Fields, names, valueOf, wordOf } from "./reading.ts";

type ExitKind =
  | "on_purpose" // it was told to end, or ended without an error
  | "crashed"
  | "out_of_memory"
  | "not_started" // it could not be, so that it cannot be restarted either
  | "failed"; // with an error of its own

export interface Exit {
  readonly code: number;
  readonly kind: ExitKind;
  readonly words: string;
  /** By a field; what only a text says argues for nothing. */
  readonly told: boolean;
}

const CODES = names("exitcode exitstatus exit execmainstatus returncode rc");
const OOM = names("oomkilled oom outofmemory killedbyoom");
const REASONS = names("reason result terminationreason exitreason cause");
const STATES = names("status state activestate substate containerstatus");
const RUNNING = names("running");
/** Of what runs, the code is a former one's. */
const RUNS = /^(?:running|healthy|unhealthy|starting|up|active|restarting|paused)\b/;
/** Said of what ended: its code is this end's, even where the type only says "unhealthy". */
const ENDED = /^(?:exited|stopped|dead|inactive)\b/;
/** As monitors and systemd write it into a sentence. */
const IN_WORDS =
  /exit(?:ed|s)?(?: \w+)?(?: with)?(?: (?:exit )?(?:code|status))?[ :=(]{1,3}(\d{1,3})\b|code=exited, status=(\d{1,3})/i;

/** The exit code of a container or service among known fields, with what it means. */
export function exitOf(
  payload: Fields,
  { family, text }: { readonly family: FaultFamily; readonly text: string },
): Exit | undefined {
  const oom = valueOf(payload, OOM);
  const isOom = oom === true || oom === "true" || /oom/.test(wordOf(payload, REASONS));
  const told = countOf(payload, CODES);
  const said = IN_WORDS.exec(text);
  const code = told ?? Number(said?.[1] ?? said?.[2] ?? NaN);
  if (!(code <= 255)) {
    return isOom ? { code: 137, ...OUT_OF_MEMORY, told: true } : undefined;
  }
  // Docker keeps 0 as the code of a container that runs.
  const state = wordOf(payload, STATES);
  const runs = RUNS.test(state) || valueOf(payload, RUNNING) === true;
  if (code === 0 && (runs || family === "unhealthy" && !ENDED.test(state))) return undefined;
  const { kind, words } = isOom ? OUT_OF_MEMORY : meaningOf(code);
  return { code, kind, words: `exit ${code}: ${words}`, told: told !== undefined };
}

const OUT_OF_MEMORY = { kind: "out_of_memory", words: "killed for memory" } as const;
/**
 * 128 and a signal's number is the shell's convention, 125 to 127 are Docker's for what could not be
 * started (docs.docker.com, `docker run`, exit status), 130 and 143 are stops on request.
 */
const MEANINGS: readonly (readonly [codes: readonly number[], ExitKind, words: string])[] = [
  [[0], "on_purpose", "it ended without an error, no crash"],
  [[125, 126, 127, 128], "not_started", "it could not be started at all"],
  [[129, 130, 143], "on_purpose", "stopped on request, no crash"],
  [[132], "not_started", "built for another processor"],
  [[134], "crashed", "it aborted itself"],
  [[135, 136, 139], "crashed", "it crashed"],
  [[137], "crashed", "killed by SIGKILL, no word of memory"],
  [[203], "not_started", "its program cannot be executed"],
];

function meaningOf(code: number): Pick<Exit, "kind" | "words"> {
  const [, kind = "failed", words = "it ended with an error of its own"] =
    MEANINGS.find(([codes]) => codes.includes(code)) ?? [];
  return { kind, words };
}
