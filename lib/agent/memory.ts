/**
 * What an agent remembers across runs: events that wait, cooldowns, offline nodes, what flaps, what
 * was cured and what was spent.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Clock } from "../base/clock.ts";
import type { Files } from "../base/disk/files.ts";
import { type Journal, loadState, openJournal } from "../queue/journal.ts";
import type { Log } from "../base/log/log.ts";
import { settleProposals } from "./resume.ts";
import type { SavedState, StateRecord } from "../queue/state.ts";
import type { Store } from "../base/disk/store.ts";
import type { ActionFile } from "../proposal/action_file.ts";

interface RecallOptions {
  readonly store: Store;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  /** Writes the event file of a proposal. */
  readonly announce: (action: ActionFile, sinceMs: number) => Promise<unknown>;
}

interface RememberOptions extends Omit<RecallOptions, "announce"> {
  readonly nonce: () => string;
  /** Everything that must be remembered right now. */
  readonly snapshot: () => Iterable<StateRecord>;
}

const pathIn = (store: Store) => join(store.state, "planner-agent.state");

/** What an earlier run left. */
export async function recall(options: RecallOptions): Promise<SavedState> {
  const { store, files, clock, log, announce } = options;
  const saved = await loadState({ path: pathIn(store), files, clock, log });
  await settleProposals(saved, { store, log, announce });
  if (saved.waiting.size + saved.cooldowns.size > 0) {
    log.info("state_restored", { waiting: saved.waiting.size, cooldowns: saved.cooldowns.size });
  }
  return saved;
}

/** Opens the journal of this run. */
export function openMemory(options: RememberOptions): Promise<Journal> {
  const { store, files, clock, log, nonce, snapshot } = options;
  return openJournal({ path: pathIn(store), files, clock, log, nonce, snapshot });
}
