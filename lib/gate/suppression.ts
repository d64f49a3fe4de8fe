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
import type { Diagnosis } from "../llm/diagnosis.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { createFlaps, type FlapRecord } from "./flap.ts";
import { gravity, isNodeAway, isOutOfReach } from "./gravity.ts";
import { createHomeAssistant } from "./home_assistant.ts";
import { createIsolation } from "./isolation.ts";
import { mutedAs, type Objection } from "./objection.ts";
import type { Outages } from "./outages.ts";
import { createStorms, type Storm } from "./storms.ts";
import { nextBeginsIn, type Silence, silenceFor } from "./silences.ts";
import { type Target, targetKey } from "../event/target.ts";

/** How long what was held for a node still waits after its return, for its services to recover. */
const RELEASE_AFTER_MS = 30_000;
const MOST_RELEASES = 1_000;
const STORM = "several services went bad together";

/** Why an entry is not diagnosed for now. */
export interface Hold {
  /** Until when at the latest, monotonic milliseconds. */
  readonly until: number;
  /** For people. */
  readonly why: string;
}

/** What of an entry decides whether it is held. */
interface Holdable {
  readonly event: Pick<HealthEvent, "node" | "service" | "type" | "origin">;
  readonly arrivedAt: number;
}

type Alarm =
  /** We are cut off from the others ourselves. */
  | { readonly kind: "isolated" }
  /** Several services of a node went bad together. */
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

/** A fault heard at most `eventTtlSeconds` before its silence ends is looked at then. */
type Bounds = Pick<
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

interface SuppressionOptions {
  readonly settings: Bounds;
  readonly clock: Clock;
  /** Names of the nodes in the topology, as it is now. */
  readonly nodes: () => readonly string[];
  readonly outages: Outages;
  readonly silences?: readonly Silence[] | undefined;
  /** Services that depend on a target. @default none */
  readonly neededBy?: (target: Target) => readonly string[];
  /** What an earlier run knew of flapping. */
  readonly saved?: Iterable<FlapRecord>;
  readonly remember?: (record: FlapRecord) => void;
}

export type Suppression = ReturnType<typeof createSuppression>;

