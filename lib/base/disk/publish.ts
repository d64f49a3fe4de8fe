import { join } from "node:path/posix";
import type { Files } from "./files.ts";

/** Leftovers of a crashed write look like this; the agent sweeps them at start. */
export const TEMPORARY_NAME = /^\.(?:plan-|evt-|planner-agent\.).*\.tmp$/;

interface Publication {
  readonly folder: string;
  /** File name without `.json`; a taken one becomes `-2`, `-3` and so on. */
  readonly base: string;
  /** Whether a name must not be used even though the folder has no such file. */
  readonly taken?: (stem: string) => Promise<boolean>;
  readonly text: (stem: string) => string;
  /** Runs before the file appears under `stem`. */
  readonly announce?: (stem: string) => void;
}

export interface Published {
  /** File name without `.json`. */
  readonly stem: string;
  /** Why the folder could not be synced: the file is there, but may be gone after a power cut. */
  readonly unsynced?: unknown;
}

/**
 * Puts a whole file where others see it. After any failure the temporary one is given up, never
 * synced again: a second fsync after a failed one reports success for data the kernel has dropped.
 */
export async function publish(
  files: Files,
  nonce: () => string,
  { folder, base, taken, text, announce }: Publication,
): Promise<Published> {
  for (let n = 1;; n++) {
    const stem = n === 1 ? base : `${base}-${n}`;
    const path = join(folder, `${stem}.json`);
    if (await files.kind(path) !== "none" || await taken?.(stem)) continue;
    const temporary = join(folder, `.${stem}.${nonce()}.tmp`);
    try {
      await files.writeNew(temporary, text(stem));
      announce?.(stem);
      if (!await appear(files, temporary, path)) continue;
    } finally {
      await files.remove(temporary).catch(() => {});
    }
    // Others see the file already: publishing it again, unsynced as it is, would make it two.
    return await files.syncFolder(folder).then(
      () => ({ stem }),
      (unsynced) => ({ stem, unsynced }),
    );
  }
}

/** Gives a temporary file its final name; false when another program was faster. */
async function appear(files: Files, temporary: string, path: string): Promise<boolean> {
  try {
    await files.link(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw error;
  }
  // FAT and some network filesystems have no hardlinks; there the check above is all there is.
  if (await files.kind(path) !== "none") return false;
  await files.rename(temporary, path);
  return true;
}
