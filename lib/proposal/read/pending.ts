/**
 * How many proposals wait for a person, and since when: cheap enough to ask every few seconds.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Files } from "../../base/disk/files.ts";

/** The most files whose age is looked up; of any others the age is not known. */
const MOST_FILES = 10_000;

interface Pending {
  readonly count: number;
  /** When the oldest was written, in milliseconds since 1970; undefined when none waits. */
  readonly oldestMs: number | undefined;
}

/** Makes a function that looks into actions/pending. A file's age is looked up once. */
export function pendingWatch(
  { folder, files }: { readonly folder: string; readonly files: Pick<Files, "list" | "times"> },
): () => Promise<Pending> {
  let known = new Map<string, number>();
  return async () => {
    const names = (await files.list(folder))
      .filter((name) => name.endsWith(".json") && !name.startsWith("."));
    const now = new Map<string, number>();
    for (const name of names.slice(0, MOST_FILES)) {
      const writtenMs = known.get(name) ?? (await files.times(join(folder, name)))?.writtenMs;
      // A person may have moved it meanwhile.
      if (writtenMs !== undefined) now.set(name, writtenMs);
    }
    known = now;
    let oldestMs: number | undefined;
    for (const ms of now.values()) oldestMs = Math.min(oldestMs ?? ms, ms);
    return { count: names.length, oldestMs };
  };
}
