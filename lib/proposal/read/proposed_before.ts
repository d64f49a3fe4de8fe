import { join } from "node:path/posix";
import type { Files } from "../../base/disk/files.ts";
import { LARGEST_PROPOSAL_BYTES, type Store } from "../../base/disk/store.ts";
import { parseJson } from "../../base/json.ts";
import type { Target } from "../../event/target.ts";
import { actionIdBase } from "../action_file.ts";
import { isForTarget } from "./content.ts";

export type ProposedBefore = ReturnType<typeof createProposedBefore>;

/**
 * Whether an event that is handed out once more was proposed for already: its planner may have
 * ended after the proposal and before its acknowledgement, for longer than a cooldown. Resolves with
 * the id of its proposal, in whatever folder that is by now.
 */
export function createProposedBefore({ root, store, files }: {
  readonly root: string; // RUNTIME_PATH
  readonly store: Pick<Store, "findAction">;
  readonly files: Pick<Files, "readText">;
}) {
  return async (event: Target & { readonly timestamp: number }): Promise<string | undefined> => {
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
