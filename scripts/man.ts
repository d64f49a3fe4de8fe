/**
 * Writes the manual page, from the same text as `--help`: ./scripts/deno task man
 *
 * @module
 */
import { join } from "node:path/posix";
import { VERSION } from "../lib/base/version.ts";
import { overview, usage } from "../lib/cli/command.ts";
import { allCommands } from "../lib/cli/commands.ts";

const PATH = join(import.meta.dirname ?? ".", "../docs/planner-agent.1");
const COMMANDS = await allCommands();

/** The page in the form that `man` reads. */
export function manualPage(): string {
  const [, ...about] = overview(COMMANDS).split("\n\n");
  return [
    `.TH PLANNER-AGENT 1 "" "planner-agent ${VERSION}" "User Commands"`,
    ".SH NAME",
    "planner-agent \\- proposals for the health events of a homelab",
    ".SH SYNOPSIS",
    ...asIs("planner-agent [COMMAND] [OPTIONS]"),
    ".SH DESCRIPTION",
    ...asIs(about.join("\n\n")),
    ".SH COMMANDS",
    ...COMMANDS.flatMap((command) => [`.SS ${command.name}`, ...asIs(usage(command))]),
    ".SH EXIT STATUS",
    ...asIs("0 success, 1 failure, 2 a wrong option or setting."),
    ".SH SEE ALSO",
    ...asIs("README.md and docs/ where planner-agent comes from."),
    "",
  ].join("\n");
}

/** Lines as they are, in the width they have. */
function asIs(text: string): string[] {
  const lines = text.split("\n").map((line) =>
    line.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/, "\\&$1")
  );
  return [".nf", ...lines, ".fi"];
}

if (import.meta.main) await Deno.writeTextFile(PATH, manualPage());
