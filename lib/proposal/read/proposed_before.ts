/**
 * Whether an event that is handed out once more was proposed for already: its planner may have
 * ended after the proposal and before its acknowledgement, for longer than a cooldown.
 *
 * @module
 */
import { join } from "node:path/posix";
import { parseJson } from "../../base/json.ts";
import { isForTarget } from "./content.ts";
import type { Files } from "../../base/disk/files.ts";
import { actionIdBase } from "../action_file.ts";
import { LARGEST_PROPOSAL_BYTES, type Store } from "../../base/disk/store.ts";
import type { Target } from "../../event/target.ts";

/** The id of the event's proposal, in whatever folder it is by now; undefined without one. */
export type ProposedBefore = (
  event: Target & { readonly timestamp: number },
) => Promise<string | undefined>;

export function createProposedBefore(
  { root, store, files }: {
    /** RUNTIME_PATH. */
    readonly root: string;
    readonly store: Pick<Store, "findAction">;
    readonly files: Pick<Files, "readText">;
  },
): ProposedBefore {
  return async (event) => {
    const base = actionIdBase(event);
    // Targets whose names differ in what a file name cannot hold share their ids.
    for (let id = base, n = 2;; id = `${base}-${n++}`) {
      const folder = await store.findAction(id);
      if (folder === undefined) return undefined;
      const path = join(root, "actions", folder, `${id}.json`);
      const text = await files.readText(path, LARGEST_PROPOSAL_BYTES).catch(() => undefined);
      if (isForTarget(parseJson(text ?? ""), event)) return id;
    }
  };
}
