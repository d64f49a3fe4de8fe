/**
 * Everything that is not finished: what waits, what is being diagnosed, and which targets cool
 * down. Each change is written to the journal before anything follows from it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { createCooldowns, elapsedSince } from "../gate/cooldown.ts";
import { isRepeated, leftOf, mergedInto, outranks, type QueueEntry } from "./entry.ts";
import { gravity } from "../gate/gravity.ts";
import type { WaitingEvent } from "../event/event.ts";
import { createQueue } from "./queue.ts";
import { proposingRecord, type Running } from "./running.ts";
import { entryOf, lastSerialOf, type Moment, recordOf } from "./saved_entry.ts";
import type { SavedState, StateRecord } from "./state.ts";
import { targetKey, targetOf } from "../event/target.ts";
import { createUnannounced } from "./unannounced.ts";

interface BacklogOptions {
  readonly queueLimit: number;
  readonly cooldownSeconds: number;
  readonly clock: Clock;
  readonly saved?: Pick<SavedState, "waiting" | "cooldowns" | "proposing">;
  readonly remember?: (record: StateRecord) => void;
}

/** What became of an event, or an entry, that came to what waits. */
export interface Offered {
  /** Of two of a target, the one that does not stand for both. */
  readonly coalesced?: WaitingEvent;
  /** The entry that found no room. */
  readonly dropped?: QueueEntry;
}

export type Backlog = ReturnType<typeof createBacklog>;

