/**
 * The scripts' command lines: options as `--name value` or `--name=value`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { errorMessage } from "../../lib/base/error_message.ts";
import type { Parsed } from "./program.ts";

/** An option with a value. */
export const TEXT = { type: "string" } as const;
/** An option without. */
export const FLAG = { type: "boolean" } as const;
export const HELP = { type: "boolean", short: "h" } as const;

type Words =
  & { readonly help: typeof HELP }
  & Readonly<
    Record<string, { readonly type: "string" | "boolean"; readonly multiple?: boolean }>
  >;

/** What was given, by the options' names. */
export type Given<W extends Words> = ReturnType<typeof parseArgs<{ options: W }>>["values"];

/** What a command line says; `read` makes of it what the script takes, and notes what is wrong. */
export function parseOptions<W extends Words, Options>(
  argv: readonly string[],
  { words, read }: { words: W; read: (given: Given<W>, problems: string[]) => Options },
): Parsed<Options> {
  let given;
  try {
    ({ values: given } = parseArgs({ args: [...argv], options: words }));
  } catch (error) {
    return { kind: "wrong", problems: [errorMessage(error)] };
  }
  if ("help" in given && given.help) return { kind: "help" };
  const problems: string[] = [];
  const options = read(given, problems);
  return problems.length > 0 ? { kind: "wrong", problems } : { kind: "run", options };
}
