import { type FaultFamily, type Kind, kindOf } from "./family.ts";
import { anyOf } from "./type.ts";

type Families = ReadonlySet<FaultFamily>;

const ENDED_BY_A_START: Families = new Set(["down", "drifted", "starting"]);
const OF_ITS_HEALTH = ["unhealthy", "crash_loop", "out_of_memory", "application"] as const;
const HEALTH: Families = new Set([...ENDED_BY_A_START, ...OF_ITS_HEALTH]);
const OUT_OF_REACH: Families = new Set(["node", "network", "down"]);

/** Good news that names nothing, such as `up`, is of the target as a whole. */
const OF_THE_TARGET = /^(?:up|online|is_up|back_online|recovered|recovery|heartbeat|alive)$/;
const A_START = /(?:^|_)start(?:ed)?(?:_(?:again|now|event))?$/;

const ABSENCE = anyOf(`
  offline down unreachable lost away not_ready unavailable not_responding no_response gone dead
  missing left disconnected unknown`);

const MAINS = /power|mains|on_?line/;
const NOT_MAINS = /volt|low_?batt|batt[^_]*_low|repl|comm/;

/**
 * Whether the event of type `recovery`, which is good news, ends the fault of the same target.
 *
 * | good news about            | ends                                                      |
 * | -------------------------- | --------------------------------------------------------- |
 * | health (`service_healthy`) | faults of health: down, unhealthy, crash loop, memory ... |
 * | a start                    | down, starting, missing: not what fails after each start  |
 * | a node (`node_online`)     | the node's absence, and whatever was out of reach         |
 * | anything else              | the same: `backup_completed` ends `backup_failed`         |
 *
 * An alert that says itself that it is over ends that alert.
 */
export function cures(recovery: string, fault: string): boolean {
  const [well, bad] = [kindOf(recovery), kindOf(fault)];
  if (well.form === bad.form) return true;
  if (well.family !== "good_news") return false;
  if (A_START.test(well.form)) return ENDED_BY_A_START.has(bad.about);
  if (isSame(well, bad)) return true;
  if (HEALTH.has(well.about)) {
    return HEALTH.has(bad.about) || OF_THE_TARGET.test(well.form) && OUT_OF_REACH.has(bad.about);
  }
  if (well.about === "node") return OUT_OF_REACH.has(bad.about) && ABSENCE.test(bad.form);
  return well.about === "power" && bad.about === "power" && MAINS.test(well.form) &&
    !NOT_MAINS.test(bad.form);
}

/** Whether two types speak of one thing: `backup_completed` and `backup_failed`, of the backup. */
function isSame(one: Kind, other: Kind): boolean {
  if (one.subject === "" || other.subject === "") return false;
  if (one.subject === other.subject) return true;
  // A node that is back has rebooted nevertheless, and one link is not the other.
  if (one.about !== other.about || one.about === "node" || one.about === "network") return false;
  const [wide, narrow] = [`${one.subject}_`, `${other.subject}_`];
  return wide.startsWith(narrow) || narrow.startsWith(wide);
}
