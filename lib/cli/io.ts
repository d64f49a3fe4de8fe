import type { Environment } from "../config/environment.ts";
import type { LineSink } from "../base/log/log.ts";

/** Exit statuses, as for most command-line programs. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** What a command may use of its surroundings. */
export interface Io {
  readonly env: Environment;
  /** Standard output, whole lines. */
  readonly out: LineSink;
  /** Standard output for lines that nobody may wait for. */
  readonly queuedOut: { write(bytes: Uint8Array): Promise<number> };
  /** Standard error, whole lines; terminal codes in them are left out. */
  readonly err: LineSink;
  /** Whether standard output is a terminal that a person looks at. */
  readonly isTerminal: boolean;
  /** Columns of that terminal, 80 when unknown. */
  readonly width: number;
  /** Rows of that terminal; undefined when unknown. */
  readonly height?: number | undefined;
  readonly input: ReadableStream<Uint8Array>;
  /** Opens a file to read. */
  readonly open: (path: string) => Promise<ReadableStream<Uint8Array>>;
  /** Calls back with the name of each SIGTERM and SIGINT; the returned function stops that. */
  readonly onSignal: (callback: (name: string) => void) => () => void;
  /** Calls back with SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2, which end nothing from then on. */
  readonly onOtherSignal: (callback: (name: string) => void) => void;
  /** Calls back with what nobody caught, instead of ending the process with a message. */
  readonly onFault: (callback: (fault: unknown) => void) => void;
  /** Ends the process at once. */
  readonly exit: (status: number) => never;
}

/** Says why a command cannot do what it was asked; returns the exit status. */
export function fail(io: Pick<Io, "err">, message: string): number {
  io.err(`planner-agent: ${message}\n`);
  return EXIT.failure;
}

/** A wrong option or argument: the message goes to standard error and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
