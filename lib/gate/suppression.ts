/**
 * Keeps quiet when it should: silences, inhibition, doubt about our own link, flapping and the
 * grace after a start, as one question before and one after the queue.
 *
 * They keep proposals from being made, never knowledge from changing: what is held is kept up to
 * date, and good news always counts.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { type Target, targetKey } from "../event/target.ts";
import type { Diagnosis } from "../llm/diagnosis.ts";
import { createFlaps, flappingDiagnosis, type FlapRecord } from "./flap.ts";
import { gravity, isNodeAway, isOutOfReach } from "./gravity.ts";
import { type Holdable, type Holder, longestHold } from "./hold.ts";
import { createHomeAssistant } from "./home_assistant.ts";
import { createIsolation } from "./isolation.ts";
import { mutedAs, type Objection } from "./objection.ts";
import type { Outages } from "./outages.ts";
import type { Silence } from "./silences.ts";
import { createSilencing } from "./silencing.ts";
import { createStorms, type Storm } from "./storms.ts";

/** What was held for a node still waits so long after its return, for its services to recover. */
const RELEASE_AFTER_MS = 30_000;
const MOST_RELEASES = 1_000;

type Alarm =
  | { readonly kind: "isolated" }
  | { readonly kind: "storm"; readonly storm: Storm };

/** What of a node is held no longer, and from when on, monotonic milliseconds. */
export interface Release {
  /** Absent for every node. */
  readonly node?: string;
  readonly at: number;
}

/** What a fault shows beyond its own target, and what it releases. */
interface Shown {
  readonly alarm?: Alarm | undefined;
  readonly releases: readonly Release[];
}

const NO_RELEASES: readonly Release[] = [];
const NOTHING_SHOWN: Shown = { releases: NO_RELEASES };

interface SuppressionOptions {
  /** A fault heard at most `eventTtlSeconds` before its silence ends is looked at then. */
  readonly settings: Pick<
    Config,
    | "eventTtlSeconds"
    | "inhibit"
    | "flapChanges"
    | "flapWindowSeconds"
    | "startGraceSeconds"
    | "stormServices"
    | "stormWindowSeconds"
    | "stormHoldSeconds"
  >;
  readonly clock: Clock;
  /** Names of the nodes in the topology, as it is now. */
  readonly nodes: () => readonly string[];
  readonly outages: Outages;
  readonly silences?: readonly Silence[] | undefined;
  /** Services that depend on a target. @default none */
  readonly neededBy?: (target: Target) => readonly string[];
  readonly saved?: Iterable<FlapRecord>;
  readonly remember?: (record: FlapRecord) => void;
}

export type Suppression = ReturnType<typeof createSuppression>;

