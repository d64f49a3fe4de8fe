/**
 * The state as the lines of a journal: a header, then one record a line. Reading it from the top
 * gives the state.
 *
 * @module
 */
import { isObject, parseObject } from "../base/json.ts";
import { cleanName } from "../base/text/names.ts";
import { visibleText } from "../base/text/visible.ts";
import { applyRecord, emptyState, type SavedState, type StateRecord } from "./state.ts";

/** Version of the records. A file of a later version is left alone. */
const STATE_VERSION = 1;

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

/** Reads a journal, block by block of its text; what cannot be read is counted and passed over. */
export function createStateDecoder() {
  const state = emptyState();
  let version: unknown;
  let damagedLines = 0;
  return {
    /** Takes a block that ends where a line does; only the last may not. */
    take(block: string): void {
      const lines = block.split("\n");
      // A complete file ends in a newline: anything after the last one is half a record.
      if (lines.at(-1) !== "") damagedLines++;
      const first = version === undefined ? 1 : 0;
      version ??= parseObject(lines[0] ?? "")?.planner_state ?? "none";
      if (version !== STATE_VERSION) return;
      for (const line of lines.slice(first, -1)) {
        const record = parseRecord(parseObject(line));
        if (record) applyRecord(state, record);
        else damagedLines++;
      }
    },
    decoded(): DecodedState {
      if (typeof version !== "number" || version < STATE_VERSION) return { kind: "damaged" };
      return version > STATE_VERSION
        ? { kind: "later_version", version }
        : { kind: "state", state, damagedLines };
    },
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
/** Milliseconds since 1970 that a date can have. */
const isTime = (value: unknown) => typeof value === "number" && Math.abs(value) <= 8.64e15;
const isTimes = (value: unknown) => Array.isArray(value) && value.every(isTime);
const isTimeOrAbsent = (value: unknown) => value === undefined || isTime(value);
const isActionId = (value: unknown) => isText(value) && /^[A-Za-z0-9._-]{1,250}$/.test(value);
/** Without what acts on a terminal. */
const isShown = (value: unknown) => isText(value) && visibleText(value) === value;
const isName = (value: unknown) => isText(value) && value !== "" && cleanName(value) === value;

function isTarget(value: unknown): boolean {
  return isObject(value) && isName(value.node) && isName(value.service);
}

function isMerged(value: unknown): boolean {
  return isObject(value) && isShown(value.type) && isShown(value.severity) &&
    Number.isSafeInteger(value.count) && (value.newest === undefined || isHeard(value.newest));
}

function isHeard(value: unknown): boolean {
  return isObject(value) && isWaitingEvent(value.event) && isTime(value.arrivedMs) &&
    Number.isSafeInteger(value.serial);
}

function isWaitingEvent(value: unknown): boolean {
  return isTarget(value) && isObject(value) && isName(value.type) && isShown(value.severity) &&
    isShown(value.channel) && isText(value.excerpt) && Number.isFinite(value.timestamp) &&
    (value.origin === undefined ||
      isObject(value.origin) && Object.values(value.origin).every(isText)) &&
    isTimeOrAbsent(value.heardAt) && isTimeOrAbsent(value.happenedAt);
}

function parseRecord(value: Record<string, unknown> | undefined): StateRecord | undefined {
  if (!value) return undefined;
  const valid = {
    waiting: () =>
      isHeard(value) && Number.isSafeInteger(value.failures) &&
      (value.merged === undefined || Array.isArray(value.merged) && value.merged.every(isMerged)),
    done: () => isTarget(value.target),
    proposing: () =>
      isTarget(value.target) && isTime(value.atMs) && Number.isSafeInteger(value.serial) &&
      isActionId(value.actionId),
    announced: () => isTarget(value.target) && isActionId(value.actionId),
    cooldown: () =>
      isTarget(value.target) && isTime(value.atMs) &&
      (value.serial === undefined || Number.isSafeInteger(value.serial)) &&
      (value.gravity === undefined || Number.isSafeInteger(value.gravity)),
    offline: () => isName(value.node) && isTime(value.atMs),
    online: () => isName(value.node),
    flaps: () =>
      isTarget(value.target) && typeof value.bad === "boolean" && isTimes(value.changesMs) &&
      (value.told === undefined ||
        isObject(value.told) && isTime(value.told.atMs) &&
          Number.isSafeInteger(value.told.gravity)),
    well: () => isTarget(value.target) && isName(value.type) && isTime(value.atMs),
    spent: () => (value.of === "diagnosis" || value.of === "proposal") && isTimes(value.atMs),
  };
  const is = value.is;
  if (!isText(is) || !Object.hasOwn(valid, is)) return undefined;
  return valid[is as keyof typeof valid]() ? value as unknown as StateRecord : undefined;
}
