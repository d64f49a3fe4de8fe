import { systemClock } from "../../base/clock.ts";
import type { Command } from "../command.ts";
import { fail, UsageError } from "../io.ts";
import { outcomesUnder, readingActions, recoveriesUnder } from "../reading.ts";
import { present } from "../view/present.ts";
import { findShown } from "./find.ts";
import { look, showJson } from "./look.ts";
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
        "show takes one ID, as 'planner-agent pending' lists them, or NODE/SERVICE",
      );
    }
    return await readingActions(io, async (actions, root) => {
      const nowMs = systemClock.now();
      const found = await findShown(actions, given);
      if (typeof found === "string") return fail(io, found);
      const shown = await look(actions, found.actionId, {
        nowMs,
        recoveredAt: await recoveriesUnder(root),
        outcomesFor: outcomesUnder(root),
      });
      if (!shown) return fail(io, `there is no proposal '${found.actionId}' any more`);
      return await present(io, values, () => ({
        object: showJson(shown, nowMs),
        lines: (options) => showLines(shown, { ...options, nowMs }),
      }));
    });
  },
};
