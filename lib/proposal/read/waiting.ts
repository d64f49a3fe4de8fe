/**
 * What waits for a person: the files in actions/pending, as of now.
 *
 * @module
 */
import type { ActionFiles } from "./folders.ts";
import type { ActionView } from "./action.ts";
import { digestMatches } from "../digest.ts";
import { type Target, targetKey } from "../../event/target.ts";
import { isStale } from "../validity.ts";

const MOST_FILES = 5_000; // the newest; a person who has that many needs no list of them

/** When a fault was last heard to be over, in milliseconds since 1970; undefined: not known. */
export type RecoveredAt = (fault: Target & { readonly sourceEvent: string }) => number | undefined;

export interface WaitingProposal extends Omit<ActionView, "content"> {
  readonly writtenMs: number;
  readonly stale: boolean; // past its `valid_until`
  readonly altered: boolean; // target, action or id are not those of its digest
  /** When its target recovered after the event, in milliseconds since 1970; null: not known. */
  readonly recoveredMs: number | null;
}

export type WaitingProposals = Awaited<ReturnType<typeof waitingProposals>>;

/** Reads actions/pending: the newest event first, and how many older files were not read. */
export async function waitingProposals(
  actions: ActionFiles,
  { nowMs, recoveredAt = () => undefined, mostFiles = MOST_FILES }: {
    readonly nowMs: number;
    readonly recoveredAt?: RecoveredAt;
    readonly mostFiles?: number;
  },
) {
  const ids = await actions.ids("pending");
  const proposals: WaitingProposal[] = [];
  const damaged: { readonly actionId: string; readonly why: string }[] = [];
  for (const actionId of ids.slice(0, mostFiles)) {
    const found = await actions.find("pending", actionId);
    if (!found) continue; // A person has just moved it.
    if (found.read.kind === "damaged") {
      damaged.push({ actionId, why: found.read.why });
      continue;
    }
    const { content, ...view } = found.read.view;
    proposals.push({
      ...view,
      writtenMs: found.times.writtenMs,
      stale: isStale(content, nowMs),
      altered: digestMatches(content) === false,
      recoveredMs: recoveredSince(view, recoveredAt),
    });
  }
  proposals.sort((a, b) => b.timestamp - a.timestamp || b.writtenMs - a.writtenMs);
  return { proposals, damaged, unread: Math.max(0, ids.length - mostFiles) };
}

/** When the target of a proposal recovered after its event; null where that is not known. */
export function recoveredSince(
  view: Target & { readonly timestamp: number; readonly sourceEvent: string },
  recoveredAt: RecoveredAt,
): number | null {
  const at = recoveredAt(view);
  return at !== undefined && at > view.timestamp * 1000 ? at : null;
}

/**
 * Proposals by node, those for the same target and action as one: the newest stands for all. The
 * order is that of the newest.
 */
export function foldByNode(proposals: readonly WaitingProposal[]) {
  return [...Map.groupBy(proposals, ({ node }) => node)].map(([node, those]) => {
    const same = Map.groupBy(those, (each) => `${targetKey(each)}\0${each.action}`);
    const folds = [...same.values()].flatMap(([newest, ...older]) =>
      newest ? [{ newest, count: older.length + 1 }] : []
    );
    return { node, folds };
  });
}
