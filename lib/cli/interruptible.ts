import type { Log } from "../base/log/log.ts";
import { EXIT, type Io } from "./io.ts";

/**
 * A signal that is aborted by the first SIGTERM or SIGINT; the second ends the process by `insist`,
 * which may have lines of the log to write first.
 */
export function interruptible(
  io: Pick<Io, "onSignal" | "exit">,
  log: Log,
  insist: (status: number) => void = io.exit,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const release = io.onSignal((name) => {
    log.info("shutdown_signal", { signal: name });
    if (controller.signal.aborted) insist(EXIT.failure);
    controller.abort();
  });
  return { signal: controller.signal, release };
}
