/**
 * Follows proposals through the folders under actions/: what a person decided, and what an executor
 * made of it. Looks only at the folders that proposals leave again, so that its cost does not grow
 * with what was done before.
 *
 * @module
 */
import { join } from "node:path/posix";
import { putLast } from "../base/bounded_map.ts";
import { type Clock, every } from "../base/clock.ts";
import type { Files } from "../base/disk/files.ts";
import { ACTION_FOLDERS } from "../base/disk/store.ts";
import { isSystemFailure } from "../base/disk/write_failure.ts";
import type { ActionView } from "../proposal/read/action.ts";
import { textOf } from "../proposal/read/content.ts";
import { cameThereAt, type DecidedFolder, movedBy, toldTime } from "../proposal/read/decided.ts";
import { type ActionFolder, openActionFiles } from "../proposal/read/folders.ts";
import type { Log } from "../base/log/log.ts";
import type { Decided } from "./ending.ts";
import { historyLines } from "./history/reader.ts";

const LOOK_EVERY_MS = 5_000;
/** Proposals that are followed; of more, the newest of each folder. */
const MOST_FOLLOWED = 5_000;
/** A folder that changed this shortly ago may change again under the same time. */
const COARSE_MS = 3_000;

/** Proposals do not stay here. */
const OPEN: readonly ActionFolder[] = ["pending", "approved", "running"];
const ENDS = ACTION_FOLDERS.filter((name) => !OPEN.includes(name));
/** An executor has taken these on. */
const TAKEN_ON: ReadonlySet<ActionFolder> = new Set(["running", "completed", "failed"]);

/** Where executors write why. */
const WHY = ["failure", "error", "reason", "cancelled_because"] as const;

/**
 * Follows from now on, every 5 s. What was decided while the agent was away is told as well, as far
 * as the history knows the proposal.
 */
export function followDecisions({ root, files, clock, log, tell }: {
  readonly root: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (decided: Decided) => void;
}) {
  const actions = openActionFiles({ root, files });
  const open = new Map<string, ActionFolder>();
  const listings = new Map<ActionFolder, { readonly ms: number | undefined; ids: string[] }>();
  let looking: Promise<void> | undefined;
  let begun = false;

  async function begin(): Promise<void> {
    for await (const line of historyLines({ state: join(root, "state"), files })) {
      const { action_id: id, outcome } = line;
      if (id === undefined) continue;
      const folder = OPEN.find((name) => name === (outcome === "proposed" ? "pending" : outcome));
      if (folder) putLast(open, id, folder, MOST_FOLLOWED);
      else open.delete(id);
    }
    begun = true;
  }

  async function idsIn(folder: ActionFolder): Promise<readonly string[]> {
    const ms = (await files.times(actions.folderPath(folder)))?.writtenMs;
    const known = listings.get(folder);
    const isSettled = ms !== undefined && clock.now() - ms > COARSE_MS;
    if (known && known.ms === ms && isSettled) return known.ids;
    const ids = (await actions.ids(folder, MOST_FOLLOWED)).slice(0, MOST_FOLLOWED);
    listings.set(folder, { ms, ids });
    return ids;
  }

  async function followAll(): Promise<void> {
    if (!begun) await begin();
    const now = new Map<string, ActionFolder>();
    for (const folder of OPEN) for (const id of await idsIn(folder)) now.set(id, folder);
    for (const [id, before] of open) {
      const folder = now.get(id) ?? await endOf(id);
      if (folder === before) continue;
      if (folder === undefined || ENDS.includes(folder)) open.delete(id);
      if (folder !== undefined && folder !== "pending") await tellOf(id, before, folder);
    }
    for (const [id, folder] of now) open.set(id, folder);
  }

  async function endOf(id: string): Promise<ActionFolder | undefined> {
    for (const folder of ENDS) {
      if (await files.times(actions.path(folder, id))) return folder;
    }
    return undefined;
  }

  async function tellOf(id: string, before: ActionFolder, folder: DecidedFolder): Promise<void> {
    const found = await actions.find(folder, id);
    if (!found || found.read.kind === "damaged") return;
    const { read: { view }, times } = found;
    const nowMs = clock.now();
    // An executor may have taken it on and done it between two looks.
    const approvedMs = before === "pending" && TAKEN_ON.has(folder)
      ? toldTime("approved", view.content, nowMs)
      : undefined;
    if (approvedMs !== undefined) tell(decided(view, "approved", approvedMs));
    tell(decided(view, folder, cameThereAt(folder, { fields: view.content, times, nowMs })));
  }

  /** Looks once; a call during a running look gets the result of that look. */
  function look(): Promise<void> {
    looking ??= followAll()
      .catch((error) => {
        // The next look may be let in; the index tells which folder is closed.
        if (isSystemFailure(error)) return;
        log.error("planner_error", { error: String(error) });
      })
      .finally(() => looking = undefined);
    return looking;
  }

  const stop = every(clock, LOOK_EVERY_MS, () => void look());
  return {
    look,
    async close(): Promise<void> {
      stop();
      await looking;
    },
  };
}

function decided(view: ActionView, became: DecidedFolder, atMs: number): Decided {
  const { actionId, node, service, action, content } = view;
  const why = became === "failed" || became === "cancelled"
    ? WHY.map((key) => textOf(content[key])).find((text) => text !== "") ?? ""
    : "";
  return { actionId, node, service, action, became, atMs, by: movedBy(became, content), why };
}
