/**
 * What waits and what was decided for a target, from all folders under actions/, whoever proposed
 * it. Reads, and never writes; what an event costs does not grow with what was decided.
 *
 * The planner's own files are found by their names, and read when their target is asked for. Files
 * of other programs are found by what they say: each is read once, when it appears.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Clock } from "../../base/clock.ts";
import type { Files, FileTimes } from "../../base/disk/files.ts";
import { ACTION_FOLDERS, LARGEST_PROPOSAL_BYTES } from "../../base/disk/store.ts";
import { parseObject } from "../../base/json.ts";
import type { Log } from "../../base/log/log.ts";
import type { WaitingEvent } from "../../event/event.ts";
import { gravity } from "../../gate/gravity.ts";
import { type Target, targetKey } from "../../event/target.ts";
import type { ProposalOutcome } from "../../policy/earlier.ts";
import { actionIdPrefix } from "../action_file.ts";
import { cameThereAt, type DecidedFolder, movedBy } from "./decided.ts";
import type { ActionFolder } from "./folders.ts";
import { looseKey, type Proposed, proposedBy } from "./proposed.ts";
import { openShelf, type Shelf } from "./shelf.ts";

/** Files of other programs that are read when a folder is listed; of more, the newest. */
const MOST_READ = 5_000;
/** Files that are read at once. */
const AT_ONCE = 16;
/** Files whose content is remembered. */
const MOST_REMEMBERED = 2_000;
/** Targets whose outcomes are remembered. */
const MOST_ANSWERS = 1_000;
/** An executor may add to a file where it lies: after this long it is looked at again. */
const ANSWER_MS = 30_000;
/** So many outcomes of a folder are enough, if as many repairs as count are among them. */
const ENOUGH = 8;
/** Text read for one target, per folder, in UTF-16 units. */
const MOST_TEXT = 1024 * 1024;
/** A young file that makes no sense may be half-written, and is looked at again. */
const UNCLEAR_MS = 600_000;
const MOST_UNCLEAR = 50;

/** In the order of a proposal's life: a copy that was left behind counts less. */
const DECIDED = ACTION_FOLDERS.filter((name): name is DecidedFolder => name !== "pending");

/** A proposal that waits for a person. */
export interface WaitingAction extends Proposed {
  readonly actionId: string;
}

/** What became of earlier proposals for exactly this target, newest first; never rejects. */
export type OutcomesFor = (target: Target) => Promise<readonly ProposalOutcome[]>;

export interface ActionIndex {
  /** What other programs propose for a target and nobody has decided yet; never rejects. */
  othersFor(target: Target): Promise<readonly WaitingAction[]>;
  /**
   * How many proposals for an event's target can still be approved and are for a fault as grave,
   * the planner's own among them; never rejects.
   */
  countWaiting(
    event: Pick<WaitingEvent, "node" | "service" | "type" | "severity">,
  ): Promise<number>;
  readonly outcomesFor: OutcomesFor;
  /** Looks through all folders, so that the first event need not wait for that. */
  warmUp(): Promise<void>;
}

interface ActionIndexOptions {
  /** RUNTIME_PATH. */
  readonly root: string;
  readonly files: Pick<Files, "list" | "times" | "read">;
  readonly clock: Clock;
  readonly log: Log;
  /** OUTCOME_REPEATS: so many repairs that did not last are told of. @default 3 */
  readonly repeats?: number;
  /** Other names of nodes, in small letters, for files of other programs. @default none */
  readonly aliases?: Pick<ReadonlyMap<string, string>, "get">;
  /** What was decided longer ago is of no interest. */
  readonly windowMs: number;
}

/** A file as last read. */
interface Known {
  readonly times: FileTimes;
  /** Undefined for one that cannot be read as a proposal. */
  readonly proposed: Proposed | undefined;
  readonly outcome: Omit<ProposalOutcome, "actionId" | "became"> | undefined;
  readonly length: number;
}

/** The files of other programs in a folder. */
interface Others {
  /** The shelf's generation that this stands for. */
  generation: number;
  /** The key of each file's target; "" for one that is of no use. */
  readonly keys: Map<string, string>;
  readonly byKey: Map<string, Set<string>>;
  readonly unclear: Set<string>;
}

