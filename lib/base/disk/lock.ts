/**
 * One agent per RUNTIME_PATH: two would write one state file. The kernel gives the lock back
 * however the process ends.
 *
 * @module
 */

import { openOwn } from "./files.ts";

/** A lock that is held until it is released or the process ends. */
interface Lock {
  release(): void;
}

/** Takes the lock at `path`, or returns undefined when another process holds it. */
export async function tryLock(path: string): Promise<Lock | undefined> {
  const file = await openOwn(path);
  if (await file.tryLock(true)) return { release: () => file.close() };
  file.close();
  return undefined;
}