export function createBacklog(options: BacklogOptions) {
  const { queueLimit, cooldownSeconds, clock, saved, remember = () => {} } = options;
  const queue = createQueue(queueLimit);
  const cooldowns = createCooldowns(cooldownSeconds);
  const running = new Map<string, Running>();
  const unannounced = createUnannounced(saved?.proposing, remember);
  const moment = () => ({ wall: clock.now(), monotonic: clock.monotonic() });
  let serial = 0;
  let aside = 0;
  if (saved) restore(saved, moment());

  function restore(saved: Pick<SavedState, "waiting" | "cooldowns">, now: Moment) {
    for (const [key, { atMs, gravity }] of saved.cooldowns) {
      cooldowns.record(key, now.monotonic, { elapsedMs: elapsedSince(atMs, now.wall), gravity });
    }
    for (const [key, record] of saved.waiting) {
      const entry = entryOf(key, record, now);
      serial = Math.max(serial, lastSerialOf(entry));
      queue.putBack(entry, 0);
    }
  }

  /** What of a target must not be lost, waiting or being diagnosed. */
  function unfinished(key: string): QueueEntry | undefined {
    const active = running.get(key);
    const waiting = queue.get(key);
    if (!active || active.settled) return waiting;
    const { left } = active;
    if (!left || !waiting) return left ?? waiting ?? active.entry;
    return outranks(waiting, left) ? mergedInto(waiting, left) : mergedInto(left, waiting);
  }

  /** Writes down what is unfinished of a target now. */
  function write(key: string) {
    const entry = unfinished(key);
    if (entry) return remember(recordOf(entry, moment()));
    remember({ is: "done", target: targetOf(key) });
    const record = unannounced.for(key);
    if (record) remember(record);
  }

  /** A target that is being diagnosed waits for the end of that. */
  const untilFinished = (key: string, until: number) => running.has(key) ? Infinity : until;

  /** Puts the one of two entries that stands for both in their place. */
  function offer(newcomer: QueueEntry, heldUntil: number, waiting?: QueueEntry): Offered {
    const { key } = newcomer;
    const wins = !waiting || outranks(newcomer, waiting);
    const [kept, other] = wins ? [newcomer, waiting] : [waiting, newcomer];
    const entry = other ? mergedInto(kept, other) : kept;
    // What holds the other one does not hold this one.
    const until = Math.max(entry.notBefore, wins ? heldUntil : 0);
    const dropped = queue.put(entry, untilFinished(key, until));
    if (dropped?.key !== key) write(key);
    if (dropped) write(dropped.key);
    return { ...(other && { coalesced: other.event }), ...(dropped && { dropped }) };
  }

  return {
    /** Lets a new event wait, until `heldUntil` at least (monotonic milliseconds, 0 for not held). */
    add(event: WaitingEvent, heldUntil = 0, key = targetKey(event)): Offered {
      let waiting = queue.get(key);
      if (waiting && isRepeated(waiting, event)) return { coalesced: event };
      // A newer event of a parked target is tried at once, unless another planner works on it.
      const notBefore = waiting && waiting.failures === 0 ? waiting.notBefore : 0;
      if (waiting && waiting.notBefore !== notBefore) {
        waiting = { ...waiting, notBefore };
        queue.put(waiting, 0);
      }
      const arrivedAt = clock.monotonic();
      const newcomer = { key, event, serial: ++serial, arrivedAt, failures: 0, notBefore };
      return offer(newcomer, heldUntil, waiting);
    },
    /**
     * Takes what is to be diagnosed next, of those that `mayTake` by the rank of their severity;
     * what is held waits on. End it with `finish`.
     */
    take({ heldUntil = () => 0, mayTake = () => true }: {
      readonly heldUntil?: (entry: QueueEntry) => number;
      readonly mayTake?: (rank: number) => boolean;
    } = {}): Running | undefined {
      const entry = queue.take(clock.monotonic(), {
        heldUntil: (entry) => untilFinished(entry.key, Math.max(entry.notBefore, heldUntil(entry))),
        mayTake,
      });
      if (!entry) return undefined;
      const active: Running = { entry, left: entry, stopped: new AbortController() };
      running.set(entry.key, active);
      return active;
    },
    /** Ends a run; its event waits again as `again`, if that is given. */
    finish({ entry: { key }, aside: wasAside }: Running, again?: QueueEntry): Offered {
      running.delete(key);
      if (wasAside) aside--;
      const waiting = queue.get(key);
      let offered: Offered = {};
      if (again && waiting) offered = offer(again, 0, waiting);
      else if (again) queue.putBack(again, again.notBefore);
      queue.wake(key);
      if (!waiting || !again) write(key);
      return offered;
    },
    /** Whether an event of the target waits or is being diagnosed. */
    has: (key: string) => running.has(key) || queue.get(key) !== undefined,
    runningFor: (key: string) => running.get(key),
    eventsFor: (key: string): WaitingEvent[] =>
      [running.get(key)?.entry, queue.get(key)].flatMap((entry) => entry?.event ?? []),
    /**
     * Ends those faults of a target that `isOver` says are over. Of what waits the event is given
     * that stood for the others, where it is one of them, and what is left in its place.
     */
    recover(
      key: string,
      isOver: (fault: WaitingEvent) => boolean,
    ): { readonly event: WaitingEvent; readonly left: QueueEntry | undefined } | undefined {
      const active = running.get(key);
      const before = unfinished(key);
      if (active?.left) active.left = leftOf(active.left, isOver);
      const waiting = queue.get(key);
      const left = waiting && leftOf(waiting, isOver);
      if (waiting && !left) queue.remove(key);
      if (left && left !== waiting) queue.put(left, untilFinished(key, left.notBefore));
      if (unfinished(key) !== before) write(key);
      return !waiting || left?.event === waiting.event ? undefined : { event: waiting.event, left };
    },
    /** Whether what is being diagnosed is over, whatever else is left of its entry. */
    isOver: ({ entry, left }: Running) => left?.serial !== entry.serial,
    isOvertaken({ entry }: Running): boolean {
      const waiting = queue.get(entry.key);
      return waiting !== undefined && gravity(waiting.event) < gravity(entry.event);
    },
    /** Looks again at what sleeps of a node, or of all: at once, or at a monotonic time to come. */
    wake: (node?: string, at = clock.monotonic()) => queue.wakeNode(node, at),
    nextDue: () => queue.nextDue(),
    /**
     * Milliseconds the target's cooldown still lasts for a fault as grave as that, 0 when there is
     * none, or when it stands for a lesser one.
     */
    cooldown: (key: string, gravity: number) =>
      cooldowns.remaining(key, clock.monotonic(), gravity),
    /**
     * Starts the target's cooldown, and is done with its event: its proposal is safe. `announced`
     * resolves with whether its event file is, where that is not there yet.
     */
    keepCooldown(active: Running, announced?: Promise<boolean>) {
      const { key, serial, event } = active.entry;
      const proposing = announced ? proposingRecord(active) : [];
      active.settled = true;
      delete active.proposing;
      // Counted from now: a full disk can hold a proposal back for longer than a cooldown.
      const grave = gravity(event);
      cooldowns.record(key, clock.monotonic(), { gravity: grave });
      const target = targetOf(key);
      remember({ is: "cooldown", target, serial, atMs: clock.now(), gravity: grave });
      for (const record of proposing) if (announced) unannounced.remindOf(record, announced);
      if (queue.get(key)) write(key);
    },
    /** Another planner started the target's cooldown; `remainingMs` of it are left. */
    joinCooldown: (key: string, remainingMs: number, gravity: number) =>
      cooldowns.record(key, clock.monotonic(), {
        elapsedMs: Math.max(0, cooldownSeconds * 1000 - remainingMs),
        gravity,
      }),
    announce(active: Running, actionId: string) {
      active.proposing = { actionId, atMs: clock.now() };
      for (const record of proposingRecord(active)) remember(record);
    },
    parked: () => queue.entries().filter(({ failures }) => failures > 0),
    get waiting() {
      return queue.size;
    },
    /** How many of the waiting events could be diagnosed at once. */
    get ready() {
      return queue.awake;
    },
    get running() {
      return running.size;
    },
    /** Lets a running event wait for the disk. */
    setAside(active: Running) {
      if (!active.aside) aside++;
      active.aside = true;
    },
    get aside() {
      return aside;
    },
    /** What waits, parked entries included, in the order of serving. */
    entries: () => queue.entries(),
    active: () => running.values(),
    /** Targets that cool down, the one that started first at the start. */
    *coolingDown() {
      for (const { key, elapsedMs, gravity } of cooldowns.entries(clock.monotonic())) {
        yield { key, remainingMs: cooldownSeconds * 1000 - elapsedMs, gravity };
      }
    },
    get coolingDownCount() {
      return cooldowns.size;
    },
    prune: () => cooldowns.prune(clock.monotonic()),
    *snapshot(): Generator<StateRecord> {
      const wall = clock.now();
      for (const { key, elapsedMs, gravity } of cooldowns.entries(clock.monotonic())) {
        yield { is: "cooldown", target: targetOf(key), atMs: wall - elapsedMs, gravity };
      }
      const keys = new Set([...running.keys(), ...queue.entries().map(({ key }) => key)]);
      for (const key of keys) {
        const entry = unfinished(key);
        if (entry) yield recordOf(entry, moment());
      }
      yield* unannounced.all();
      for (const active of running.values()) yield* proposingRecord(active);
    },
  };
}
