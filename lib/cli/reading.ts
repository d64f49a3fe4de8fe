/**
 * What the commands that look into actions/ have in common.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type ActionFiles, isRefusal } from "../action_files.ts";
import { realFiles } from "../files.ts";
import { recoveries } from "../history_reader.ts";
import { visibleText } from "../visible.ts";
import type { RecoveredAt } from "../waiting_proposals.ts";
import { EXIT, type Io } from "./io.ts";

/** Runs what reads the folders, and says so where they are not there or may not be read. */
export async function reading(
  io: Pick<Io, "err">,
  actions: ActionFiles,
  read: () => Promise<number>,
): Promise<number> {
  const path = actions.folderPath("pending");
  try {
    if (await realFiles.kind(path) === "none") {
      io.err(`planner-agent: there is no ${path}; is RUNTIME_PATH right?\n`);
      return EXIT.failure;
    }
    return await read();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const why = error instanceof Deno.errors.NotCapable
      ? "this program was not given the permission (see RUNTIME_PATH)"
      : "this user has no permission (see the group homelab)";
    // The system names what it was about, which can be another folder.
    const about = /'([^']+)'$/.exec(error.message)?.[1] ?? path;
    io.err(`planner-agent: ${visibleText(about)} cannot be read: ${why}\n`);
    return EXIT.failure;
  }
}

/** What the agent's history knows of recoveries; nothing where it may not be read. */
export async function recoveriesUnder(root: string): Promise<RecoveredAt> {
  try {
    return await recoveries({ state: join(root, "state"), files: realFiles });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return () => undefined;
  }
}
