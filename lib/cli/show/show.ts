/**
 * `planner-agent show ID`: one proposal whole, wherever it is now.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { openActionFiles } from "../../proposal/read/folders.ts";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { findShown } from "./find.ts";
import { look, showJson } from "./look.ts";
import { paletteFor } from "../view/palette.ts";
import { outcomesUnder, reading, recoveriesUnder, runtimePath } from "../reading.ts";
import { showLines } from "./view.ts";

export const show: Command = {
  name: "show",
  summary: "show one proposal whole, and what can be done with it",
  synopsis: "ID|NODE/SERVICE [--json]",
  help: `Shows a proposal, wherever under RUNTIME_PATH/actions it is now: the event that
caused it, what the model said, what the rules changed, every attempt, whether
it can still be approved, and the commands that approve or reject it. The agent
itself may run neither. Reads only.

The beginning of an ID is enough where no other one begins so. NODE/SERVICE is
the newest proposal for that service, one that waits before others.

  --json           print the same as JSON, with the file's whole content`,
  options: { json: { type: "boolean" } },
  completes: "ids",
  run: async (io, values, positionals) => {
    const [given, ...more] = positionals;
    if (given === undefined || more.length > 0) {
      throw new UsageError(
        `show takes one ID, as 'planner-agent pending' lists them, or NODE/SERVICE\nUsage: ` +
          `planner-agent show ${show.synopsis}`,
      );
    }
    const root = runtimePath(io.env);
    const actions = openActionFiles({ root, files: realFiles });
    return await reading(io, actions, async () => {
      const nowMs = systemClock.now();
      const found = await findShown(actions, given);
      if (typeof found === "string") {
        io.err(`planner-agent: ${found}\n`);
        return EXIT.failure;
      }
      const shown = await look(actions, found.actionId, {
        nowMs,
        recoveredAt: await recoveriesUnder(root),
        outcomesFor: outcomesUnder(root),
      });
      if (!shown) {
        io.err(`planner-agent: there is no proposal '${found.actionId}' any more\n`);
        return EXIT.failure;
      }
      if (values.json === true) {
        io.out(`${asciiJson(showJson(shown, nowMs), 2)}\n`);
      } else {
        const options = { nowMs, width: io.width, palette: paletteFor(io) };
        for (const line of showLines(shown, options)) io.out(`${line}\n`);
      }
      return EXIT.ok;
    });
  },
};
