import type { Action } from "../diagnosis.ts";
import type { FaultFamily } from "../../event/family.ts";

/** Something that was changed on purpose. */
export type Change = "deployment" | "update" | "remediation";

/**
 * What the agent remembers when an event comes: of its target, of the node it is on, and of what
 * was changed. Ages are milliseconds before now.
 */
export interface Past {
  /** Since when the target has been bad without a word that it is well; absent when it just began. */
  readonly badForMs?: number;
  readonly lastWellMs?: number;
  /** Faults of the target within 24 h, this one not counted. */
  readonly faults: number;
  /** The kinds among them that are other than this one's. */
  readonly otherKinds: readonly FaultFamily[];
  /** Other services of the node that became bad within two minutes. */
  readonly neighboursBad: number;
  /** The node was heard to be away, and not to be back. */
  readonly nodeAway: boolean;
  readonly nodeBackMs?: number;
  /** The last remedy that was tried, and how long the target was well after it, if it was. */
  readonly remedy?: {
    readonly action: Action;
    readonly became: "completed" | "failed";
    readonly agoMs: number;
    readonly heldMs?: number;
  };
  /** What the node itself suffers from, within half an hour: its disk, power, links ... */
  readonly nodeTrouble?: FaultFamily;
  /** The last change of the target or its node, within an hour; a remedy where there is no other. */
  readonly changed?: { readonly what: Change; readonly agoMs: number };
}

export const NO_PAST: Past = { faults: 0, otherKinds: [], neighboursBad: 0, nodeAway: false };

/** What topology.json says of a service. */
export interface Role {
  /** It keeps data. */
  readonly stateful: boolean;
  /** Others that depend on it. */
  readonly neededBy: readonly string[];
}

export const NO_ROLE: Role = { stateful: false, neededBy: [] };
