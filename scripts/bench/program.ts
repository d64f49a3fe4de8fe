/**
 * The frame of the scripts that start processes: help, wrong options, and an end that leaves
 * nothing behind, also when it is interrupted.
 *
 * @module
 */
import { errorMessage } from "../../lib/base/error_message.ts";

const encoder = new TextEncoder();

/** Writes a line to standard output. */
export const print = (text: string): void =>
  void Deno.stdout.writeSync(encoder.encode(`${text}\n`));

/** Writes a line to standard error, after the script's name where one is given. */
export const sayer = (name = "") => (text: string): void =>
  void Deno.stderr.writeSync(encoder.encode(`${name && `${name}: `}${text}\n`));

export type Parsed<Options> =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

/** Whether SIGINT or SIGTERM has come. */
export interface Interruption {
  readonly stopping: boolean;
}

export interface ProgramOptions<Options> {
  readonly parsed: Parsed<Options>;
  readonly help: string;
  readonly say: (text: string) => void;
  /** Resolves with the exit status. */
  readonly run: (options: Options, interruption: Interruption) => Promise<number>;
  /** Ends what was started; called when the program is interrupted. */
  readonly cleanUp: () => Promise<void>;
  /** How an error that ended the program is told. */
  readonly sayError: (message: string, interruption: Interruption) => void;
}

/** Runs a script to its end, and the process with it. */
export async function runProgram<Options>(program: ProgramOptions<Options>): Promise<void> {
  const { parsed, help, say } = program;
  const interruption = { stopping: false };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, async () => {
      if (interruption.stopping) return;
      interruption.stopping = true;
      say(`${signal}: stopping`);
      await program.cleanUp().catch(() => {});
      Deno.exit(signal === "SIGINT" ? 130 : 143);
    });
  }

  async function main(): Promise<number> {
    switch (parsed.kind) {
      case "help":
        print(help.trimEnd());
        return 0;
      case "wrong":
        say(`${parsed.problems.join("\n")}\n\n${help.trimEnd()}`);
        return 2;
      case "run":
        return await program.run(parsed.options, interruption);
    }
  }

  const status = await main().catch((error: unknown) => {
    program.sayError(errorMessage(error), interruption);
    return 1;
  });
  // The interrupt's handler ends the program itself.
  if (!interruption.stopping) Deno.exit(status);
}
