import type { Log } from "../../base/log/log.ts";
import { plainLine } from "../../base/text/plain_line.ts";

/** After this many in one run the process ends: restarting is safer than going on. */
const MOST_FAULTS = 10;
/** Parts whose own state may be half changed by what was thrown through them. */
const STATEFUL = /\/lib\/(?:planner|queue|gate|proposal|agent)(?:\.ts|\/)/;

/**
 * A handler that logs and counts what nobody caught. A connection that fails past every promise
 * costs that connection; what went through the pipeline, the queue or the disk ends the process by
 * `end`: the journal knows where to go on, and systemd starts it again.
 */
export function faultHandler(log: Log, end: () => void) {
  let faults = 0;
  return {
    /** How many there were. */
    count: () => faults,
    handle(fault: unknown): void {
      faults++;
      const stack = fault instanceof Error ? fault.stack ?? fault.message : String(fault);
      const inDoubt = STATEFUL.test(stack);
      const ends = inDoubt || faults >= MOST_FAULTS;
      log.error("internal_fault", {
        error: plainLine(stack.split("\n").slice(0, 4).join(" "), 400),
        faults,
        effect: ends ? "the agent ends, to start anew from its journal" : "the agent goes on",
      });
      if (ends) end();
    },
  };
}
