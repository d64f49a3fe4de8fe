/**
 * `planner-agent pending`: what waits for a person.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { isActionId } from "../../proposal/read/action.ts";
import { openActionFiles } from "../../proposal/read/folders.ts";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { waitingProposals } from "../../proposal/read/waiting.ts";
import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { paletteFor } from "../view/palette.ts";
import { pendingJson, pendingLines } from "./view.ts";
import { reading, recoveriesUnder } from "../reading.ts";
import { runtimePath } from "../runtime_path.ts";

export const pending: Command = {
  name: "pending",
  summary: "list the proposals that wait for a person",
  synopsis: "[--json | --ids]",
  help:
    `Lists what lies in RUNTIME_PATH/actions/pending, newest first, grouped by node. Proposals for
the same service and action are folded (x3), the newest stands for all. Notes: stale (past its
valid_until), recovered (well again since), altered (not what its digest says). Reads only.

  --json           print every proposal, unfolded, as JSON
  --ids            print the ids only, a line each`,
  options: { json: { type: "boolean" }, ids: { type: "boolean" } },
  run: async (io, values, positionals) => {
    if (positionals.length > 0) throw new UsageError("pending takes no argument");
    const root = runtimePath(io.env);
    const actions = openActionFiles({ root, files: realFiles });
    return await reading(io, actions, async () => {
      if (values.ids === true) {
        for (const id of (await actions.ids("pending")).filter(isActionId)) io.out(`${id}\n`);
        return EXIT.ok;
      }
      const nowMs = systemClock.now();
      const recoveredAt = await recoveriesUnder(root);
      const waiting = await waitingProposals(actions, { nowMs, recoveredAt });
      if (values.json === true) {
        io.out(`${asciiJson(JSON.stringify(pendingJson(waiting, nowMs), null, 2))}\n`);
        return EXIT.ok;
      }
      const options = { nowMs, width: io.width, palette: paletteFor(io) };
      for (const line of pendingLines(waiting, options)) io.out(`${line}\n`);
      return EXIT.ok;
    });
  },
};
