/**
 * Links, FIFOs and devices that somebody planted where the agent writes: the runtime compares paths
 * as they are written, so it is the program that must not follow them. Tried for real with what
 * lies there.
 *
 * @module
 */
import { join } from "node:path/posix";
import { NotAFileError, openOwn, realFiles } from "../base/disk/files.ts";
import { ownFolders } from "../base/disk/own_folders.ts";
import { NotAFolderError } from "../base/disk/store.ts";
import { runtimeFolder, type Site } from "./grants.ts";

/** What became of writing through what lies at `path`; only `nothing` is a fault. */
export interface PlantedVerdict {
  readonly path: string;
  /** `not tried`: what lies there is as it should be. */
  readonly stoppedBy: "program" | "operating system" | "nothing" | "not tried";
  readonly detail: string;
}

const FOLDERS = ["actions", "actions/pending", "events", "state"] as const;
const FILES = ["state/planner-agent.heartbeat", "state/planner-agent.lock"] as const;

/** Tries what lies in the place of the agent's own folders and files; a link is planted by hand. */
export async function tryPlanted(site: Site): Promise<readonly PlantedVerdict[]> {
  const root = runtimeFolder(site.runtimePath);
  const files = ownFolders(realFiles, root);
  const name = `.planner-agent-prove-${Deno.pid}`;
  const verdicts: PlantedVerdict[] = [];
  for (const folder of FOLDERS) {
    const inside = join(root, folder, name);
    verdicts.push(
      await tried(join(root, folder), "folder", async () => {
        await files.writeUnsynced(inside, "");
        await files.remove(inside);
      }),
    );
  }
  for (const file of FILES) {
    const path = join(root, file);
    verdicts.push(await tried(path, "file", async () => (await openOwn(path)).close()));
  }
  return verdicts;
}

async function tried(
  path: string,
  expected: "folder" | "file",
  attempt: () => Promise<void>,
): Promise<PlantedVerdict> {
  try {
    const kind = await realFiles.kind(path);
    if (kind === expected || kind === "none") {
      return { path, stoppedBy: "not tried", detail: "no link is planted there" };
    }
    await attempt();
    return { path, stoppedBy: "nothing", detail: "it was written through" };
  } catch (error) {
    const isOurs = error instanceof NotAFolderError || error instanceof NotAFileError;
    const detail = error instanceof Error ? error.message : String(error);
    return { path, stoppedBy: isOurs ? "program" : "operating system", detail };
  }
}
