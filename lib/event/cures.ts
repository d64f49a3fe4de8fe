/**
 * What cures what: which fault an event of good news ends.
 *
 * | good news about            | ends                                                      |
 * | -------------------------- | --------------------------------------------------------- |
 * | health (`service_healthy`) | faults of health: down, unhealthy, crash loop, memory ... |
 * | a start                    | down, starting, missing: not what fails after each start  |
 * | a node (`node_online`)     | the node's absence, and whatever was out of reach         |
 * | anything else              | the same: `backup_completed` ends `backup_failed`         |
 *
 * An alert that says itself that it is over ends that alert.
 *
 * @module
 */
import { type FaultFamily, type Kind, kindOf } from "./family.ts";

const HEALTH: ReadonlySet<FaultFamily> = new Set([
  "down",
  "unhealthy",
  "crash_loop",
  "out_of_memory",
  "drifted",
  "starting",
  "application",
]);

const ENDED_BY_A_START: ReadonlySet<FaultFamily> = new Set(["down", "drifted", "starting"]);
const OUT_OF_REACH: ReadonlySet<FaultFamily> = new Set(["node", "network", "down"]);

/** Good news that names nothing, such as `up`, is of the target as a whole. */
const OF_THE_TARGET = /^(?:up|online|is_up|back_online|recovered|recovery|heartbeat|alive)$/;
const A_START = /(?:^|_)start(?:ed)?(?:_(?:again|now|event))?$/;

const ABSENCE =
  /(?:^|_)(?:offline|down|unreachable|lost|away|not_ready|unavailable|not_responding|no_response|gone|dead|missing|left|disconnected|unknown)(?:_|$)/;

const MAINS = /power|mains|on_?line/;
const NOT_MAINS = /volt|low_?batt|batt[^_]*_low|repl|comm/;

/** Whether the event of type `recovery`, which is good news, ends the fault of the same target. */
export function cures(recovery: string, fault: string): boolean {
  const [well, bad] = [kindOf(recovery), kindOf(fault)];
  if (well.form === bad.form) return true;
  if (well.family !== "good_news") return false;
  if (A_START.test(well.form)) return ENDED_BY_A_START.has(bad.about);
  if (isSame(well, bad)) return true;
  switch (well.about) {
    case "down":
    case "unhealthy":
    case "crash_loop":
    case "out_of_memory":
    case "drifted":
    case "starting":
    case "application":
      return HEALTH.has(bad.about) ||
        OF_THE_TARGET.test(well.form) && OUT_OF_REACH.has(bad.about);
    case "node":
      return OUT_OF_REACH.has(bad.about) && ABSENCE.test(bad.form);
    case "power":
      return bad.about === "power" && MAINS.test(well.form) && !NOT_MAINS.test(bad.form);
    case "network":
    case "disk":
    case "hardware":
    case "data":
    case "certificate":
    case "access":
    case "update":
    case "unknown":
      return false;
  }
}

/** Whether two types speak of one thing: `backup_completed` and `backup_failed`, of the backup. */
function isSame(one: Kind, other: Kind): boolean {
  if (one.subject === "" || other.subject === "") return false;
  if (one.subject === other.subject) return true;
  // A node that is back has rebooted nevertheless, and one link is not the other.
  if (one.about !== other.about || one.about === "node" || one.about === "network") return false;
  return `${one.subject}_`.startsWith(`${other.subject}_`) ||
    `${other.subject}_`.startsWith(`${one.subject}_`);
}
