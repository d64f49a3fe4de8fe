import assert from "node:assert/strict";
import { createBacklog } from "../../lib/queue/backlog.ts";
import type { Running } from "../../lib/queue/running.ts";
import type { Clock } from "../../lib/base/clock.ts";
import { type Journal, loadState, openJournal } from "../../lib/queue/journal.ts";
import { announceOnce, createProposer } from "../../lib/proposal/proposer.ts";
import { settleProposals } from "../../lib/agent/resume.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { type Target, targetKey } from "../../lib/event/target.ts";
import { recordingLog } from "./log.ts";
import type { MemoryFiles } from "./memory_files.ts";
import { waitingEvent } from "./waiting_event.ts";

const COOLDOWN_SECONDS = 300;
export const STATE = "/r/state/planner-agent.state";
// The first two have the same proposal id.
export const TARGETS: readonly Target[] = [
  { node: "chelsty", service: "ha-mosquitto" },
  { node: "chelsty-ha", service: "mosquitto" },
  { node: "piha", service: "redis" },
];

export type Command =
  | { readonly op: "add" | "recover"; readonly target: Target }
  | { readonly op: "diagnose"; readonly steps: number }
  | { readonly op: "rewrite" | "pass" };

/** What the model knows, across runs of the agent. An event is told by its type. */
export interface Known {
  readonly clock: { wall: number; monotonic: number };
  /** All that were sent, with the keys of their targets. */
  readonly sent: Map<string, string>;
  /** Accepted, and neither replaced, recovered nor held back by a cooldown. */
  readonly unfinished: Set<string>;
  /** Their proposals were reported as safe. */
  readonly safe: Set<string>;
  /** May have a second proposal: the power went while the first was young. */
  readonly young: Set<string>;
  /** Sent since time passed last: a proposal for one still cools down. */
  readonly recent: Set<string>;
  /** Whether the power went since the agent was up. */
  powerCut: boolean;
}

export const nothingKnown = (): Known => ({
  clock: { wall: Date.UTC(2026, 0, 2), monotonic: 1_000 },
  sent: new Map(),
  unfinished: new Set(),
  safe: new Set(),
  young: new Set(),
  recent: new Set(),
  powerCut: false,
});

/** A clock whose timers are due at once. */
function hastyClock(known: Known): Clock {
  return {
    now: () => known.clock.wall,
    monotonic: () => known.clock.monotonic,
    after(_ms, callback) {
      let cancelled = false;
      void Promise.resolve().then(() => cancelled || callback());
      return () => cancelled = true;
    },
  };
}

/** The proposals on the disk: the types of their events. */
export function proposals(files: MemoryFiles): string[] {
  const paths = files.paths().filter((path) => /^\/r\/actions\/.*\.json$/.test(path));
  return paths.map((path) => {
    const { action_id, source_event, payload } = JSON.parse(files.text(path) ?? "");
    assert.equal(`/r/actions/pending/${action_id}.json`, path);
    assert.equal(payload.action, "restart", "the last key is there");
    return source_event;
  });
}

export async function boot(files: MemoryFiles, known: Known) {
  const clock = hastyClock(known);
  const log = recordingLog();
  let nonces = 0;
  const nonce = () => `${known.sent.size}-${++nonces}`;
  const store = createStore({ root: "/r", files, nonce });
  const proposer = { store, clock, log, random: () => 0, nodeName: "solaria" };
  const stateFiles = { path: STATE, files, clock, log };
  await store.makeFolders();
  await store.sweep();
  const saved = await loadState(stateFiles);
  await settleProposals(saved, {
    store,
    log,
    announce: (action, sinceMs) => announceOnce(action, sinceMs, proposer),
  });
  const backlog = createBacklog({
    queueLimit: 100,
    cooldownSeconds: COOLDOWN_SECONDS,
    clock,
    saved,
    remember: (record) => journal.append(record),
  });
  const journal: Journal = await openJournal({ ...stateFiles, nonce, snapshot: backlog.snapshot });
  return { backlog, journal, files, propose: createProposer(proposer) };
}

