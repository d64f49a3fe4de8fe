/**
 * What an operator can do with a proposal: the commands, never the doing.
 *
 * @module
 */
import type { ActionFiles, ActionFolder } from "../../proposal/read/folders.ts";
import { shellWord } from "../../base/text/shell_word.ts";

export interface NextStep {
  readonly verb: string;
  /** Ready for a POSIX shell. */
  readonly command: string;
}

/** The commands for a proposal that lies in `folder`; none where nothing is left to decide. */
export function nextSteps(
  actions: Pick<ActionFiles, "path" | "folderPath">,
  { folder, actionId, approvable }: {
    readonly folder: ActionFolder;
    readonly actionId: string;
    /** Neither damaged nor altered. */
    readonly approvable: boolean;
  },
): NextStep[] {
  const move = (to: ActionFolder) =>
    `mv ${shellWord(actions.path(folder, actionId))} ${shellWord(`${actions.folderPath(to)}/`)}`;
  switch (folder) {
    case "pending":
      return [
        ...(approvable ? [{ verb: "approve", command: move("approved") }] : []),
        { verb: "reject", command: move("rejected") },
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
