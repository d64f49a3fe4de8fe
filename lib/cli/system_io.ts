import { errorMessage } from "../base/error_message.ts";
import { lineSink } from "../base/log/log.ts";
import { shellWord } from "../base/text/shell_word.ts";
import { visibleText } from "../base/text/visible.ts";
import { EXIT, type Io } from "./io.ts";

const UNKNOWN_WIDTH = 80;

/** The process's own surroundings; what nobody catches ends it, with a message. */
export function systemIo(): Io {
  const rawErr = lineSink(Deno.stderr);
  // Messages quote arguments and settings as they were given.
  const err = (line: string) => rawErr(visibleText(line));
  let onFault = (fault: unknown): void => {
    const told = fault instanceof Error ? fault.stack ?? fault.message : String(fault);
    err(`planner-agent: a fault in the program itself: ${told}\n`);
    Deno.exit(1);
  };
  const caught = (event: Event, fault: unknown) => {
    event.preventDefault();
    onFault(fault);
  };
  globalThis.addEventListener("unhandledrejection", (event) => caught(event, event.reason));
  globalThis.addEventListener("error", (event) => caught(event, event.error));
  return {
    env: (name) => Deno.env.get(name),
    out: lineSink(Deno.stdout, (error) => {
      if (Deno.exitCode === EXIT.ok) {
        err(`planner-agent: standard output cannot be written: ${errorMessage(error)}\n`);
      }
      Deno.exitCode = EXIT.failure;
    }),
    queuedOut: Deno.stdout,
    err,
    isTerminal: Deno.stdout.isTerminal(),
    get width() {
      return terminalSize()?.columns || UNKNOWN_WIDTH;
    },
    get height() {
      return terminalSize()?.rows || undefined;
    },
    input: Deno.stdin.readable,
    open: openFile,
    onSignal(callback) {
      const handlers = (["SIGTERM", "SIGINT"] as const).map((name) => {
        const handler = () => callback(name);
        Deno.addSignalListener(name, handler);
        return () => Deno.removeSignalListener(name, handler);
      });
      return () => handlers.forEach((remove) => remove());
    },
    onOtherSignal(callback) {
      for (const name of ["SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const) {
        Deno.addSignalListener(name, () => callback(name));
      }
    },
    onFault: (callback) => void (onFault = callback),
    exit: Deno.exit,
  };
}

/** Linux opens folders, too, and fails at the first read. */
async function openFile(path: string): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new Error(
      `this program reads files under RUNTIME_PATH alone; hand it over: - < ${shellWord(path)}`,
    );
  });
  if (!(await file.stat()).isDirectory) return file.readable;
  file.close();
  throw new Error("it is a folder");
}

/** Asked anew each time: a person may resize the window while a command draws again. */
function terminalSize(): { columns: number; rows: number } | undefined {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize() : undefined;
  } catch {
    return undefined;
  }
}
