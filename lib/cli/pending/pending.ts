/**
 * `planner-agent pending`: what waits for a person.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { isActionId } from "../../proposal/read/action.ts";
import { type ActionFiles, openActionFiles } from "../../proposal/read/folders.ts";
import { waitingProposals } from "../../proposal/read/waiting.ts";
import type { Command, Values } from "../command.ts";
import { EXIT, type Io, UsageError } from "../io.ts";
import { outcomesUnder, reading, recoveriesUnder, runtimePath } from "../reading.ts";
import { paletteFor } from "../view/palette.ts";
import { redrawn, showScreen } from "../view/screen.ts";
import { supersededAmong } from "./superseded.ts";
import { isReady, pendingJson, pendingLines } from "./view.ts";

export const pending: Command = {
  name: "pending",
  summary: "list the proposals that wait for a person",
  synopsis: "[--node NAME] [--ready] [--watch] [--json | --ids]",
  help: `Lists what lies in RUNTIME_PATH/actions/pending, newest first, grouped by node.
Proposals for the same service and action are folded into one row (x3); the
newest stands for all. A note tells what speaks against approving:

  stale       it is past its valid_until
  recovered   the service was reported well again since
  superseded  another one for the same service was decided since
  altered     it is not what its digest says

Reads only.

  --node NAME  only proposals for this node
  --ready      only those that none of these notes speaks against
  --watch      draw again every 2 s, until SIGINT or SIGTERM
  --json       print every proposal, unfolded, as JSON; with --watch an object
               a line
  --ids        print the ids only, a line each`,
  options: {
    node: { type: "string" },
    ready: { type: "boolean" },
    watch: { type: "boolean" },
    json: { type: "boolean" },
    ids: { type: "boolean" },
  },
  run: async (io, values, positionals) => {
    if (positionals.length > 0) throw new UsageError("pending takes no argument");
    const root = runtimePath(io.env);
    const actions = openActionFiles({ root, files: realFiles });
    return await reading(io, actions, async () => {
      if (values.ids === true && values.node === undefined && values.ready !== true) {
        for (const id of (await actions.ids("pending")).filter(isActionId)) io.out(`${id}\n`);
        return EXIT.ok;
      }
      const draw = () => list(io, values, { root, actions });
      return values.watch === true ? await redrawn(io, draw) : await draw();
    });
  },
};

/** What waits now, and is asked for. */
async function list(
  io: Io,
  { node, ready, json, ids, watch }: Values,
  { root, actions }: { readonly root: string; readonly actions: ActionFiles },
): Promise<number> {
  const nowMs = systemClock.now();
  const recoveredAt = await recoveriesUnder(root);
  const all = await waitingProposals(actions, { nowMs, recoveredAt });
  const outcomesFor = outcomesUnder(root);
  const superseded = await supersededAmong(all.proposals, { outcomesFor, nowMs });
  const proposals = all.proposals.filter((proposal) =>
    (node === undefined || proposal.node === node) &&
    (ready !== true || isReady(proposal, superseded))
  );
  const waiting = { ...all, proposals };
  if (ids === true) {
    for (const { actionId } of proposals) io.out(`${actionId}\n`);
  } else if (json === true) {
    const object = pendingJson(waiting, { nowMs, superseded });
    io.out(`${asciiJson(object, watch === true ? 0 : 2)}\n`);
  } else {
    const options = { width: io.width, palette: paletteFor(io), folder: actions.folderPath };
    showScreen(io, pendingLines(waiting, { ...options, nowMs, superseded }), watch === true);
  }
  return EXIT.ok;
}
