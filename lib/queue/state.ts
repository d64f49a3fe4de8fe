/**
 * What the agent must remember across runs: records, each changing what those before it said.
 *
 * @module
 */
import type { Heard, Merged } from "./entry.ts";
import { type Target, targetKey } from "../event/target.ts";
import type { FlapRecord } from "../gate/flap.ts";
import type { OutageRecord } from "../gate/outages.ts";
import type { SpentRecord } from "../gate/budgets.ts";
import type { WellRecord } from "../gate/cured.ts";

/** An event as it was heard. */
export type SavedHeard = Pick<Heard, "event" | "serial"> & { readonly arrivedMs: number };

/** Wall-clock times are in milliseconds since 1970. */
export type StateRecord =
  /** An event was accepted for its target, or parked after failures. */
  | SavedHeard & {
    readonly is: "waiting";
    readonly failures: number;
    readonly merged?: readonly (Omit<Merged, "newest"> & { readonly newest?: SavedHeard })[];
  }
  /** Nothing waits for the target any more. */
  | { readonly is: "done"; readonly target: Target }
  /** A proposal for the event `serial`, or its event file, is about to appear under this id. */
  | {
    readonly is: "proposing";
    readonly target: Target;
    readonly serial: number;
    readonly actionId: string;
    readonly atMs: number;
  }
  /** The event file of that proposal is there. */
  | { readonly is: "announced"; readonly target: Target; readonly actionId: string }
  /**
   * The target's cooldown began; its proposal, if there was one, is published. The event `serial`
   * is done: in one record, so that no crash leaves it waiting for a second proposal.
   */
  | {
    readonly is: "cooldown";
    readonly target: Target;
    readonly serial?: number;
    readonly atMs: number;
    /** How grave the fault was; absent in what earlier versions wrote. */
    readonly gravity?: number;
  }
  | OutageRecord
  | FlapRecord
  | WellRecord
  | SpentRecord;

export type RecordOf<Is extends StateRecord["is"]> = Extract<StateRecord, { is: Is }>;

/** The state a journal adds up to; maps of targets are keyed by {@linkcode targetKey}. */
export interface SavedState {
  readonly waiting: Map<string, RecordOf<"waiting">>;
  readonly proposing: Map<string, RecordOf<"proposing">>;
  readonly cooldowns: Map<string, RecordOf<"cooldown">>;
  readonly offline: Map<string, RecordOf<"offline">>;
  readonly flaps: Map<string, FlapRecord>;
  readonly well: Map<string, WellRecord>;
  readonly spent: SpentRecord[];
}

export const emptyState = (): SavedState => ({
  waiting: new Map(),
  proposing: new Map(),
  cooldowns: new Map(),
  offline: new Map(),
  flaps: new Map(),
  well: new Map(),
  spent: [],
});

export function applyRecord(state: SavedState, record: StateRecord): void {
  switch (record.is) {
    case "waiting":
      state.waiting.set(targetKey(record.event), record);
      break;
    case "done":
      state.waiting.delete(targetKey(record.target));
      state.proposing.delete(targetKey(record.target));
      break;
    case "proposing":
      state.proposing.set(targetKey(record.target), record);
      break;
    case "announced": {
      const key = targetKey(record.target);
      if (state.proposing.get(key)?.actionId === record.actionId) state.proposing.delete(key);
      break;
    }
    case "cooldown": {
      const key = targetKey(record.target);
      const waiting = state.waiting.get(key);
      if (waiting && waiting.serial === record.serial) state.waiting.delete(key);
      state.proposing.delete(key);
      state.cooldowns.set(key, record);
      break;
    }
    case "offline":
      state.offline.set(record.node, record);
      break;
    case "online":
      state.offline.delete(record.node);
      break;
    case "flaps":
      state.flaps.set(targetKey(record.target), record);
      break;
    case "well":
      state.well.set(targetKey(record.target), record);
      break;
    case "spent":
      state.spent.push(record);
      break;
  }
}
