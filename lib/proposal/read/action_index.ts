/**
 * What waits and what was decided for a target, from all folders under actions/, whoever proposed
 * it. Reads, and never writes; what an event costs does not grow with what was decided.
 *
 * @module
 */
import { join } from "node:path/posix";
import { putLast } from "../../base/bounded_map.ts";
import type { Clock } from "../../base/clock.ts";
import type { Files, FileTimes } from "../../base/disk/files.ts";
import { LARGEST_PROPOSAL_BYTES } from "../../base/disk/store.ts";
import { parseObject } from "../../base/json.ts";
import type { Log } from "../../base/log/log.ts";
import type { WaitingEvent } from "../../event/event.ts";
import { gravity } from "../../gate/gravity.ts";
import { type Target, targetKey } from "../../event/target.ts";
import type { ProposalOutcome } from "../../policy/earlier.ts";
import { actionIdPrefix } from "../action_file.ts";
import { cameThereAt, DECIDED, type DecidedFolder, movedBy, withoutCopies } from "./decided.ts";
import { type ActionFolder, timeIn } from "./folders.ts";
import { looseKey, type Proposed, proposedBy } from "./content.ts";
import { openShelf } from "./shelf.ts";

const MOST_REMEMBERED = 2_000; // files
const MOST_TARGETS = 1_000;
const OUTCOMES_MS = 30_000; // an executor may add to a file where it lies
const ENOUGH = 8; // outcomes of a folder, if as many late repairs of each kind as count are among them
const MOST_TEXT = 1024 * 1024; // read for one target, per folder, in UTF-16 units

/** A proposal that waits for a person. */
export type WaitingAction = Proposed & { readonly actionId: string };

/** What became of earlier proposals for exactly this target, newest first; never rejects. */
export type OutcomesFor = (target: Target) => Promise<readonly ProposalOutcome[]>;

/** The same, and whether completed or rejected ones may be missing: a folder has too many. */
export type DecidedFor = (
  target: Target,
) => Promise<{ readonly outcomes: readonly ProposalOutcome[]; readonly isCut: boolean }>;

export type ActionIndex = ReturnType<typeof createActionIndex>;

/** A file as last read. */
interface Known {
  readonly actionId: string;
  readonly times: FileTimes;
  /** Undefined for one that cannot be read as a proposal. */
  readonly proposed: Proposed | undefined;
  readonly outcome: Omit<ProposalOutcome, "actionId" | "became"> | undefined;
  readonly length: number;
}

