/**
 * What the exit code of a container or service says.
 *
 * 128 and a signal's number is the shell's convention, 125 to 127 are Docker's for what could not
 * be started (docs.docker.com, `docker run`, exit status), 130 and 143 are stops on request.
 *
 * @module
 */
import type { FaultFamily } from "../../event/family.ts";
import { countOf, type Fields, valueOf, wordOf } from "./reading.ts";

type ExitKind =
  /** It was told to end, or ended without an error. */
  | "on_purpose"
  | "crashed"
  | "out_of_memory"
  /** It could not be started, so that it cannot be restarted either. */
  | "not_started"
  /** With an error of its own. */
  | "failed";

export interface Exit {
  readonly code: number;
  readonly kind: ExitKind;
  readonly words: string;
  /** By a field; what only a text says argues for nothing. */
  readonly told: boolean;
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const CODES = names("exitcode exitstatus exit execmainstatus returncode rc");
const OOM = names("oomkilled oom outofmemory killedbyoom");
const REASONS = names("reason result terminationreason exitreason cause");
const STATES = names("status state activestate substate containerstatus");
/** Of what runs, the code is a former one's. */
const RUNS = /^(?:running|healthy|unhealthy|starting|up|active|restarting|paused)\b/;

/** Said of what ended: its code is this end's, even where the type only says "unhealthy". */
const ENDED = /^(?:exited|stopped|dead|inactive)\b/;

/** The exit code among known fields, with what it means. */
export function exitOf(
  payload: Fields,
  { family, text }: { readonly family: FaultFamily; readonly text: string },
): Exit | undefined {
  const oom = valueOf(payload, OOM);
  const isOom = oom === true || oom === "true" || /oom/.test(wordOf(payload, REASONS));
  const told = countOf(payload, CODES);
  const code = told ?? codeIn(text);
  if (code === undefined || code > 255) {
    return isOom
      ? { code: 137, kind: "out_of_memory", words: "killed for memory", told: true }
      : undefined;
  }
  // Docker keeps 0 as the code of a container that runs.
  const state = wordOf(payload, STATES);
  const runs = RUNS.test(state) || valueOf(payload, names("running")) === true;
  if (code === 0 && (runs || family === "unhealthy" && !ENDED.test(state))) return undefined;
  return { code, ...meaning(code, isOom), told: told !== undefined };
}

/** As monitors and systemd write it into a sentence. */
const IN_WORDS =
  /exit(?:ed|s)?(?: \w+)?(?: with)?(?: (?:exit )?(?:code|status))?[ :=(]{1,3}(\d{1,3})\b|code=exited, status=(\d{1,3})/i;

function codeIn(text: string): number | undefined {
  const found = IN_WORDS.exec(text);
  const digits = found?.[1] ?? found?.[2];
  return digits === undefined ? undefined : Number(digits);
}

function meaning(code: number, isOom: boolean): Pick<Exit, "kind" | "words"> {
  if (isOom) return { kind: "out_of_memory", words: `exit ${code}: killed for memory` };
  switch (code) {
    case 0:
      return { kind: "on_purpose", words: "exit 0: it ended without an error, no crash" };
    case 125:
    case 126:
    case 127:
    case 128:
      return { kind: "not_started", words: `exit ${code}: it could not be started at all` };
    case 129:
    case 130:
    case 143:
      return { kind: "on_purpose", words: `exit ${code}: stopped on request, no crash` };
    case 203:
      return { kind: "not_started", words: "exit 203: its program cannot be executed" };
    case 132:
      return { kind: "not_started", words: "exit 132: built for another processor" };
    case 134:
      return { kind: "crashed", words: "exit 134: it aborted itself" };
    case 135:
    case 136:
    case 139:
      return { kind: "crashed", words: `exit ${code}: it crashed` };
    case 137:
      return { kind: "crashed", words: "exit 137: killed by SIGKILL, no word of memory" };
    default:
      return { kind: "failed", words: `exit ${code}: it ended with an error of its own` };
  }
}
