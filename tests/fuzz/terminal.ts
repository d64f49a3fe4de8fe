/**
 * Commands on a terminal that keeps what is shown, and what must not be on it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { visibleText } from "../../lib/base/text/visible.ts";
import { dispatch } from "../../lib/cli/command.ts";
import { allCommands } from "../../lib/cli/commands.ts";
import type { Io } from "../../lib/cli/io.ts";
import type { Environment } from "../../lib/config/environment.ts";
import { inTime } from "./runs.ts";

const COMMANDS = await allCommands();

// The colours of the views themselves; nothing hostile here sends just these.
// deno-lint-ignore no-control-regex
const OWN_COLOURS = /\x1b\[(?:0|1|2|31|32|33|36|90)m/g;
const UNFIT =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** The engine's words for a fault of ours, where it is told as if it were another's. */
const FAULT =
  /\b(?:Cannot (?:(?:read|set) propert|convert|destructure)|is not (?:a function|iterable)|Maximum call stack|Invalid (?:time value|array length))/;

/** Fails where a text would act on a terminal, shows other than it says, or tells a fault of ours. */
export function isClean(text: string, about: unknown): void {
  assert.doesNotMatch(text, FAULT, JSON.stringify(about));
  const found = UNFIT.exec(text.replace(OWN_COLOURS, ""));
  assert.equal(found, null, `${JSON.stringify(about)}: ${JSON.stringify(text.slice(0, 2_000))}`);
}

interface Typed {
  readonly root: string;
  readonly env?: Environment;
  /** Standard input, or any file that is named. */
  readonly input?: readonly Uint8Array[];
  readonly width?: number;
}

/**
 * What a command shows, in time, with an exit status of the documented ones: clean, and JSON where
 * that was asked for.
 */
export async function shownBy(args: readonly string[], typed: Typed): Promise<string> {
  const { root, env = () => undefined, input = [], width = 80 } = typed;
  let out = "";
  let err = "";
  const stream = () => ReadableStream.from(input) as ReadableStream<Uint8Array>;
  const io: Io = {
    env: (name) => name === "RUNTIME_PATH" ? root : env(name),
    out: (text) => void (out += text),
    // As the process's own standard error does.
    err: (text) => void (err += visibleText(text)),
    queuedOut: { write: (bytes) => Promise.resolve(bytes.length) },
    isTerminal: true,
    width,
    input: stream(),
    open: () => Promise.resolve(stream()),
    onSignal: () => () => {},
    onOtherSignal: () => {},
    onFault: () => {},
    exit: () => {
      throw new Error("exit");
    },
  };
  const code = await inTime(() => dispatch(args, COMMANDS, io));
  assert.ok([0, 1, 2].includes(code), args.join(" "));
  isClean(out + err, args);
  const isTold = args.some((each) => /^(?:-h|--help|--version|--ids|--list)$/.test(each));
  if (args.includes("--json") && out !== "" && !isTold) {
    // A replay prints an object a line.
    for (const text of args[0] === "replay" ? out.trim().split("\n") : [out]) JSON.parse(text);
  }
  return out + err;
}
