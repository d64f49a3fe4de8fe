/**
 * What waits for a person: the files in actions/pending, judged as of now.
 *
 * @module
 */
import type { ActionFiles } from "./folders.ts";
import type { ActionView } from "./action.ts";
import { digestMatches } from "../digest.ts";
import { type Target, targetKey } from "../../event/target.ts";
import { isStale } from "../validity.ts";

/** The newest files that are read; a person who has that many needs no list of them. */
const MOST_FILES = 5_000;

/** When a fault was last heard to be over, in milliseconds since 1970; undefined: not known. */
export type RecoveredAt = (fault: Target & { readonly sourceEvent: string }) => number | undefined;

export interface WaitingProposal extends Omit<ActionView, "content"> {
  readonly writtenMs: number;
  /** Past its `valid_until`. */
  readonly stale: boolean;
  /** Target, action or id are not those of the digest it was written with. */
  readonly altered: boolean;
  /** When its target recovered after the event, in milliseconds since 1970; null: not known. */
  readonly recoveredMs: number | null;
}

interface DamagedFile {
  readonly actionId: string;
  readonly why: string;
}

export interface WaitingProposals {
  /** Newest event first. */
  readonly proposals: readonly WaitingProposal[];
  readonly damaged: readonly DamagedFile[];
  /** Older files that were not read. */
  readonly unread: number;
}

/** Proposals for the same target and action; the newest stands for all. */
interface Fold {
  readonly newest: WaitingProposal;
  readonly count: number;
}

interface NodeFolds {
  readonly node: string;
  readonly folds: readonly Fold[];
}

/** Reads actions/pending. */
export async function waitingProposals(
  actions: ActionFiles,
  { nowMs, recoveredAt = () => undefined, mostFiles = MOST_FILES }: {
    readonly nowMs: number;
    readonly recoveredAt?: RecoveredAt;
    readonly mostFiles?: number;
  },
): Promise<WaitingProposals> {
  const ids = await actions.ids("pending");
  const proposals: WaitingProposal[] = [];
  const damaged: DamagedFile[] = [];
  for (const actionId of ids.slice(0, mostFiles)) {
    const found = await actions.find("pending", actionId);
    if (!found) continue; // A person has just moved it.
    if (found.read.kind === "damaged") damaged.push({ actionId, why: found.read.why });
    else {
      const { content, ...view } = found.read.view;
      proposals.push({
        ...view,
        writtenMs: found.times.writtenMs,
        stale: isStale(content, nowMs),
        altered: digestMatches(content) === false,
        recoveredMs: recoveredSince(view, recoveredAt),
      });
    }
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

/** Groups by node and folds duplicates; the order of nodes and folds is that of the newest. */
export function foldByNode(proposals: readonly WaitingProposal[]): NodeFolds[] {
  const nodes = new Map<string, Map<string, Fold>>();
  for (const proposal of proposals) {
    const folds = nodes.get(proposal.node) ?? new Map<string, Fold>();
    nodes.set(proposal.node, folds);
    const key = `${targetKey(proposal)}\0${proposal.action}`;
    const known = folds.get(key);
    folds.set(key, { newest: known?.newest ?? proposal, count: (known?.count ?? 0) + 1 });
  }
  return [...nodes].map(([node, folds]) => ({ node, folds: [...folds.values()] }));
}
