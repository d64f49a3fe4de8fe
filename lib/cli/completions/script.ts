/**
 * Scripts that let a shell complete this command line, made from the list of commands itself.
 *
 * @module
 */
import type { Command } from "../command.ts";

export const PROGRAM = "planner-agent";
/** Prints the ids that `show` can be asked for: letters, digits, dots and dashes, safe in any shell. */
const LIST_IDS = `${PROGRAM} pending --ids 2>/dev/null`;

/** Prints what `explain` can be asked for, in names of the same characters and slashes. */
const LIST_TARGETS = `${PROGRAM} explain --list 2>/dev/null`;

export const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

interface Flag {
  readonly name: string;
  /** The flag is followed by a value. */
  readonly hasValue: boolean;
  /** It can be given several times. */
  readonly repeats?: boolean;
  readonly summary: string;
}

const COMMON: readonly Flag[] = [
  { name: "help", hasValue: false, summary: "explain the command" },
  { name: "version", hasValue: false, summary: "print the version" },
];

/** The script for a shell, ending in a newline. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const all = [...commands, ...extraWords(commands)];
  switch (shell) {
    case "bash":
      return bashScript(all);
    case "zsh":
      return zshScript(all);
    case "fish":
      return fishScript(all);
  }
}

/** Words that can stand in a command's place without being commands. */
function extraWords(commands: readonly Command[]): Word[] {
  return [
    {
      name: "help",
      summary: "explain a command",
      options: {},
      help: "",
      completes: commands.map(({ name }) => name),
    },
    { name: "version", summary: "print the version", options: {}, help: "" },
  ];
}

type Word = Pick<Command, "name" | "summary" | "options" | "help" | "completes">;

/** A command's flags, each with what its help says of it. */
function flagsOf({ options, help }: Word): Flag[] {
  const own = Object.entries(options).map(([name, { type, multiple = false }]) => {
    const line = help.split("\n").find((text) => text.startsWith(`  --${name} `)) ?? "";
    return {
      name,
      hasValue: type === "string",
      repeats: multiple,
      summary: line.trim().split(/ {2,}/)[1] ?? "",
    };
  });
  return [...own, ...COMMON];
}

const flagNames = (word: Word) => flagsOf(word).map(({ name }) => `--${name}`).join(" ");

function bashScript(words: readonly Word[]): string {
  const lines = words.flatMap((word) => {
    const valued = flagsOf(word).filter(({ hasValue }) => hasValue).map(({ name }) => `--${name}`);
    return [
      `    ${word.name})`,
      `      flags="${flagNames(word)}"`,
      ...valued.length > 0 ? [`      valued="${valued.join(" ")}"`] : [],
      ...bashArguments(word.completes),
      "      ;;",
    ];
  });
  return `# bash completion for ${PROGRAM}
_planner_agent() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  local flags="" valued="" words="" files=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${words.map(({ name }) => name).join(" ")}"
    flags="--help --version"
  else
    case "\${COMP_WORDS[1]}" in
${lines.join("\n")}
    esac
  fi
  case " $valued " in
    *" $before "*) return ;;
  esac
  case "$word" in
    -*) words="$flags" files="" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [ -n "$files" ]; then
    compopt -o filenames
    local found
    mapfile -t found < <(compgen -f -- "$word")
    COMPREPLY+=("\${found[@]}")
  fi
}
complete -F _planner_agent ${PROGRAM}
`;
}

function bashArguments(completes: Word["completes"]): string[] {
  if (completes === undefined) return [];
  if (completes === "files") return ["      files=yes"];
  return [`      words="${wordsOf(completes)}"`];
}

/** Words, or what prints them, as bash and zsh read it; fish leaves out the dollar sign. */
function wordsOf(completes: "ids" | "targets" | readonly string[]): string {
  if (completes === "ids") return `$(${LIST_IDS})`;
  return completes === "targets" ? `$(${LIST_TARGETS})` : completes.join(" ");
}

function zshScript(words: readonly Word[]): string {
  const described = words.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = words.map((word) => {
    const specs = flagsOf(word).map(({ name, hasValue, repeats, summary }) => {
      const text = summary.replace(/[[\]:\\]/g, "\\$&");
      return quoted(
        `${repeats ? "*" : ""}--${name}${text && `[${text}]`}${hasValue ? ":value:" : ""}`,
      );
    });
    const last = zshArguments(word.completes);
    return `        ${word.name})\n          _arguments ${
      [...specs, ...last].join(" ")
    }\n          ;;`;
  });
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}
_${PROGRAM}() {
  local state line
  local -a commands
  commands=(
${described.join("\n")}
  )
  _arguments -C '1: :->command' '*:: :->rest'
  case "$state" in
    command)
      _describe command commands
      ;;
    rest)
      case "$line[1]" in
${cases.join("\n")}
      esac
      ;;
  esac
}
if [ "\${funcstack[1]}" = _${PROGRAM} ]; then
  _${PROGRAM} "$@"
else
  compdef _${PROGRAM} ${PROGRAM}
fi
`;
}

function zshArguments(completes: Word["completes"]): string[] {
  if (completes === undefined) return [];
  if (completes === "files") return ["'1:file:_files'"];
  if (typeof completes === "string") return [`"1:${completes}:(${wordsOf(completes)})"`];
  return [quoted(`1:word:(${completes.join(" ")})`)];
}

function fishScript(words: readonly Word[]): string {
  const lines = words.flatMap((word) => {
    const { name, summary, completes } = word;
    const inside = `complete -c ${PROGRAM} -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c ${PROGRAM} -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`,
      ...flagsOf(word).map(({ name, hasValue, summary }) =>
        `${inside} -l ${name}${hasValue ? " -x" : ""}${summary && ` -d ${fishText(summary)}`}`
      ),
      ...fishArguments(completes).map((option) => `${inside} ${option}`),
    ];
  });
  return `# fish completion for ${PROGRAM}
complete -c ${PROGRAM} -f
complete -c ${PROGRAM} -n __fish_use_subcommand -l help -d 'list the commands'
complete -c ${PROGRAM} -n __fish_use_subcommand -l version -d 'print the version'
${lines.join("\n")}
`;
}

function fishArguments(completes: Word["completes"]): string[] {
  if (completes === undefined) return [];
  if (completes === "files") return ["-F"];
  return [`-a ${quoted(wordsOf(completes).replace(/^\$/, ""))}`];
}

/** In single quotes, as POSIX shells and zsh read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In single quotes, as fish reads it. */
function fishText(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
