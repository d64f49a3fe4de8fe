import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { asciiJson, isObject, parseObject } from "../../base/json.ts";
import { shellWord } from "../../base/text/shell_word.ts";
import { isoSecond, momentText, parseSpan } from "../../base/text/span.ts";
import { ConfigFileError } from "../../config/operator_file.ts";
import { readSilences } from "../../gate/silences_file.ts";
import { parseSilences } from "../../gate/silences.ts";
import type { Command } from "../command.ts";
import { runtimePath } from "../reading.ts";
import { EXIT, fail, UsageError } from "../io.ts";

/** Prints the command alone: the agent itself may not write config/. */
export const silence: Command = {
  name: "silence",
  summary: "print the command that keeps a service quiet for a while",
  synopsis: "NODE[/SERVICE] SPAN REASON",
  help: `Prints a command that adds a silence for NODE/SERVICE, or for a whole NODE, to
RUNTIME_PATH/config/silences.json. It lasts for SPAN from now: 30m, 2h, 7d (also
s, w). REASON is for the log and the history. In NODE and SERVICE, * stands for
any characters. Whoever runs the command has to be allowed to write that file;
the agent itself is not, and takes the change up while it runs.`,
  options: {},
  completes: "targets",
  run: async (io, _values, positionals) => {
    const entry = entryOf(positionals, systemClock.now());
    const file = await readSilences(runtimePath(io.env), realFiles);
    if ("problem" in file) return fail(io, `correct ${file.path} first: ${file.problem}`);
    const { silences } = parseObject(file.text) ?? {};
    const before = Array.isArray(silences) ? silences.filter(isObject) : [];
    // A span that counts from when it was written must not begin anew.
    const since = { from: isoSecond(file.writtenMs) };
    const kept = before.map((each) =>
      each.for !== undefined && each.from === undefined ? { ...each, ...since } : each
    );
    const text = asciiJson({ silences: [...kept, entry] }, 2);
    const untilMs = checked(text).at(-1)?.untilMs ?? 0;
    io.out(`Run this to keep it quiet until ${momentText(untilMs / 1000)}:

printf '%s\\n' ${shellWord(text)} | sudo tee ${shellWord(file.path)} > /dev/null
`);
    return EXIT.ok;
  },
};

/** The entry that the arguments ask for. */
function entryOf(positionals: readonly string[], nowMs: number): Record<string, string> {
  const [target = "", span = "", ...words] = positionals;
  const reason = words.join(" ");
  if (reason === "") throw new UsageError("silence takes NODE[/SERVICE], a SPAN and a REASON");
  if (!parseSpan(span)) {
    const given = JSON.stringify(span.slice(0, 60));
    throw new UsageError(`silence: the span is ${given}; it takes 30m, 2h or 7d`);
  }
  const [node = "", ...service] = target.split("/");
  return {
    node,
    ...service.length > 0 && { service: service.join("/") },
    from: isoSecond(nowMs),
    for: span,
    reason,
  };
}

/** What the agent would make of the new file. */
function checked(text: string) {
  try {
    return parseSilences(text);
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    throw new UsageError(`silence: ${error.message}`);
  }
}
