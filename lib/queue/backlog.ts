/**
 * Everything that is not finished: what waits, what is being diagnosed, and which targets cool
 * down. Each change is written to the journal before anything follows from it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { createCooldowns, elapsedSince } from "../gate/cooldown.ts";
import { COALESCED, type Objected, RECOVERED } from "../gate/objection.ts";
import type { WaitingEvent } from "../event/event.ts";
import { createQueue, type QueueEntry } from "./queue.ts";
import type { SavedState, StateRecord } from "./state.ts";
import { targetKey, targetOf } from "../event/target.ts";

/** A target whose event has left the queue and has not ended yet. */
export interface Running {
  readonly entry: QueueEntry;
  /** The id its proposal is about to appear under. */
  proposing?: { readonly actionId: string; readonly atMs: number };
  /** Its proposal is safe, or it needs none: it is not to be diagnosed again. */
  settled?: boolean;
  /** Whether the last that was heard of the target is that it is well again. */
  recovered: boolean;
}

interface BacklogOptions {
  readonly queueLimit: number;
  readonly cooldownSeconds: number;
  readonly clock: Clock;
  /** What an earlier run left. */
  readonly saved?: Pick<SavedState, "waiting" | "cooldowns">;
  /** Writes down a change, before anything follows from it. */
  readonly remember?: (record: StateRecord) => void;
}

export interface Backlog {
  /** Lets a new event wait. */
  add(event: WaitingEvent): ReturnType<Backlog["offer"]>;
  /** Lets an entry wait; tells what it replaced, and which entry found no room. */
  offer(entry: QueueEntry): { readonly replaced?: QueueEntry; readonly dropped?: QueueEntry };
  /**
   * Takes what is to be diagnosed next; what is `held` waits on. End it with
   * {@linkcode Backlog.finish}.
   */
  take(held?: (entry: QueueEntry) => boolean): Running | undefined;
  /** Whether {@linkcode Backlog.take} would give something. */
  hasReady(held?: (entry: QueueEntry) => boolean): boolean;
  /** Ends a run; with `keep` its event waits again, unless a newer one does. */
  finish(running: Running, keep: boolean): void;
  /** Whether an event of the target waits or is being diagnosed. */
  has(key: string): boolean;
  /** Removes what waits for a target. */
  remove(key: string): QueueEntry | undefined;
  /** Ends what is being diagnosed and removes what waits for a target, where `isOver` says so. */
  recover(key: string, isOver: (fault: WaitingEvent) => boolean): QueueEntry | undefined;
  /** What newer news of a running target objects to its event. */
  overtaken(running: Running): Objected | undefined;
  /** Milliseconds the target's cooldown still lasts, 0 when there is none. */
  cooldown(key: string): number;
  /** Starts a running target's cooldown. Unless it is kept, it ends with the run. */
  startCooldown(key: string): void;
  /** Starts the cooldown that counts, after a restart too: the proposal is safe. */
  keepCooldown(running: Running): void;
  /** Another planner started the target's cooldown; `remainingMs` of it are left. */
  joinCooldown(key: string, remainingMs: number): void;
  /** Writes down that the target's proposal is about to appear under `actionId`. */
  announce(running: Running, actionId: string): void;
  parked(): QueueEntry[];
  readonly waiting: number;
  readonly running: number;
  /** What waits, parked entries included, in the order of serving. */
  entries(): Iterable<QueueEntry>;
  /** What is being diagnosed. */
  active(): Iterable<Running>;
  /** Targets that cool down, the one that started first at the start. */
  coolingDown(): Iterable<{ readonly key: string; readonly remainingMs: number }>;
  /** How many targets cool down, some of them perhaps no longer. */
  readonly coolingDownCount: number;
  /** Forgets cooldowns that are over. */
  prune(): void;
  /** Everything that must survive a restart. */
  snapshot(): Generator<StateRecord>;
}