export function createActionIndex({ root, files, clock, log, windowMs, repeats = 3, aliases }: {
  /** RUNTIME_PATH. */
  readonly root: string;
  readonly files: Pick<Files, "eachName" | "times" | "read">;
  readonly clock: Clock;
  readonly log: Log;
  /** OUTCOME_REPEATS: so many repairs that did not last are told of. */
  readonly repeats?: number;
  /** Other names of nodes, in small letters, for files of other programs. */
  readonly aliases?: Pick<ReadonlyMap<string, string>, "get">;
  /** What was decided longer ago is of no interest. */
  readonly windowMs: number;
}) {
  const remembered = new Map<string, Known>();
  const latest = new Map<
    string,
    & { readonly stamp: string; readonly atMs: number }
    & { readonly outcomes: ProposalOutcome[]; readonly isCut: boolean }
  >();
  const pending = open("pending");
  const decided = DECIDED.map(open);
  const stamp = () => decided.map(({ shelf }) => shelf.generation).join();

  function open<Name extends ActionFolder>(name: Name) {
    const path = join(root, "actions", name);
    let unreadable = false;
    let syncing: Promise<void> | undefined;
    const shelf = openShelf({
      path,
      files,
      clock,
      windowMs: name === "pending" ? Infinity : windowMs,
      async read(actionId) {
        const file = await known(actionId);
        const key = file?.proposed ? looseKey(file.proposed) : "";
        return { key, writtenMs: file?.times.writtenMs ?? -Infinity };
      },
    });

    /** What a file says now; undefined for what is not there, or no file. */
    async function known(actionId: string): Promise<Known | undefined> {
      const filePath = `${path}/${actionId}.json`;
      const before = remembered.get(filePath);
      if (before?.proposed) {
        const times = await files.times(filePath);
        const same = before.times.writtenMs === times?.writtenMs &&
          before.times.changedMs === times.changedMs;
        if (same) return before;
      }
      const file = await files.read(filePath, LARGEST_PROPOSAL_BYTES);
      if (file?.kind !== "file") return undefined;
      const { text = "", writtenMs, changedMs } = file;
      const times = { writtenMs, changedMs };
      const now = { actionId, times, length: text.length, ...said(text, times) };
      putLast(remembered, filePath, now, MOST_REMEMBERED);
      return now;
    }

    function said(text: string, times: FileTimes): Pick<Known, "proposed" | "outcome"> {
      const fields = parseObject(text);
      const proposed = fields && underItsName(proposedBy(fields));
      if (!fields || !proposed?.remedy || name === "pending") {
        return { proposed, outcome: undefined };
      }
      const atMs = cameThereAt(name, { fields, times, nowMs: clock.now() });
      const by = movedBy(name, fields);
      return { proposed, outcome: { action: proposed.remedy, atMs, ...(by !== "" && { by }) } };
    }

    async function syncOnce(): Promise<void> {
      try {
        for (const actionId of await shelf.refresh()) await follow(actionId);
        await shelf.readOthers();
        unreadable = false;
      } catch (error) {
        if (!unreadable) {
          log.warning("outcomes_unreadable", {
            folder: name,
            error: String(error),
            remedy:
              "Let the agent's user read it: run the installer again to set owners and modes.",
          });
        }
        unreadable = true;
      }
    }

    return {
      name,
      path,
      shelf,
      /** Brings the folder up to date; that it cannot be read is told once. */
      sync: () => syncing ??= syncOnce().finally(() => syncing = undefined),
      /** The files for a target, of the planner's own (unless left out) and of others. */
      async filesFor(target: Target, own = shelf.own(actionIdPrefix(target))) {
        if (unreadable) return { found: [], isCut: false };
        const found: Known[] = [];
        let length = 0;
        const repairs = { restart: 0, redeploy: 0 };
        const areEnough = () =>
          found.length >= ENOUGH && Math.min(repairs.restart, repairs.redeploy) >= repeats;
        const sinceMs = clock.now() - windowMs;
        for (const actionId of [...own, ...shelf.others(looseKey(target))]) {
          if (name !== "pending" && areEnough()) return { found, isCut: false };
          if (length > MOST_TEXT) return { found, isCut: timeIn(actionId) * 1000 > sinceMs };
          const file = await known(actionId).catch(() => undefined);
          length += file?.length ?? 0;
          if (!file?.proposed || !isFor(file.proposed, target)) continue;
          found.push(file);
          const { action, atMs = 0 } = file.outcome ?? {};
          const isRepair = action === "restart" || action === "redeploy";
          if (isRepair && atMs > sinceMs) repairs[action]++;
        }
        const isCut = shelf.lacksOwn(actionIdPrefix(target), sinceMs) || shelf.lacksOthers(sinceMs);
        return { found, isCut };
      },
    };
  }

  function underItsName(proposed: Proposed | undefined): Proposed | undefined {
    if (!proposed || proposed.own) return proposed;
    const { node, service } = proposed;
    const name = aliases?.get(node.toLowerCase()) ?? node;
    return { ...proposed, node: name, service: service === node ? name : service };
  }

  /** A file that has gone from one folder may lie in one that is too large to be listed again. */
  async function follow(actionId: string) {
    for (const { path, shelf } of [pending, ...decided]) {
      const look = await files.times(`${path}/${actionId}.json`).catch(() => undefined);
      if (look) shelf.add(actionId);
    }
  }

  async function decidedFor(target: Target): ReturnType<DecidedFor> {
    const key = targetKey(target);
    await Promise.all(decided.map(({ sync }) => sync()));
    const before = latest.get(key);
    const atMs = clock.monotonic();
    if (before?.stamp === stamp() && atMs - before.atMs < OUTCOMES_MS) return before;
    const looks = await Promise.all(
      decided.map(async ({ name: became, filesFor }) => ({ became, ...await filesFor(target) })),
    );
    const all = looks.flatMap(({ became, found }) =>
      found.flatMap(({ actionId, outcome }) => outcome ? [{ actionId, became, ...outcome }] : [])
    );
    const outcomes = withoutCopies(all).sort((one, other) => other.atMs - one.atMs);
    const isCut = looks.some((each) => COUNTED.has(each.became) && each.isCut);
    const now = { stamp: stamp(), atMs, outcomes, isCut };
    putLast(latest, key, now, MOST_TARGETS);
    return now;
  }

  return {
    /** What other programs propose for a target and nobody has decided yet; never rejects. */
    async othersFor(target: Target): Promise<readonly WaitingAction[]> {
      await pending.sync();
      return (await pending.filesFor(target, [])).found.flatMap(({ actionId, proposed }) =>
        proposed && !proposed.own ? [{ actionId, ...proposed }] : []
      );
    },
    /**
     * How many proposals for an event's target can still be approved and are for a fault as grave,
     * the planner's own among them; never rejects.
     */
    async countWaiting(
      event: Pick<WaitingEvent, "node" | "service" | "type" | "severity">,
    ): Promise<number> {
      await pending.sync();
      const grave = gravity(event);
      const nowMs = clock.now();
      return (await pending.filesFor(event)).found.filter(({ proposed }) =>
        proposed && (proposed.untilMs ?? Infinity) > nowMs && proposed.gravity <= grave
      ).length;
    },
    decidedFor,
    outcomesFor: async (target: Target) => (await decidedFor(target)).outcomes,
    /** Looks through all folders, so that the first event need not wait for that. */
    async warmUp() {
      for (const { sync } of [pending, ...decided]) await sync();
    },
  };
}

/** The ends that bound a later proposal. */
const COUNTED: ReadonlySet<DecidedFolder> = new Set(["completed", "rejected"]);

/** Another program may write a name in its own case; the planner writes what it heard. */
function isFor(proposed: Proposed, target: Target): boolean {
  return proposed.own
    ? targetKey(proposed) === targetKey(target)
    : looseKey(proposed) === looseKey(target);
}
