/**
 * What an agent remembers across runs: events that wait, cooldowns, and nodes that are offline.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type Backlog, createBacklog } from "../queue/backlog.ts";
import type { Clock } from "../base/clock.ts";
import type { Files } from "../base/disk/files.ts";
import { type Journal, loadState, openJournal } from "../queue/journal.ts";
import type { Log } from "../base/log/log.ts";
import { createOutages, type Outages } from "../gate/outages.ts";
import { settleProposals } from "./resume.ts";
import type { StateRecord } from "../queue/state.ts";
import type { Store } from "../base/disk/store.ts";
import type { ActionFile } from "../proposal/action_file.ts";

interface MemoryOptions {
  readonly store: Store;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly nonce: () => string;
  readonly queueLimit: number;
  readonly cooldownSeconds: number;
  readonly eventTtlSeconds: number;
  /** Writes the event file of a proposal. */
  readonly announce: (action: ActionFile, sinceMs: number) => Promise<void>;
}

interface Memory {
  readonly backlog: Backlog;
  readonly outages: Outages;
  /** Where both write down what changes. */
  readonly journal: Journal;
}

/** Brings back what an earlier run left, and opens the journal for this one. */
export async function openMemory(options: MemoryOptions): Promise<Memory> {
  const { store, files, clock, log, nonce } = options;
  const path = join(store.state, "planner-agent.state");
  const saved = await loadState({ path, files, clock, log });
  await settleProposals(saved, { store, log, announce: options.announce });
  if (saved.waiting.size + saved.cooldowns.size > 0) {
    log.info("state_restored", { waiting: saved.waiting.size, cooldowns: saved.cooldowns.size });
  }
  // Nothing changes before the journal is open.
  const remember = (record: StateRecord) => journal.append(record);
  const backlog = createBacklog({
    clock,
    queueLimit: options.queueLimit,
    cooldownSeconds: options.cooldownSeconds,
    saved,
    remember,
  });
  const outages = createOutages({
    clock,
    longestMs: options.eventTtlSeconds * 1000,
    saved: saved.offline,
    remember,
  });
  const snapshot = () => [...backlog.snapshot(), ...outages.snapshot()];
  const journal: Journal = await openJournal({ path, files, clock, log, nonce, snapshot });
  return { backlog, outages, journal };
}