export function createBacklog(options: BacklogOptions): Backlog {
  const { queueLimit, cooldownSeconds, clock, saved, remember = () => {} } = options;
  const queue = createQueue(queueLimit);
  const cooldowns = createCooldowns(cooldownSeconds);
  const running = new Map<string, Running>();
  /** Targets whose cooldown has started and whose proposal is not safe yet. */
  const unsafe = new Set<string>();
  let serial = 0;
  if (saved) restore(saved);

  function restore({ waiting, cooldowns: began }: Pick<SavedState, "waiting" | "cooldowns">) {
    const [wall, now] = [clock.now(), clock.monotonic()];
    for (const [key, { atMs }] of began) cooldowns.record(key, now, elapsedSince(atMs, wall));
    for (const [key, { event, serial: itsSerial, arrivedMs, failures }] of waiting) {
      serial = Math.max(serial, itsSerial);
      const arrivedAt = now - elapsedSince(arrivedMs, wall);
      queue.putBack({ key, event, serial: itsSerial, arrivedAt, failures, notBefore: 0 });
    }
  }

  /** Writes down what waits for a target now. */
  function write(key: string) {
    const active = running.get(key);
    const entry = queue.get(key) ?? (active?.settled ? undefined : active?.entry);
    remember(entry ? waitingRecord(entry) : { is: "done", target: targetOf(key) });
  }

  function waitingRecord({ event, serial, arrivedAt, failures }: QueueEntry): StateRecord {
    const arrivedMs = clock.now() - (clock.monotonic() - arrivedAt);
    return { is: "waiting", serial, event, arrivedMs, failures };
  }

  function* proposingRecord({ entry, proposing }: Running): Generator<StateRecord> {
    if (!proposing) return;
    const { key, serial } = entry;
    yield { is: "proposing", target: targetOf(key), serial, ...proposing };
  }

  function offer(entry: QueueEntry) {
    const outcome = queue.offer(entry);
    if (outcome.dropped !== entry) write(entry.key);
    if (outcome.dropped) write(outcome.dropped.key);
    return outcome;
  }

  /** Targets whose turn it is not: they are being diagnosed, or held. */
  function passedOver(held: (entry: QueueEntry) => boolean) {
    return {
      has(key: string) {
        const entry = queue.get(key);
        return running.has(key) || (entry !== undefined && held(entry));
      },
    };
  }

  function remove(key: string) {
    const entry = queue.remove(key);
    if (entry) write(key);
    return entry;
  }

  return {
    add(event) {
      const key = targetKey(event);
      const active = running.get(key);
      if (active) active.recovered = false;
      const arrivedAt = clock.monotonic();
      return offer({ key, event, serial: ++serial, arrivedAt, failures: 0, notBefore: 0 });
    },
    offer,
    take(held = () => false) {
      const entry = queue.take(clock.monotonic(), passedOver(held));
      if (!entry) return undefined;
      const active: Running = { entry, recovered: false };
      running.set(entry.key, active);
      return active;
    },
    hasReady(held = () => false) {
      const [now, passed] = [clock.monotonic(), passedOver(held)];
      return queue.entries().some(({ notBefore, key }) => notBefore <= now && !passed.has(key));
    },
    finish({ entry }, keep) {
      running.delete(entry.key);
      // Without its proposal a cooldown would only hold back the event that still waits.
      if (unsafe.delete(entry.key)) cooldowns.forget(entry.key);
      if (queue.get(entry.key)) return;
      if (keep) queue.putBack(entry);
      write(entry.key);
    },
    has: (key) => running.has(key) || queue.get(key) !== undefined,
    remove,
    recover(key, isOver) {
      const active = running.get(key);
      if (active && isOver(active.entry.event)) active.recovered = true;
      const waiting = queue.get(key);
      return waiting && isOver(waiting.event) ? remove(key) : undefined;
    },
    overtaken({ entry, recovered }) {
      if (queue.get(entry.key)) return COALESCED;
      return recovered ? RECOVERED : undefined;
    },
    cooldown: (key) => cooldowns.remaining(key, clock.monotonic()),
    startCooldown(key) {
      unsafe.add(key);
      cooldowns.record(key, clock.monotonic());
    },
    keepCooldown(active) {
      const { key, serial } = active.entry;
      active.settled = true;
      delete active.proposing;
      unsafe.delete(key);
      // Counted from now: a full disk can hold a proposal back for longer than a cooldown.
      cooldowns.record(key, clock.monotonic());
      remember({ is: "cooldown", target: targetOf(key), serial, atMs: clock.now() });
    },
    joinCooldown(key, remainingMs) {
      cooldowns.record(key, clock.monotonic(), Math.max(0, cooldownSeconds * 1000 - remainingMs));
    },
    announce(active, actionId) {
      active.proposing = { actionId, atMs: clock.now() };
      for (const record of proposingRecord(active)) remember(record);
    },
    parked: () => queue.parked(),
    get waiting() {
      return queue.size;
    },
    get running() {
      return running.size;
    },
    entries: () => queue.entries(),
    active: () => running.values(),
    *coolingDown() {
      for (const { key, elapsedMs } of cooldowns.entries(clock.monotonic())) {
        yield { key, remainingMs: cooldownSeconds * 1000 - elapsedMs };
      }
    },
    get coolingDownCount() {
      return cooldowns.size;
    },
    prune: () => cooldowns.prune(clock.monotonic()),
    *snapshot() {
      const wall = clock.now();
      for (const { key, elapsedMs } of cooldowns.entries(clock.monotonic())) {
        if (unsafe.has(key)) continue;
        yield { is: "cooldown", target: targetOf(key), atMs: wall - elapsedMs };
      }
      for (const { entry, settled } of running.values()) {
        if (!settled && !queue.get(entry.key)) yield waitingRecord(entry);
      }
      for (const entry of queue.entries()) yield waitingRecord(entry);
      for (const active of running.values()) yield* proposingRecord(active);
    },
  };
}
