import { check } from "./check/check.ts";
import { checkEvent } from "./check_event/check_event.ts";
import { completionsFor } from "./completions/completions.ts";
import { evaluate } from "./eval/eval.ts";
import { explain } from "./explain/explain.ts";
import { pending } from "./pending/pending.ts";
import { permissions } from "./permissions/permissions.ts";
import { replay } from "./replay/replay.ts";
import { run } from "./run/run.ts";
import { show } from "./show/show.ts";
import { silence } from "./silences/silence.ts";
import { silences } from "./silences/silences.ts";
import { stats } from "./stats/stats.ts";
import { status } from "./status/status.ts";

const LISTED = [
  run,
  replay,
  check,
  status,
  pending,
  show,
  explain,
  stats,
  silences,
  silence,
  checkEvent,
  evaluate,
  permissions,
] as const;

/** Every command, in the order of the overview. The first is what runs when none is named. */
export const COMMANDS = [...LISTED, completionsFor(LISTED)] as const;
