/**
 * `planner-agent completions SHELL`: prints a script that lets a shell complete this command line.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { completionScript, PROGRAM, SHELLS } from "./script.ts";

/** The command for a program whose other commands are `others`. */
export function completionsFor(others: readonly Command[]): Command {
  const command: Command = {
    name: "completions",
    summary: "print a completion script for a shell",
    synopsis: SHELLS.join("|"),
    help: `Prints a script for the shell to read:

  bash   source <(${PROGRAM} completions bash)
  zsh    source <(${PROGRAM} completions zsh)     after compinit
  fish   ${PROGRAM} completions fish | source

Put the line into the shell's start-up file to keep it.`,
    options: {},
    completes: SHELLS,
    run: (io, _values, positionals) => {
      const [given, ...more] = positionals;
      const shell = SHELLS.find((known) => known === given);
      if (!shell || more.length > 0) {
        throw new UsageError(`completions takes one of ${SHELLS.join(", ")}`);
      }
      io.out(completionScript(shell, [...others, command]));
      return Promise.resolve(EXIT.ok);
    },
  };
  return command;
}
