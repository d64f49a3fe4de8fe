import type { ActionFiles, ActionFolder } from "../../proposal/read/folders.ts";
import { shellWord } from "../../base/text/shell_word.ts";

/** Moves files into a folder; ready for a POSIX shell. */
export function moveCommand(paths: readonly string[], folder: string): string {
  return `mv ${[...paths, `${folder}/`].map(shellWord).join(" ")}`;
}

/**
 * The commands for a proposal that lies in `folder`, ready for a POSIX shell; none where nothing is
 * left to decide.
 */
export function nextSteps(
  actions: Pick<ActionFiles, "path" | "folderPath">,
  { folder, actionId, approvable, fold = [] }: {
    readonly folder: ActionFolder;
    readonly actionId: string;
    /** Neither damaged nor altered. */
    readonly approvable: boolean;
    /** All that wait for the same target and action, this one among them. */
    readonly fold?: readonly string[];
  },
) {
  const move = (to: ActionFolder, ids: readonly string[] = [actionId]) =>
    moveCommand(ids.map((id) => actions.path(folder, id)), actions.folderPath(to));
  switch (folder) {
    case "pending":
      return [
        ...(approvable ? [{ verb: "approve", command: move("approved") }] : []),
        { verb: "reject", command: move("rejected") },
        ...fold.length > 1
          ? [{ verb: `reject all ${fold.length}`, command: move("rejected", fold) }]
          : [],
      ];
    case "approved":
      return [{ verb: "cancel", command: move("cancelled") }];
    case "running":
    case "completed":
    case "failed":
    case "rejected":
    case "cancelled":
      return [];
  }
}
