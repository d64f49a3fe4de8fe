import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";

const PROGRAM = "planner-agent";

/** The command for a program whose other commands are `others`; scripts are made from these. */
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
      const commands = [...others, command];
      const names = commands.map(({ name }) => name);
      io.out(SCRIPTS[shell]([
        ...commands,
        // Words that can stand in a command's place without being commands.
        { name: "help", summary: "explain a command", options: {}, help: "", completes: names },
        { name: "version", summary: "print the version", options: {}, help: "" },
      ]));
      return Promise.resolve(EXIT.ok);
    },
  };
  return command;
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = ["bash", "zsh", "fish"] as const;

type Word = Pick<Command, "name" | "summary" | "options" | "help" | "completes">;

/** A command's flags, each with what its help says of it. */
function flagsOf({ options, help }: Word) {
  const own = Object.entries(options).map(([name, { type, multiple = false }]) => {
    const line = help.split("\n").find((text) => text.startsWith(`  --${name} `)) ?? "";
    const summary = line.trim().split(/ {2,}/)[1] ?? "";
    return { name, hasValue: type === "string", repeats: multiple, summary };
  });
  const common = { hasValue: false, repeats: false };
  return [
    ...own,
    { ...common, name: "help", summary: "explain the command" },
    { ...common, name: "version", summary: "print the version" },
  ];
}

/**
 * What a command is completed with, in the form of each shell: files, or words as bash and zsh read
 * them; fish leaves out the dollar sign. What is printed is safe in any shell.
 */
function completed(
  { completes }: Word,
  { files, words }: { readonly files: string; readonly words: (list: string) => string },
): string[] {
  switch (completes) {
    case undefined:
      return [];
    case "files":
      return [files];
    case "ids":
      return [words(`$(${PROGRAM} pending --ids 2>/dev/null)`)];
    case "targets":
      return [words(`$(${PROGRAM} explain --list 2>/dev/null)`)];
    default:
      return [words(completes.join(" "))];
  }
}

function bashScript(words: readonly Word[]): string {
  const lines = words.flatMap((word) => {
    const flags = flagsOf(word);
    const named = (some: typeof flags) => some.map(({ name }) => `--${name}`).join(" ");
    const valued = named(flags.filter(({ hasValue }) => hasValue));
    return [
      `    ${word.name})`,
      `      flags="${named(flags)}"`,
      ...valued === "" ? [] : [`      valued="${valued}"`],
      ...completed(word, { files: "      files=yes", words: (list) => `      words="${list}"` }),
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

function zshScript(words: readonly Word[]): string {
  const described = words.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = words.map((word) => {
    const specs = flagsOf(word).map(({ name, hasValue, repeats, summary }) => {
      const text = summary.replace(/[[\]:\\]/g, "\\$&");
      const [many, told] = [repeats ? "*" : "", text && `[${text}]`];
      return quoted(`${many}--${name}${told}${hasValue ? ":value:" : ""}`);
    });
    const kind = typeof word.completes === "string" ? word.completes : "word";
    const last = completed(word, {
      files: "'1:file:_files'",
      // The words of a command are found when they are asked for, in double quotes.
      words: (list) => kind === "word" ? quoted(`1:word:(${list})`) : `"1:${kind}:(${list})"`,
    });
    const all = [...specs, ...last].join(" ");
    return `        ${word.name})\n          _arguments ${all}\n          ;;`;
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

function fishScript(words: readonly Word[]): string {
  const complete = `complete -c ${PROGRAM} -n`;
  const lines = words.flatMap((word) => {
    const { name, summary } = word;
    const inside = `${complete} ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `${complete} __fish_use_subcommand -a ${name} -d ${fishText(summary)}`,
      ...flagsOf(word).map(({ name, hasValue, summary }) =>
        `${inside} -l ${name}${hasValue ? " -x" : ""}${summary && ` -d ${fishText(summary)}`}`
      ),
      ...completed(word, {
        files: `${inside} -F`,
        words: (list) => `${inside} -a ${quoted(list.replace(/^\$/, ""))}`,
      }),
    ];
  });
  return `# fish completion for ${PROGRAM}
complete -c ${PROGRAM} -f
complete -c ${PROGRAM} -n __fish_use_subcommand -l help -d 'list the commands'
complete -c ${PROGRAM} -n __fish_use_subcommand -l version -d 'print the version'
${lines.join("\n")}
`;
}

/** In single quotes, as POSIX shells and zsh read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In single quotes, as fish reads it. */
function fishText(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
