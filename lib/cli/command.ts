import { parseArgs, type ParseArgsConfig } from "node:util";
import { ConfigError } from "../config/config.ts";
import { errorMessage } from "../base/error_message.ts";
import { VERSION } from "../base/version.ts";
import { EXIT, type Io, UsageError } from "./io.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Arguments and options behind the name, for the usage line. */
  readonly synopsis: string;
  /** What a person needs to know, some lines. */
  readonly help: string;
  readonly options: Options;
  /**
   * What a shell can complete its arguments with: files, ids of proposals, nodes and services, or
   * these words. A command without this takes no argument.
   */
  readonly completes?: "files" | "ids" | "targets" | readonly string[];
  /** Runs with checked options; resolves with the exit status. */
  readonly run: (io: Io, values: Values, positionals: readonly string[]) => Promise<number>;
}

const PROGRAM = "planner-agent";
const OVERALL_USAGE = `Usage: ${PROGRAM} [COMMAND] [OPTIONS]`;

const version: Command = {
  name: "version",
  summary: "print the version",
  synopsis: "",
  help: "Prints the version, as --version does behind any command.",
  options: {},
  run: (io) => Promise.resolve(say(io, `${PROGRAM} ${VERSION}`)),
};

/**
 * Runs the subcommand that `args` name, or `--help` and `--version`; errors are told as people
 * expect them. Where `args` name none it is the first of `commands`; on a terminal, with no argument
 * at all, the list of commands.
 */
export async function dispatch(
  args: readonly string[],
  commands: readonly [Command, ...Command[]],
  io: Io,
): Promise<number> {
  const [first, ...rest] = args;
  const all = [...commands, version];
  try {
    // A unit says `run`; a person who types the bare name wants to know what there is.
    const bare = first === undefined && io.isTerminal;
    if (bare || first === "--help" || first === "-h") return say(io, overview(commands));
    if (first === "help") {
      const about = rest.find((word) => !word.startsWith("-"));
      return say(io, about === undefined ? overview(commands) : usage(find(about, all)));
    }
    if (first === undefined || first.startsWith("-")) {
      return await runCommand(commands[0], args, io);
    }
    return await runCommand(find(first, all), rest, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`${PROGRAM}: ${error.message}\nTry '${PROGRAM} --help'.\n`);
    } else if (error instanceof ConfigError) {
      for (const problem of error.problems) io.err(`${PROGRAM}: ${problem}\n`);
    } else {
      throw error;
    }
    return EXIT.usage;
  }
}

/** The one FILE of a command that reads events. @throws {UsageError} for none, or more. */
export function oneFile({ name }: Pick<Command, "name">, positionals: readonly string[]): string {
  const [path, ...more] = positionals;
  if (path !== undefined && more.length === 0) return path;
  throw new UsageError(`${name} takes one FILE, or - for standard input`);
}

const MIB = 1024 * 1024;

/**
 * All of FILE, or of standard input for `-`, which may have no end.
 *
 * @throws {UsageError} where it cannot be read, or has more than so many MiB.
 */
export async function readWhole(
  { name }: Pick<Command, "name">,
  { io, path, mostMib }: { readonly io: Io; readonly path: string; readonly mostMib: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const chunk of path === "-" ? io.input : await io.open(path)) {
      size += chunk.length;
      if (size > mostMib * MIB) throw new Error(`it is over ${mostMib} MiB`);
      chunks.push(new Uint8Array(chunk));
    }
  } catch (error) {
    throw new UsageError(`${name}: cannot read '${path}': ${errorMessage(error)}`);
  }
  return await new Blob(chunks).bytes();
}

/** Runs one of them; whoever typed it wrongly is told how it is used. */
async function runCommand(command: Command, args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parsed(command, args);
  if (values.help) return say(io, usage(command));
  if (values.version) return say(io, `${PROGRAM} ${VERSION}`);
  try {
    if (positionals.length > 0 && command.completes === undefined) {
      throw new UsageError(`${command.name} takes no argument`);
    }
    return await command.run(io, values, positionals);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}\n${usageLine(command)}`);
  }
}

function parsed(command: Command, args: readonly string[]) {
  const help = { type: "boolean", short: "h" } as const;
  const options = { ...command.options, help, version: { type: "boolean" } as const };
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    const [problem] = errorMessage(error).split(". ");
    throw new UsageError(`${command.name}: ${problem}\n${usageLine(command)}`);
  }
}

function find(name: string, commands: readonly Command[]): Command {
  const command = commands.find((known) => known.name === name);
  if (command) return command;
  const known = commands.map((each) => each.name).join(", ");
  const unknown = `unknown command '${name.slice(0, 60)}'; there are: ${known}`;
  throw new UsageError(`${unknown}\n${OVERALL_USAGE}`);
}

const usageLine = (command: Command) =>
  `Usage: ${PROGRAM} ${command.name} ${command.synopsis}`.trimEnd();

/** What `COMMAND --help` prints. */
export const usage = (command: Command) => `${usageLine(command)}\n\n${command.help}`;

/** The list of commands. */
export function overview(commands: readonly Command[]): string {
  const rows = [...commands, version].map(({ name, summary }) => [name, summary] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    OVERALL_USAGE,
    "",
    "Listens for health events, has an LLM diagnose them and leaves proposals for a",
    "person. It can propose; it can neither approve nor execute. Without a COMMAND it",
    "prints this on a terminal; elsewhere it does what 'run' does.",
    "",
    "Commands:",
    ...rows.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    `'${PROGRAM} COMMAND --help' tells more. Settings come from the environment.`,
    "Where REDIS_URL, OLLAMA_HOST and RUNTIME_PATH are unset, a binary takes what it",
    `was built for: '${PROGRAM} permissions' tells.`,
  ].join("\n");
}

function say(io: Io, text: string): number {
  io.out(`${text}\n`);
  return EXIT.ok;
}
