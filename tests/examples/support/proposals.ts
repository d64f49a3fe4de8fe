/**
 * Proposals as the agent writes them, of now, and the folders they go through.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Action } from "../../../lib/llm/diagnosis.ts";
import { actionFile, fileText } from "../../../lib/proposal/action_file.ts";
import { waitingEvent } from "../../support/waiting_event.ts";

export const FOLDERS = [
  "pending",
  "approved",
  "running",
  "completed",
  "failed",
  "rejected",
  "cancelled",
] as const;
export type Folder = typeof FOLDERS[number];

const NOW = Math.floor(Date.now() / 1000);

/** A proposal as the agent writes it, `ago` seconds after its event. */
export function proposed(
  service: string,
  { action = "restart", ago = 60, human = true }: {
    readonly action?: Action;
    readonly ago?: number;
    readonly human?: boolean;
  } = {},
) {
  const event = waitingEvent({ node: "piha", service, timestamp: NOW - ago });
  const actionId = `plan-piha-${service}-${NOW - ago}`;
  const file = actionFile({
    actionId,
    event,
    diagnosis: {
      action,
      node: "piha",
      service,
      reason: "it is unhealthy",
      confidence: 0.9,
      requires_human: human,
    },
    changes: [],
    modelUsed: "rules",
    attempts: [],
    waitedMs: 0,
    writtenMs: (NOW - ago) * 1000,
  });
  return { actionId, file, text: fileText(file) };
}

type Transitions = readonly { readonly from: string; readonly to: string; readonly by: string }[];

/** A RUNTIME_PATH with the seven folders in `root`. */
export function actionFolders(root: string) {
  for (const name of FOLDERS) Deno.mkdirSync(`${root}/actions/${name}`, { recursive: true });
  return {
    put: (folder: Folder, { actionId, text }: { actionId: string; text: string }) =>
      Deno.writeTextFileSync(`${root}/actions/${folder}/${actionId}.json`, text),
    /** `folder/name` of every file there is, temporary ones too. */
    files: () =>
      FOLDERS.flatMap((folder) =>
        [...Deno.readDirSync(`${root}/actions/${folder}`)].map(({ name }) => `${folder}/${name}`)
      ).sort(),
    read: (path: string) =>
      JSON.parse(Deno.readTextFileSync(join(root, "actions", path))) as
        & Record<string, unknown>
        & { transition_history: Transitions },
  };
}

/** `from to by` of each line of a file's history. */
export function steps({ transition_history }: { transition_history: Transitions }): string[] {
  return transition_history.map(({ from, to, by }) => `${from} ${to} ${by}`);
}