export function createActionIndex(
  { root, files, clock, log, windowMs, repeats = 3, aliases = new Map() }: ActionIndexOptions,
): ActionIndex {
  const shelves = new Map<ActionFolder, Shelf>(ACTION_FOLDERS.map((folder) => [
    folder,
    openShelf({ path: join(root, "actions", folder), files, clock }),
  ]));
  const others = new Map<ActionFolder, Others>();
  const remembered = new Map<string, Known>();
  const answers = new Map<
    string,
    { readonly stamp: string; readonly atMs: number; readonly outcomes: ProposalOutcome[] }
  >();
  const complained = new Set<ActionFolder>();
  const syncing = new Map<ActionFolder, Promise<void>>();

  const actions = join(root, "actions");
  const pathOf = (folder: ActionFolder, id: string) => `${actions}/${folder}/${id}.json`;

  /** What a file says now; undefined for what is not there, or no file. */
  async function known(folder: ActionFolder, actionId: string): Promise<Known | undefined> {
    const path = pathOf(folder, actionId);
    const before = remembered.get(path);
    if (before?.proposed) {
      const times = await files.times(path);
      const same = before.times.writtenMs === times?.writtenMs &&
        before.times.changedMs === times.changedMs;
      if (same) return before;
    }
    const times = await files.read(path, LARGEST_PROPOSAL_BYTES);
    if (times?.kind !== "file") return undefined;
    const { text, writtenMs, changedMs } = times;
    const now = {
      times: { writtenMs, changedMs },
      length: text?.length ?? 0,
      ...read(folder, text, times),
    };
    remembered.delete(path);
    remembered.set(path, now);
    forgetOldest(remembered, MOST_REMEMBERED);
    return now;
  }

  function read(
    folder: ActionFolder,
    text: string | undefined,
    times: FileTimes,
  ): Pick<Known, "proposed" | "outcome"> {
    const fields = text === undefined ? undefined : parseObject(text);
    const proposed = fields && underItsName(proposedBy(fields));
    if (!fields || !proposed || folder === "pending" || !proposed.remedy) {
      return { proposed, outcome: undefined };
    }
    const atMs = cameThereAt(folder, { fields, times, nowMs: clock.now() });
    const by = movedBy(folder, fields);
    return { proposed, outcome: { action: proposed.remedy, atMs, ...(by !== "" && { by }) } };
  }

  function underItsName(proposed: Proposed | undefined): Proposed | undefined {
    if (!proposed || proposed.own) return proposed;
    const { node, service } = proposed;
    const name = aliases.get(node.toLowerCase()) ?? node;
    return { ...proposed, node: name, service: service === node ? name : service };
  }

  /** Brings a folder up to date; that one cannot be read is told once. */
  function sync(folder: ActionFolder): Promise<void> {
    const running = syncing.get(folder) ?? syncOnce(folder).finally(() => syncing.delete(folder));
    syncing.set(folder, running);
    return running;
  }

  async function syncOnce(folder: ActionFolder): Promise<void> {
    const shelf = shelves.get(folder);
    if (!shelf) return;
    try {
      for (const actionId of await shelf.refresh()) await follow(actionId);
      await readOthers(folder, shelf);
      complained.delete(folder);
    } catch (error) {
      if (!complained.has(folder)) {
        log.warning("outcomes_unreadable", {
          folder,
          error: String(error),
          remedy: "Let the agent's user read it: run the installer again to set owners and modes.",
        });
      }
      complained.add(folder);
    }
  }

  /** A file that has gone from one folder may lie in one that is too large to be listed again. */
  async function follow(actionId: string) {
    for (const [folder, shelf] of shelves) {
      if (shelf.generation === 0) continue;
      const look = await files.times(pathOf(folder, actionId)).catch(() => undefined);
      if (look?.kind === "file") shelf.add(actionId);
    }
  }

  async function readOthers(folder: ActionFolder, shelf: Shelf) {
    const mine = others.get(folder) ??
      { generation: 0, keys: new Map(), byKey: new Map(), unclear: new Set() };
    others.set(folder, mine);
    const fresh: string[] = [...mine.unclear];
    if (mine.generation !== shelf.generation) {
      mine.generation = shelf.generation;
      for (const [id, key] of mine.keys) {
        if (!shelf.others.has(id)) forget(mine, id, key);
      }
      for (const id of shelf.others) if (!mine.keys.has(id)) fresh.push(id);
    }
    if (fresh.length === 0) return;
    const oldest = folder === "pending" ? -Infinity : clock.now() - windowMs;
    const looks = await inTurns(fresh, async (id) => {
      const times = await files.times(pathOf(folder, id));
      return { id, atMs: times ? Math.max(times.writtenMs, times.changedMs) : -Infinity };
    });
    for (const { id } of looks) mine.keys.set(id, "");
    const recent = looks.filter(({ atMs }) => atMs > oldest)
      .sort((a, b) => b.atMs - a.atMs).slice(0, MOST_READ);
    await inTurns(recent, async ({ id }) => {
      const file = await known(folder, id);
      const key = file?.proposed ? looseKey(file.proposed) : "";
      const isNew = file && clock.now() - file.times.writtenMs < UNCLEAR_MS;
      if (isNew && key === "" && mine.unclear.size < MOST_UNCLEAR) mine.unclear.add(id);
      else mine.unclear.delete(id);
      mine.keys.set(id, key);
      if (key !== "") mine.byKey.set(key, (mine.byKey.get(key) ?? new Set()).add(id));
    });
  }

  /** The files for a target in a folder, of the planner's own and of others. */
  async function filesFor(
    folder: ActionFolder,
    target: Target,
    whose: "all" | "others" = "all",
  ): Promise<(readonly [actionId: string, Known])[]> {
    const shelf = shelves.get(folder);
    if (!shelf || complained.has(folder)) return [];
    const key = looseKey(target);
    const mine = whose === "all" ? shelf.own(actionIdPrefix(target)) : [];
    const found: (readonly [string, Known])[] = [];
    let length = 0;
    let repairs = 0;
    for (const id of [...mine, ...others.get(folder)?.byKey.get(key) ?? []]) {
      const isEnough = found.length >= ENOUGH && repairs >= repeats;
      if (folder !== "pending" && isEnough || length > MOST_TEXT) break;
      const file = await known(folder, id).catch(() => undefined);
      length += file?.length ?? 0;
      if (!file?.proposed || !isFor(file.proposed, target)) continue;
      found.push([id, file]);
      if (file.outcome && file.outcome.action !== "notify") repairs++;
    }
    return found;
  }

  async function outcomesIn(folder: DecidedFolder, target: Target): Promise<ProposalOutcome[]> {
    return (await filesFor(folder, target)).flatMap(([actionId, { outcome }]) =>
      outcome ? [{ actionId, became: folder, ...outcome }] : []
    );
  }

  const stamp = () => DECIDED.map((folder) => shelves.get(folder)?.generation).join();

  async function outcomesFor(target: Target): Promise<readonly ProposalOutcome[]> {
    const key = targetKey(target);
    await Promise.all(DECIDED.map(sync));
    const before = answers.get(key);
    const now = clock.monotonic();
    if (before?.stamp === stamp() && now - before.atMs < ANSWER_MS) return before.outcomes;
    const found = await Promise.all(DECIDED.map((folder) => outcomesIn(folder, target)));
    const byId = new Map(found.flat().map((outcome) => [outcome.actionId, outcome]));
    const outcomes = [...byId.values()].sort((one, other) => other.atMs - one.atMs);
    answers.delete(key);
    answers.set(key, { stamp: stamp(), atMs: now, outcomes });
    forgetOldest(answers, MOST_ANSWERS);
    return outcomes;
  }

  return {
    async othersFor(target) {
      await sync("pending");
      const found = await filesFor("pending", target, "others");
      return found.flatMap(([actionId, { proposed }]) =>
        proposed && !proposed.own ? [{ actionId, ...proposed }] : []
      );
    },
    async countWaiting(event) {
      await sync("pending");
      const grave = gravity(event);
      const nowMs = clock.now();
      return (await filesFor("pending", event)).filter(([, { proposed }]) =>
        proposed && (proposed.untilMs ?? Infinity) > nowMs && proposed.gravity <= grave
      ).length;
    },
    outcomesFor,
    async warmUp() {
      for (const folder of ACTION_FOLDERS) await sync(folder);
    },
  };
}

/** Another program may write a name in its own case; the planner writes what it heard. */
function isFor(proposed: Proposed, target: Target): boolean {
  return proposed.own
    ? targetKey(proposed) === targetKey(target)
    : looseKey(proposed) === looseKey(target);
}

function forget({ keys, byKey, unclear }: Others, id: string, key: string): void {
  keys.delete(id);
  unclear.delete(id);
  const ids = byKey.get(key);
  ids?.delete(id);
  if (ids?.size === 0) byKey.delete(key);
}

/** A map keeps the order in which its entries were put there. */
function forgetOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

/** What `look` makes of each, a few at a time. */
async function inTurns<In, Out>(
  items: readonly In[],
  look: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...await Promise.all(items.slice(at, at + AT_ONCE).map(look)));
  }
  return results;
}