export function createSuppression(options: SuppressionOptions) {
  const { settings, clock, nodes, outages } = options;
  const { inhibit, flapWindowSeconds, eventTtlSeconds } = settings;
  const flaps = createFlaps({
    changes: settings.flapChanges,
    windowMs: flapWindowSeconds * 1000,
    clock,
    saved: options.saved,
    remember: options.remember,
  });
  const isolation = createIsolation(nodes);
  const homeAssistant = createHomeAssistant({ clock });
  const storms = createStorms({
    services: settings.stormServices,
    windowMs: settings.stormWindowSeconds * 1000,
    holdMs: settings.stormHoldSeconds * 1000,
    neededBy: options.neededBy ?? (() => []),
  });
  const releases = new Map<string, number>();
  const graceUntil = clock.monotonic() + settings.startGraceSeconds * 1000;
  let silences = options.silences ?? [];

  /** When an event that is heard now happened, monotonic milliseconds. */
  const happened = ({ heardAt, happenedAt }: HealthEvent, now: number) =>
    now - Math.max(0, heardAt - happenedAt);

  /** What arrived before its node came back waits a little longer. */
  function releasedAt({ event, arrivedAt }: Holdable, now: number): number {
    const backAt = releases.get(event.node);
    if (backAt === undefined || arrivedAt > backAt) return 0;
    const until = backAt + RELEASE_AFTER_MS;
    return until > now ? until : 0;
  }

  function release(node: string, backAt: number): Release {
    if (releases.size < MOST_RELEASES) releases.set(node, backAt);
    return { node, at: backAt + RELEASE_AFTER_MS };
  }

  /** The silence that an event falls under, and how long it lasts, milliseconds. */
  function silenced(event: Holdable["event"]) {
    if (silences.length === 0) return undefined;
    const silence = silenceFor(silences, event, clock.now());
    return silence && { silence, lastsMs: silence.untilMs - clock.now() };
  }

  /** What is silenced for not much longer is looked at when that ends. */
  const endsSoon = (lastsMs: number) => lastsMs <= eventTtlSeconds * 1000;

  /** Everything that can hold an entry, each with its end; 0, or one that is past, for no. */
  function* holdsOn(entry: Holdable, now: number): Generator<Hold> {
    const { node } = entry.event;
    yield { until: graceUntil, why: "right after the start" };
    const quiet = silenced(entry.event);
    if (quiet && endsSoon(quiet.lastsMs)) {
      yield { until: now + quiet.lastsMs, why: `silenced: ${quiet.silence.reason}` };
    }
    yield { until: storms.heldUntil(entry.event, now), why: `${node}: ${STORM}` };
    if (!inhibit) return;
    yield { until: outages.heldUntil(entry.event, now), why: `${node} is offline` };
    const doubted = isolation.doubtedUntil(node, now);
    yield { until: doubted, why: "this node's own link may be down" };
    yield { until: releasedAt(entry, now), why: `${node} has just come back` };
    yield { until: homeAssistant.heldUntil(entry.event), why: "Home Assistant itself is away" };
  }

  /** What a fault means for the storms of its node. */
  function storm(event: HealthEvent, at: number, now: number): Shown {
    // An old event says nothing of a storm now, and one that is silenced or held needs none.
    const isLate = now - at > settings.stormWindowSeconds * 1000;
    const saysNothing = settings.stormServices === 0 || isLate || event.redelivered ||
      silenced(event) || outages.heldUntil(event, now) > now;
    if (saysNothing) return { releases: [] };
    const releases = storms.needsOthers(event, now) ? [{ node: event.node, at: now }] : [];
    const begun = storms.bad(event, now);
    return { alarm: begun && { kind: "storm", storm: begun }, releases };
  }

  /** Why an entry must not be diagnosed, and until when; undefined when it may be. */
  function holding(entry: Holdable): Hold | undefined {
    const now = clock.monotonic();
    let longest: Hold | undefined;
    for (const hold of holdsOn(entry, now)) {
      if (hold.until > now && hold.until > (longest?.until ?? 0)) longest = hold;
    }
    return longest;
  }

  /** Objects to what nobody wants to hear of. */
  const muted: Objection = (event, key) => {
    const quiet = silenced(event);
    if (quiet && !endsSoon(quiet.lastsMs)) return mutedAs("silenced", quiet.silence.reason);
    if (flaps.isTold(key, gravity(event))) {
      return mutedAs("inhibited", "it flaps, and a person has been told");
    }
    return inhibit ? homeAssistant.noise(event, key) : undefined;
  };

  return {
    /** The target is well. */
    heardWell(event: HealthEvent, key: string): Release[] {
      const { node, happenedAt } = event;
      const now = clock.monotonic();
      storms.well(event);
      flaps.well(key, happened(event, now));
      if (!inhibit) return [];
      isolation.heard(node);
      return [
        // What its diagnosis said meanwhile is looked at now, and found to be noise.
        ...homeAssistant.heard(event, "recovery") ? [{ node, at: now }] : [],
        // The other outages are real, then.
        ...isolation.online(node) ? [{ at: now }] : [],
        ...outages.online(node, happenedAt) ? [release(node, now)] : [],
      ];
    },
    /** Something is wrong. */
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
        const alarm = isolation.offline(node, at) ? { kind: "isolated" as const } : undefined;
        return { alarm, releases: [] };
      }
      // What happens on a node after it was said to be away proves that it lives.
      const lives = outages.isOffline(node, happenedAt) && !isOutOfReach(type) &&
        outages.online(node, happenedAt);
      const { alarm, releases } = storm(event, at, now);
      // The event that proves it is not one of those that the outage held.
      return { alarm, releases: lives ? [...releases, release(node, now - 1)] : releases };
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
      if (changes === 0 || flaps.isTold(key, Infinity)) return undefined;
      const minutes = Math.round(flapWindowSeconds / 60);
      return {
        action: "notify",
        node: event.node,
        service: event.service,
        reason: `flapping: it went bad and well ${changes} times within ${minutes} minutes; ` +
          "a restart each time does not mend that, a person should look",
        confidence: 1,
        requires_human: true,
      };
    },
    /** A person was told of the target, `agoMs` milliseconds ago, and whether of its flapping. */
    told(event: WaitingEvent, { flapping, agoMs = 0 }: { flapping: boolean; agoMs?: number }) {
      const key = targetKey(event);
      // What is told of a target that is known to flap is told for graver faults, too.
      const isOfFlapping = flapping || flaps.isTold(key, Infinity);
      const told = { at: clock.monotonic() - agoMs, gravity: gravity(event) };
      if (isOfFlapping && flaps.flapping(key) > 0) flaps.told(key, told);
      if (isNodeAway(event)) outages.told(event.node);
    },
    setSilences: (current: readonly Silence[]) => void (silences = current),
    /** Milliseconds until the next silence begins, Infinity when none is to come. */
    silenceBeginsIn: () => nextBeginsIn(silences, clock.now()),
    redisLost: () => isolation.redisLost(clock.monotonic()),
    /** A person has dealt with a node's storm; true when that releases something. */
    stormOver: storms.over,
    prune() {
      const now = clock.monotonic();
      storms.prune(now);
      flaps.prune();
      for (const [node, at] of releases) {
        if (now - at >= RELEASE_AFTER_MS) releases.delete(node);
      }
    },
    /** Everything that must survive a restart. */
    snapshot: flaps.snapshot,
  };
}
