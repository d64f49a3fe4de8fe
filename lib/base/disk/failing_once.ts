import type { Log } from "../log/log.ts";
import { explainWriteFailure } from "./write_failure.ts";

/**
 * Makes a function that tries a write; it never rejects, and resolves with whether that worked. The
 * first failure is logged, the next not until one worked.
 */
export function failingOnce(
  log: Log,
  event: string,
): (write: () => Promise<void>) => Promise<boolean> {
  let failing = false;
  return async (write) => {
    try {
      await write();
      failing = false;
    } catch (error) {
      if (!failing) log.warning(event, { ...explainWriteFailure(error) });
      failing = true;
    }
    return !failing;
  };
}