/** Of the events that are sent: an error. */
const GRAVITY = 1;

export type Booted = Awaited<ReturnType<typeof boot>>;

/** As the pipeline does it, with a model that says restart. */
export async function diagnose({ backlog, propose }: Booted, running: Running, known: Known) {
  const { key, event } = running.entry;
  if (backlog.cooldown(key, GRAVITY) > 0) {
    known.unfinished.delete(event.type);
    backlog.finish(running);
    return;
  }
  for (let failures = 0;; failures++) {
    const done = await propose({
      event,
      diagnosis: {
        action: "restart",
        node: event.node,
        service: event.service,
        reason: "it does not answer",
        confidence: 0.9,
        requires_human: false,
      },
      changes: [],
      modelUsed: "rules",
      attempts: [],
      waitedMs: 0,
    }, {
      announce: (actionId) => backlog.announce(running, actionId),
      failures,
      signal: new AbortController().signal,
    });
    if (done.is === "written") break;
    // A disk that refused is tried again.
    await Promise.resolve();
  }
  known.safe.add(event.type);
  backlog.keepCooldown(running);
  backlog.finish(running);
}

/** What takes the place of a target's events, or makes them needless, ends them. */
function supersede(key: string, known: Known) {
  for (const type of known.unfinished) {
    if (known.sent.get(type) === key) known.unfinished.delete(type);
  }
}

/** Carries out a command; returns what goes on meanwhile. */
export async function perform(
  command: Command,
  agent: Booted,
  known: Known,
): Promise<Promise<void>[]> {
  const { backlog, journal, files } = agent;
  switch (command.op) {
    case "add": {
      const event = waitingEvent({ ...command.target, type: `event-${known.sent.size}` });
      const key = targetKey(event);
      if (backlog.cooldown(key, GRAVITY) > 0) return [];
      supersede(key, known);
      known.sent.set(event.type, key);
      known.recent.add(event.type);
      backlog.add(event);
      if (!files.dead) known.unfinished.add(event.type);
      return [];
    }
    case "recover":
      supersede(targetKey(command.target), known);
      backlog.recover(targetKey(command.target), () => true);
      return [];
    case "diagnose": {
      const running = backlog.take();
      const work = running ? [diagnose(agent, running, known)] : [];
      for (let i = 0; i < command.steps; i++) await Promise.resolve();
      return work;
    }
    case "rewrite":
      return [journal.rewrite()];
    case "pass":
      known.clock.wall += COOLDOWN_SECONDS * 1000;
      known.clock.monotonic += COOLDOWN_SECONDS * 1000;
      known.recent.clear();
      return [];
  }
}

/** What must hold whenever an agent is up again. */
export function check({ backlog, files }: Booted, known: Known) {
  const proposed = proposals(files);
  const waiting = new Set(
    [...backlog.snapshot()].flatMap((record) => record.is === "waiting" ? [record.event.type] : []),
  );
  for (const type of known.safe) assert.ok(proposed.includes(type), `${type}: proposal lost`);
  if (known.powerCut) {
    for (const type of waiting) if (proposed.includes(type)) known.young.add(type);
    for (const type of known.unfinished) if (!waiting.has(type)) known.unfinished.delete(type);
    known.recent.clear();
    known.powerCut = false;
  }
  for (const type of known.unfinished) {
    assert.ok(waiting.has(type) || proposed.includes(type), `${type}: accepted, and lost`);
    const key = known.sent.get(type) ?? "";
    if (backlog.cooldown(key, GRAVITY) === 0) continue;
    const cause = proposed.some((other) => known.sent.get(other) === key);
    assert.ok(cause, `${type}: waits behind the cooldown of nothing`);
  }
  for (const [i, type] of proposed.entries()) {
    if (known.young.has(type)) continue;
    assert.equal(proposed.indexOf(type), i, `${type}: proposed twice`);
    assert.ok(!waiting.has(type), `${type}: proposed, and waits`);
    if (!known.recent.has(type)) continue;
    assert.ok(backlog.cooldown(known.sent.get(type) ?? "", GRAVITY) > 0, `${type}: no cooldown`);
  }
}
