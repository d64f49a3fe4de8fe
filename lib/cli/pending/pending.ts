import { systemClock } from "../../base/clock.ts";
import { isActionId } from "../../proposal/read/action.ts";
import type { ActionFiles } from "../../proposal/read/folders.ts";
import { waitingProposals } from "../../proposal/read/waiting.ts";
import type { Command, Values } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { outcomesUnder, readingActions, recoveriesUnder } from "../reading.ts";
import { present, repeated } from "../view/present.ts";
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
  run: async (io, values) => {
    if (values.ids === true && values.json === true) {
      throw new UsageError("pending: --ids and --json contradict each other");
    }
    return await readingActions(io, async (actions, root) => {
      const look = () => wanted(values, { root, actions });
      if (values.ids === true) {
        // Names are enough where none is passed over.
        const isAll = values.node === undefined && values.ready !== true;
        return await repeated(io, values.watch === true, async () => {
          const ids = isAll
            ? (await actions.ids("pending")).filter(isActionId)
            : (await look()).waiting.proposals.map(({ actionId }) => actionId);
          for (const id of ids) io.out(`${id}\n`);
          return EXIT.ok;
        });
      }
      return await present(io, values, async () => {
        const { waiting, others, known } = await look();
        const folder = actions.folderPath;
        return {
          object: pendingJson(waiting, known),
          lines: (options) => pendingLines(waiting, { ...options, ...known, others, folder }),
        };
      });
    });
  },
};

/** What waits now, and is asked for. */
async function wanted(
  { node, ready }: Values,
  { root, actions }: { readonly root: string; readonly actions: ActionFiles },
) {
  const nowMs = systemClock.now();
  const recoveredAt = await recoveriesUnder(root);
  const all = await waitingProposals(actions, { nowMs, recoveredAt });
  const outcomesFor = outcomesUnder(root);
  const superseded = await supersededAmong(all.proposals, { outcomesFor, nowMs });
  const proposals = all.proposals.filter((proposal) =>
    (node === undefined || proposal.node === node) &&
    (ready !== true || isReady(proposal, superseded))
  );
  const others = all.proposals.length - proposals.length;
  return { waiting: { ...all, proposals }, others, known: { nowMs, superseded } };
}
