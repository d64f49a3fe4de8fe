/**
 * While Home Assistant itself is away for a moment, a restart or an update, what its diagnosis says
 * of its integrations is noise: it waits, and is over when Home Assistant is back.
 *
 * @module
 */
import { putLast } from "../base/bounded_map.ts";
import type { Clock } from "../base/clock.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { kindOf } from "../event/family.ts";
import type { News } from "../event/news.ts";
import { mutedAs, type Objection } from "./objection.ts";

/** Away for longer than this is no restart: then what waits is looked at. */
const A_MOMENT_MS = 300_000;
/** So long after its return integrations are still being set up. */
const SETTING_UP_MS = 30_000;
/** Houses remembered at once; past that the one that was heard of longest ago is forgotten. */
const MOST_HOUSES = 100;

type Heard = HealthEvent | WaitingEvent;

/** One absence; milliseconds since 1970. */
interface Absence {
  readonly from: number;
  readonly until?: number;
}

export function createHomeAssistant({ clock }: { readonly clock: Clock }) {
  const absences = new Map<string, Absence>();

  /** The last absence of the house that an event is of. */
  function absenceOf({ node, origin }: Pick<Heard, "node" | "origin">): Absence | undefined {
    // The container is of all houses that are diagnosed from its node.
    return absences.get(houseOf(node, origin?.location_tag)) ?? absences.get(houseOf(node));
  }

  const note = (house: string, absence: Absence) => putLast(absences, house, absence, MOST_HOUSES);

  /** Objects to what was said while Home Assistant was away for a moment. */
  const noise: Objection = (event) => {
    const absence = isDiagnosis(event.type) ? absenceOf(event) : undefined;
    if (!absence?.until || absence.until - absence.from >= A_MOMENT_MS) return undefined;
    const at = event.happenedAt;
    if (at < absence.from || at > absence.until + SETTING_UP_MS) return undefined;
    return mutedAs("inhibited", "Home Assistant itself was away for a moment");
  };

  return {
    /** Takes note of an event of any kind; true when Home Assistant is back with it. */
    heard(event: Heard, news: News): boolean {
      const change = changeOf(event, news);
      if (change === undefined) return false;
      const house = houseOf(event.node, event.origin?.location_tag);
      const at = event.happenedAt;
      const last = absences.get(house);
      const isAway = last !== undefined && last.until === undefined;
      if (change === "away") {
        if (!isAway) note(house, { from: at });
        return false;
      }
      if (!isAway || at < last.from) return false;
      note(house, { from: last.from, until: at });
      return true;
    },
    /** Until when an event of Home Assistant's diagnosis waits, monotonic milliseconds; 0 if not. */
    heldUntil(event: Pick<Heard, "node" | "type" | "origin">): number {
      if (!isDiagnosis(event.type)) return 0;
      const absence = absenceOf(event);
      if (!absence || absence.until !== undefined) return 0;
      const leftMs = absence.from + A_MOMENT_MS - clock.now();
      return leftMs > 0 ? clock.monotonic() + leftMs : 0;
    },
    noise,
  };
}

const houseOf = (node: string, tag = "") => `${node}\0${tag}`;

/** What Home Assistant's diagnosis says of its parts. */
function isDiagnosis(type: string): boolean {
  const { form, family } = kindOf(type);
  return family === "application" && form.startsWith("ha_");
}

const ITSELF: ReadonlySet<string> = new Set(
  ["homeassistant", "home-assistant", "home_assistant", "home assistant", "hass"],
);

function changeOf({ type, service }: Heard, news: News) {
  const { form, family } = kindOf(type);
  const isItself = ITSELF.has(service.toLowerCase()) ||
    form.startsWith("ha_") && /^ha_websocket(?:_|$)/.test(form);
  if (!isItself) return undefined;
  if (news === "recovery") return "back";
  // An update or a deployment begins and ends; one that is merely available does neither.
  if (news === "benign") {
    return /_started$/.test(form) ? "away" : /_available$/.test(form) ? undefined : "back";
  }
  return family === "application" || family === "unknown" ? undefined : "away";
}
