import { spanInWords } from "../../base/text/span.ts";
import type { Facts } from "./facts.ts";
import type { Past } from "./past.ts";

/** One for each rank; a policy rule names them so. */
export const SEVERITIES = ["critical", "error", "warning", "info"] as const;

/**
 * Facts in the program's own words, for a prompt and for people: nothing from outside is in them. At
 * most six lines, most telling first; each is paid for with every diagnosis.
 */
export function factLines(facts: Facts): string[] {
  const { exit, restarts, failing, runsForMs, lasting, past, role } = facts;
  const { badForMs, lastWellMs, faults, nodeBackMs, neighboursBad, changed } = past;
  const others = past.otherKinds.slice(0, 3).map((kind) => kind.replaceAll("_", " ")).join(", ");
  const trouble = past.nodeTrouble === "node" ? "load or kernel" : past.nodeTrouble;
  const lines: readonly (string | false | undefined)[][] = [
    [
      facts.over && "the alert is resolved",
      facts.planned && "it is marked as planned",
      exit?.words,
      facts.drifted && "it is gone, or differs from its description",
    ],
    [
      restarts !== undefined && `restarted ${restarts === 1 ? "once" : `${restarts} times`}`,
      failing && `${failing.checks} failed checks in a row` +
        (failing.of === undefined ? "" : ` of ${failing.of} that count`),
      runsForMs !== undefined && `runs for ${spanInWords(runsForMs)}`,
      facts.starting && "still starting",
      facts.graded && `severity ${SEVERITIES[facts.rank]}`,
    ],
    [lasting && `the payload speaks of ${lasting.what}`],
    [
      badForMs !== undefined && `bad for ${spanInWords(badForMs)}`,
      faults > 0 && `${faults} earlier faults in 24 h${others && `, also ${others}`}`,
      lastWellMs !== undefined && `last well ${spanInWords(lastWellMs)} ago`,
      past.remedy && remedyInWords(past.remedy),
    ],
    [
      trouble && `the node has trouble with its own ${trouble}`,
      past.nodeAway && "the node is away",
      nodeBackMs !== undefined && `the node came back ${spanInWords(nodeBackMs)} ago`,
      neighboursBad > 0 && `${neighboursBad} other services of the node went bad within 2 min`,
      changed && `${changed.what} ${spanInWords(changed.agoMs)} ago`,
    ],
    [
      role.stateful && "it keeps data",
      role.neededBy.length > 0 && `${role.neededBy.length} other services depend on it`,
    ],
  ];
  return lines.map((parts) => parts.filter(Boolean).join("; ")).filter((line) => line !== "");
}

function remedyInWords({ action, became, agoMs, heldMs }: NonNullable<Past["remedy"]>): string {
  if (became === "failed") return `the ${action} ${spanInWords(agoMs)} ago failed`;
  return heldMs === undefined
    ? `not heard well since the ${action} ${spanInWords(agoMs)} ago`
    : `well for ${spanInWords(heldMs)} after the last ${action}`;
}
