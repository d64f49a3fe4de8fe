/**
 * Every command, in the order of the overview.
 *
 * @module
 */
import { check } from "./check.ts";
import { completionsFor } from "./completions.ts";
import { evaluate } from "./eval.ts";
import { explain } from "./explain.ts";
import { pending } from "./pending.ts";
import { permissions } from "./permissions.ts";
import { replay } from "./replay.ts";
import { run } from "./run.ts";
import { show } from "./show.ts";
import { stats } from "./stats.ts";
import { status } from "./status.ts";

const LISTED = [
  run,
  replay,
  check,
  status,
  pending,
  show,
  explain,
  stats,
  evaluate,
  permissions,
] as const;

/** The first is what runs when none is named. */
export const COMMANDS = [...LISTED, completionsFor(LISTED)] as const;
