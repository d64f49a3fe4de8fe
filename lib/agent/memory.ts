/**
 * What an agent remembers across runs: events that wait, cooldowns, and nodes that are offline.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type Backlog, createBacklog } from "../queue/backlog.ts";
import type { Config } from "../config/config.ts";
import { type Journal, type JournalOptions, loadState, openJournal } from "../queue/journal.ts";
import { createOutages, type Outages } from "../gate/outages.ts";
import { type ResumeOptions, settleProposals } from "./resume.ts";
import type { Store } from "../base/disk/store.ts";

interface MemoryOptions
  extends Omit<JournalOptions, "path" | "snapshot">, Pick<ResumeOptions, "announce"> {
  readonly config: Config;
  readonly store: Store;
}

interface Memory {
  readonly backlog: Backlog;
  readonly outages: Outages;
  /** Where both write down what changes. */
  readonly journal: Journal;
}

/** Brings back what an earlier run left, and opens the journal for this one. */
export async function openMemory(options: MemoryOptions): Promise<Memory> {
  const { config, clock, log, store } = options;
  const stateFile = { ...options, path: join(store.state, "planner-agent.state") };
  const saved = await loadState(stateFile);
  await settleProposals(saved, options);
  const backlog = createBacklog({ ...config, clock });
  backlog.restore(saved);
  const outages = createOutages({ clock, longestMs: config.eventTtlSeconds * 1000 });
  outages.restore(saved);
  if (saved.waiting.size + saved.cooldowns.size > 0) {
    log.info("state_restored", { waiting: saved.waiting.size, cooldowns: saved.cooldowns.size });
  }
  const snapshot = () => [...backlog.snapshot(), ...outages.snapshot()];
  const journal = await openJournal({ ...stateFile, snapshot });
  backlog.attach(journal);
  outages.attach(journal);
  return { backlog, outages, journal };
}
