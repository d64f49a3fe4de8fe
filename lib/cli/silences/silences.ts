import { join } from "node:path/posix";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { readSilences } from "../../gate/silences_file.ts";
import { isSilenced, type Silence } from "../../gate/silences.ts";
import { historyLines } from "../../observe/history/reader.ts";
import type { Command } from "../command.ts";
import { fail } from "../io.ts";
import { runtimePath, unreadable } from "../reading.ts";
import { present } from "../view/present.ts";
import { type CountedSilence, silenceLines, silencesJson } from "./view.ts";

export const silences: Command = {
  name: "silences",
  summary: "list what is kept quiet, until when, and why",
  synopsis: "[--json]",
  help: `Lists the silences in RUNTIME_PATH/config/silences.json: those in force, those
to come and those that are over, with the number of events that each kept quiet,
as far as the history goes back. 'planner-agent silence' helps to write one. The
exit status is 1 where the file is wrong. Reads only.

  --json   print them as JSON`,
  options: { json: { type: "boolean" } },
  run: async (io, values) => {
    const root = runtimePath(io.env);
    const file = await readSilences(root, realFiles);
    if ("problem" in file) return fail(io, `${file.path} is wrong: ${file.problem}`);
    const state = join(root, "state");
    const nowMs = systemClock.now();
    try {
      const counted = await count(file.silences, state);
      return await present(io, values, () => ({
        object: silencesJson(counted, nowMs),
        lines: (options) => silenceLines(counted, { ...options, nowMs }),
      }));
    } catch (error) {
      return unreadable(io, error, join(state, "history"));
    }
  },
};

async function count(all: readonly Silence[], state: string): Promise<CountedSilence[]> {
  const matched = new Map<Silence, number>();
  for await (const line of historyLines({ state, files: realFiles })) {
    const { outcome, node, service, type = "", detail, repeated = 1 } = line;
    if (outcome !== "silenced" || node === undefined || service === undefined) continue;
    // A line of repeated events has no reason of its own.
    const one = all.find((silence) =>
      isSilenced(silence, { node, service, type }) && (detail ?? silence.reason) === silence.reason
    );
    if (one) matched.set(one, (matched.get(one) ?? 0) + repeated);
  }
  return all.map((silence) => ({ ...silence, matched: matched.get(silence) ?? 0 }));
}
