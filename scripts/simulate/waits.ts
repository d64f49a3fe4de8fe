/**
 * How long a fault waits: from the first event that says so until somebody is asked to decide on
 * it, whichever of its events that is for, or until it is well again without.
 *
 * @module
 */
import type { Ending } from "../../lib/observe/ending.ts";
import { type Target, targetKey } from "../../lib/event/target.ts";
import { percentile } from "../bench/statistics.ts";

export interface WaitSummary {
  readonly count: number;
  /** Of those, the ones that still waited at the end: their wait so far counts. */
  readonly open: number;
  /** Of those, the ones that were well again before a model was asked. */
  readonly recovered: number;
  /** Seconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

interface Fault {
  readonly node: string;
  readonly severity: string;
  readonly sinceMs: number;
}

interface Wait {
  readonly severity: string;
  readonly ms: number;
  readonly end: "decided" | "recovered" | "open";
}

export interface Waits {
  /** An event says that something is wrong with a target. */
  heard(target: Target, severity: string, nowMs: number): void;
  /** One of the target's events has ended. */
  ended(target: Target, ending: Pick<Ending, "outcome" | "diagnosed">, nowMs: number): void;
  /** From now on nothing of a node waits for a diagnosis: it is held on purpose. */
  held(node: string): void;
  released(node: string): void;
  /** By severity and as "all", with what waits at `nowMs`. */
  summary(nowMs: number): Readonly<Record<string, WaitSummary>>;
}

export const ALL = "all";

export function createWaits(): Waits {
  const open = new Map<string, Fault>();
  const offline = new Set<string>();
  const done: Wait[] = [];

  return {
    heard(target, severity, nowMs) {
      const { node, service } = target;
      const key = targetKey(target);
      if (open.has(key) || (offline.has(node) && service !== node)) return;
      open.set(key, { node, severity, sinceMs: nowMs });
    },
    ended(target, { outcome, diagnosed }, nowMs) {
      // Another event of the same target waits on in its place.
      if (outcome === "coalesced" || outcome === "benign") return;
      const key = targetKey(target);
      const fault = open.get(key);
      if (!fault) return;
      open.delete(key);
      const end = diagnosed ? "decided" : outcome === "recovered" ? "recovered" : undefined;
      if (end) done.push({ severity: fault.severity, ms: nowMs - fault.sinceMs, end });
    },
    held(node) {
      offline.add(node);
      for (const [key, fault] of open) if (fault.node === node) open.delete(key);
    },
    released: (node) => void offline.delete(node),
    summary(nowMs) {
      const late = [...open.values()].map(({ severity, sinceMs }): Wait => {
        return { severity, ms: nowMs - sinceMs, end: "open" };
      });
      const waits = [...done, ...late];
      const severities = [...new Set(waits.map(({ severity }) => severity))];
      return Object.fromEntries([ALL, ...severities].map((name) => {
        const own = waits.filter(({ severity }) => name === ALL || severity === name);
        const seconds = own.map(({ ms }) => ms / 1000);
        const at = (percent: number) => seconds.length === 0 ? 0 : percentile(seconds, percent);
        const ending = (how: Wait["end"]) => own.filter(({ end }) => end === how).length;
        return [name, {
          count: own.length,
          open: ending("open"),
          recovered: ending("recovered"),
          p50: at(50),
          p95: at(95),
          p99: at(99),
          max: at(100),
        }];
      }));
    },
  };
}
