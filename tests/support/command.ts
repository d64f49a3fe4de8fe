import "./deadlines.ts";
import { dispatch } from "../../lib/cli/command.ts";
import { commandsFor } from "../../lib/cli/commands.ts";
import type { Io } from "../../lib/cli/io.ts";
import { visibleText } from "../../lib/base/text/visible.ts";
import type { Settings } from "./agent.ts";

/** A command's surroundings that keep what it says: no terminal, no input, no signals. */
export function recordingIo(changes: Partial<Io> = {}) {
  const said = { out: "", err: "" };
  const io: Io = {
    env: () => undefined,
    out: (line) => void (said.out += line),
    queuedOut: {
      write(bytes) {
        said.out += new TextDecoder().decode(bytes);
        return Promise.resolve(bytes.length);
      },
    },
    err: (line) => void (said.err += visibleText(line)),
    isTerminal: false,
    width: 80,
    input: new Blob().stream(),
    open: async (path) => (await Deno.open(path)).readable,
    onSignal: () => () => {},
    onOtherSignal: () => {},
    onFault: () => {},
    exit: (status) => {
      throw new Error(`exit ${status}`);
    },
    ...changes,
  };
  return { io, said };
}

/**
 * Runs a command of the agent to its end, in this process and with the permissions of the tests:
 * a process of its own takes a third of a second of a CPU more. What the process itself does is
 * tested with `runAgent`.
 */
export async function runCommand(
  args: readonly string[],
  { root, settings = {}, input = "" }: { root: string; settings?: Settings; input?: string },
): Promise<{ code: number; out: string; err: string }> {
  const environment: Settings = { RUNTIME_PATH: root, ...settings };
  const { io, said } = recordingIo({
    env: (name) => environment[name],
    input: new Blob([input]).stream(),
  });
  return { code: await dispatch(args, await commandsFor(args[0] ?? "run"), io), ...said };
}
