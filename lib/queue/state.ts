/**
 * What the agent must remember across runs, and the lines it is kept in.
 *
 * The state file is a journal: a header, then one record a line, each changing what the lines
 * before it said. Reading it from the top gives the state.
 *
 * @module
 */
import { isObject, parseObject } from "../base/json.ts";
import type { WaitingEvent } from "../event/event.ts";
import { cleanName } from "../base/text/names.ts";
import type { Merged } from "./entry.ts";
import { type Target, targetKey } from "../event/target.ts";
import type { FlapRecord } from "../gate/flap.ts";
import type { OutageRecord } from "../gate/outages.ts";
import type { SpentRecord } from "../gate/budgets.ts";
import type { WellRecord } from "../gate/cured.ts";

/** Version of the records below. A file of a later version is left alone. */
const STATE_VERSION = 1;

/** Wall-clock times are in milliseconds since 1970. */
export type StateRecord =
  /** An event was accepted for its target, or parked after failures. */
  | {
    readonly is: "waiting";
    readonly serial: number;
    readonly event: WaitingEvent;
    readonly arrivedMs: number;
    readonly failures: number;
    /** What else was heard of the target. */
    readonly merged?: readonly Merged[];
  }
  /** Nothing waits for the target any more. */
  | { readonly is: "done"; readonly target: Target }
  /** A proposal for the event `serial` is about to appear under this id. */
  | {
    readonly is: "proposing";
    readonly target: Target;
    readonly serial: number;
    readonly actionId: string;
    readonly atMs: number;
  }
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

type RecordOf<Is extends StateRecord["is"]> = Extract<StateRecord, { is: Is }>;

/** The state a journal adds up to; maps of targets are keyed by {@linkcode targetKey}. */
export interface SavedState {
  readonly waiting: Map<string, RecordOf<"waiting">>;
  readonly proposing: Map<string, RecordOf<"proposing">>;
  readonly cooldowns: Map<string, RecordOf<"cooldown">>;
  /** By node. */
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

export function encodeHeader(): string {
  return `${JSON.stringify({ planner_state: STATE_VERSION })}\n`;
}

export function encodeRecord(record: StateRecord): string {
  return `${JSON.stringify(record)}\n`;
}

type DecodedState =
  | { readonly kind: "state"; readonly state: SavedState; readonly damagedLines: number }
  | { readonly kind: "damaged" }
  | { readonly kind: "later_version"; readonly version: number };

/** Reads a journal; what cannot be read is counted and passed over. */
export function decodeState(text: string): DecodedState {
  const lines = text.split("\n");
  const header = parseObject(lines[0] ?? "");
  const version = header?.planner_state;
  if (typeof version !== "number") return { kind: "damaged" };
  if (version > STATE_VERSION) return { kind: "later_version", version };

  const state = emptyState();
  // A complete file ends in a newline: anything after the last one is half a record.
  let damagedLines = lines.at(-1) === "" ? 0 : 1;
  for (const line of lines.slice(1, -1)) {
    const record = parseRecord(parseObject(line));
    if (record) applyRecord(state, record);
    else damagedLines++;
  }
  return { kind: "state", state, damagedLines };
}

/** Lets one record change the state. */
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

const isText = (value: unknown): value is string => typeof value === "string";
const isTimes = (value: unknown) => Array.isArray(value) && value.every(Number.isFinite);
const isTimeOrAbsent = (value: unknown) => value === undefined || Number.isFinite(value);
const isName = (value: unknown) => isText(value) && value !== "" && cleanName(value) === value;

function isTarget(value: unknown): boolean {
  return isObject(value) && isName(value.node) && isName(value.service);
}

function isMerged(value: unknown): boolean {
  return isObject(value) && isText(value.type) && isText(value.severity) &&
    Number.isSafeInteger(value.count);
}

function isWaitingEvent(value: unknown): boolean {
  return isTarget(value) && isObject(value) && isName(value.type) && isText(value.severity) &&
    isText(value.channel) && isText(value.excerpt) && Number.isFinite(value.timestamp) &&
    (value.origin === undefined ||
      isObject(value.origin) && Object.values(value.origin).every(isText)) &&
    isTimeOrAbsent(value.heardAt) && isTimeOrAbsent(value.happenedAt);
}

function parseRecord(value: Record<string, unknown> | undefined): StateRecord | undefined {
  if (!value) return undefined;
  const valid = {
    waiting: () =>
      isWaitingEvent(value.event) && Number.isFinite(value.arrivedMs) &&
      Number.isSafeInteger(value.serial) && Number.isSafeInteger(value.failures) &&
      (value.merged === undefined || Array.isArray(value.merged) && value.merged.every(isMerged)),
    done: () => isTarget(value.target),
    proposing: () =>
      isTarget(value.target) && Number.isFinite(value.atMs) && Number.isSafeInteger(value.serial) &&
      isText(value.actionId) && /^[A-Za-z0-9._-]{1,250}$/.test(value.actionId),
    cooldown: () =>
      isTarget(value.target) && Number.isFinite(value.atMs) &&
      (value.serial === undefined || Number.isSafeInteger(value.serial)) &&
      (value.gravity === undefined || Number.isSafeInteger(value.gravity)),
    offline: () => isName(value.node) && Number.isFinite(value.atMs),
    online: () => isName(value.node),
    flaps: () =>
      isTarget(value.target) && typeof value.bad === "boolean" && isTimes(value.changesMs) &&
      (value.told === undefined ||
        isObject(value.told) && Number.isFinite(value.told.atMs) &&
          Number.isSafeInteger(value.told.gravity)),
    well: () => isTarget(value.target) && isName(value.type) && Number.isFinite(value.atMs),
    spent: () => (value.of === "diagnosis" || value.of === "proposal") && isTimes(value.atMs),
  };
  const is = value.is;
  if (!isText(is) || !Object.hasOwn(valid, is)) return undefined;
  return valid[is as keyof typeof valid]() ? value as unknown as StateRecord : undefined;
}
