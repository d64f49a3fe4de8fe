/**
 * Facts in the program's own words, for a prompt and for people: nothing from outside is in them.
 *
 * @module
 */
import { spanInWords } from "../../base/text/span.ts";
import type { Facts } from "./facts.ts";
import type { Past, Role } from "./past.ts";

const SEVERITIES = ["critical", "error", "warning", "info"] as const;

/** At most six lines, most telling first; each is paid for with every diagnosis. */
export function factLines(facts: Facts): string[] {
  return [
    line([
      facts.over && "the alert is resolved",
      facts.planned && "it is marked as planned",
      facts.exit?.words,
      facts.drifted && "it is gone, or differs from its description",
    ]),
    line([...countsIn(facts), facts.graded && `severity ${SEVERITIES[facts.rank]}`]),
    line([facts.lasting && `the payload speaks of ${facts.lasting.what}`]),
    line(targetIn(facts.past)),
    line(surroundingsIn(facts.past)),
    line(roleIn(facts.role)),
  ].filter((each) => each !== "");
}

function line(parts: readonly (string | false | undefined)[]): string {
  return parts.filter(Boolean).join("; ");
}

function countsIn({ restarts, failing, runsForMs, starting }: Facts) {
  return [
    restarts !== undefined && `restarted ${times(restarts)}`,
    failing && `${failing.checks} failed checks in a row` +
      (failing.of === undefined ? "" : ` of ${failing.of} that count`),
    runsForMs !== undefined && `runs for ${spanInWords(runsForMs)}`,
    starting && "still starting",
  ];
}

function targetIn({ badForMs, lastWellMs, faults, otherKinds, remedy }: Past) {
  const others = otherKinds.slice(0, 3).map((kind) => kind.replaceAll("_", " ")).join(", ");
  return [
    badForMs !== undefined && `bad for ${spanInWords(badForMs)}`,
    faults > 0 && `${faults} earlier faults in 24 h${others && `, also ${others}`}`,
    lastWellMs !== undefined && `last well ${spanInWords(lastWellMs)} ago`,
    remedy &&
    (remedy.became === "failed"
      ? `the ${remedy.action} ${spanInWords(remedy.agoMs)} ago failed`
      : remedy.heldMs === undefined
      ? `not heard well since the ${remedy.action} ${spanInWords(remedy.agoMs)} ago`
      : `well for ${spanInWords(remedy.heldMs)} after the last ${remedy.action}`),
  ];
}

function surroundingsIn({ neighboursBad, nodeAway, nodeBackMs, nodeTrouble, changed }: Past) {
  const trouble = nodeTrouble === "node" ? "load or kernel" : nodeTrouble;
  return [
    trouble && `the node has trouble with its own ${trouble}`,
    nodeAway && "the node is away",
    nodeBackMs !== undefined && `the node came back ${spanInWords(nodeBackMs)} ago`,
    neighboursBad > 0 && `${neighboursBad} other services of the node went bad within 2 min`,
    changed && `${changed.what} ${spanInWords(changed.agoMs)} ago`,
  ];
}

function roleIn({ stateful, neededBy }: Role) {
  return [
    stateful && "it keeps data",
    neededBy.length > 0 && `${neededBy.length} other services depend on it`,
  ];
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