export function createSuppression(options: SuppressionOptions) {
  const { settings, clock, nodes, outages, saved, remember } = options;
  const { inhibit, flapWindowSeconds, flapChanges: changes } = settings;
  const windowMs = flapWindowSeconds * 1000;
  const flaps = createFlaps({ changes, windowMs, clock, saved, remember });
  const isolation = createIsolation(nodes);
  const homeAssistant = createHomeAssistant({ clock });
  const stormWindowMs = settings.stormWindowSeconds * 1000;
  const storms = createStorms({
    services: settings.stormServices,
    windowMs: stormWindowMs,
    holdMs: settings.stormHoldSeconds * 1000,
    neededBy: options.neededBy ?? (() => []),
  });
  const returns = new Map<string, number>();
  const graceUntil = clock.monotonic() + settings.startGraceSeconds * 1000;
  const waitsForMs = settings.eventTtlSeconds * 1000;
  const silencing = createSilencing(options.silences ?? [], { clock, waitsForMs });

  /** When an event that is heard now happened, monotonic milliseconds. */
  const happened = ({ heardAt, happenedAt }: HealthEvent, now: number) =>
    now - (heardAt - happenedAt);

  function cameBack(node: string, at: number): Release {
    if (returns.size < MOST_RELEASES) returns.set(node, at);
    return { node, at: at + RELEASE_AFTER_MS };
  }

  const holders: readonly Holder[] = [
    { until: () => graceUntil, why: () => "right after the start" },
    silencing.holder,
    {
      until: ({ event }, now) => storms.heldUntil(event, now),
      why: ({ event }) => `${event.node}: several services went bad together`,
    },
    ...inhibit ? inhibitors() : [],
  ];

  function inhibitors(): Holder[] {
    return [
      {
        until: ({ event }, now) => outages.heldUntil(event, now),
        why: ({ event }) => `${event.node} is offline`,
      },
      {
        until: ({ event }, now) => isolation.doubtedUntil(event.node, now),
        why: () => "this node's own link may be down",
      },
      {
        // What arrived before its node came back waits a little longer.
        until({ event, arrivedAt }) {
          const backAt = returns.get(event.node) ?? -Infinity;
          return arrivedAt <= backAt ? backAt + RELEASE_AFTER_MS : 0;
        },
        why: ({ event }) => `${event.node} has just come back`,
      },
      {
        until: ({ event }) => homeAssistant.heldUntil(event),
        why: () => "Home Assistant itself is away",
      },
    ];
  }

  /** Why an entry must not be diagnosed, and until when; undefined when it may be. */
  const holding = (entry: Holdable) => longestHold(holders, entry, clock.monotonic());

  /** What a fault means for the storms of its node. */
  function storm(event: HealthEvent, at: number, now: number): Shown {
    // An old event says nothing of a storm now, and one that is silenced or held needs none.
    const saysNothing = now - at > stormWindowMs || event.redelivered ||
      silencing.silenced(event) || outages.heldUntil(event, now) > now;
    if (saysNothing) return NOTHING_SHOWN;
    const releases = storms.needsOthers(event, now) ? [{ node: event.node, at: now }] : NO_RELEASES;
    const begun = storms.bad(event, now);
    return { alarm: begun && { kind: "storm", storm: begun }, releases };
  }

  const muted: Objection = (event, key) => {
    const silenced = silencing.muted(event, key);
    if (silenced) return silenced;
    if (flaps.isTold(key, gravity(event))) {
      return mutedAs("inhibited", "it flaps, and a person has been told");
    }
    return inhibit ? homeAssistant.noise(event, key) : undefined;
  };

  return {
    heardWell(event: HealthEvent, key: string): readonly Release[] {
      const { node, happenedAt } = event;
      const now = clock.monotonic();
      storms.well(event);
      flaps.well(key, happened(event, now));
      if (!inhibit) return NO_RELEASES;
      isolation.heard(node);
      // What Home Assistant's diagnosis said meanwhile is looked at now, and found to be noise.
      const isHomeBack = homeAssistant.heard(event, "recovery");
      // The other outages are real, then.
      const wasIsolated = isolation.online(node);
      const isBack = outages.online(node, happenedAt);
      if (!isHomeBack && !wasIsolated && !isBack) return NO_RELEASES;
      return [
        ...isHomeBack ? [{ node, at: now }] : [],
        ...wasIsolated ? [{ at: now }] : [],
        ...isBack ? [cameBack(node, now)] : [],
      ];
    },
    heardBad(event: HealthEvent, key: string): Shown {
      const { type, node, happenedAt } = event;
      const now = clock.monotonic();
      const at = happened(event, now);
      flaps.bad(key, at);
      if (!inhibit) return storm(event, at, now);
      isolation.heard(node);
      homeAssistant.heard(event, "fault");
      if (isNodeAway(event)) {
        outages.offline(node, at, happenedAt);
        return {
          alarm: isolation.offline(node, at) ? { kind: "isolated" } : undefined,
          releases: [],
        };
      }
      // What happens on a node after it was said to be away proves that it lives.
      const lives = outages.isOffline(node, happenedAt) && !isOutOfReach(type) &&
        outages.online(node, happenedAt);
      const shown = storm(event, at, now);
      // The event that proves it is not one of those that the outage held.
      return lives ? { ...shown, releases: [...shown.releases, cameBack(node, now - 1)] } : shown;
    },
    /** Somebody changed something, or meant to. */
    heardChange: (event: HealthEvent) => void homeAssistant.heard(event, "benign"),
    muted,
    /** Until when an entry must not be diagnosed, monotonic milliseconds; 0 when it may be now. */
    heldUntil: (entry: Holdable) => holding(entry)?.until ?? 0,
    holding,
    /** Whether the target flaps, so that its recovery must not hide that. */
    isFlapping: (key: string) => flaps.flapping(key) > 0,
    isBad: flaps.isBad,
    /** The diagnosis of a target that flaps, of which nobody knows yet; it needs no model. */
    verdict(event: WaitingEvent): Diagnosis | undefined {
      const key = targetKey(event);
      const changes = flaps.flapping(key);
      // Told already: what is graver than that needs a diagnosis of its own.
      if (changes === 0 || flaps.isTold(key)) return undefined;
      return flappingDiagnosis(event, changes, flapWindowSeconds / 60);
    },
    /** A person was told of the target, `agoMs` milliseconds ago, and whether of its flapping. */
    told(event: WaitingEvent, { flapping, agoMs = 0 }: { flapping: boolean; agoMs?: number }) {
      const key = targetKey(event);
      // What is told of a target that is known to flap is told for graver faults, too.
      const isOfFlapping = flapping || flaps.isTold(key);
      const told = { at: clock.monotonic() - agoMs, gravity: gravity(event) };
      if (isOfFlapping && flaps.flapping(key) > 0) flaps.told(key, told);
      if (isNodeAway(event)) outages.told(event.node);
    },
    setSilences: silencing.set,
    silenceBeginsIn: silencing.nextBeginsIn,
    redisLost: () => isolation.redisLost(clock.monotonic()),
    /** A person has dealt with a node's storm; true when that releases something. */
    stormOver: storms.over,
    prune() {
      const now = clock.monotonic();
      storms.prune(now);
      flaps.prune();
      for (const [node, at] of returns) {
        if (now - at >= RELEASE_AFTER_MS) returns.delete(node);
      }
    },
    snapshot: flaps.snapshot,
  };
}
