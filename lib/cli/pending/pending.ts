/**
 * `planner-agent pending`: what waits for a person.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { sleep, systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { isActionId } from "../../proposal/read/action.ts";
import { openActionFiles } from "../../proposal/read/folders.ts";
import { type WaitingProposals, waitingProposals } from "../../proposal/read/waiting.ts";
import type { Command, Values } from "../command.ts";
import { EXIT, type Io, UsageError } from "../io.ts";
import { outcomesUnder, reading, recoveriesUnder } from "../reading.ts";
import { runtimePath } from "../runtime_path.ts";
import { paletteFor } from "../view/palette.ts";
import { showScreen } from "../view/screen.ts";
import { type Superseded, supersededAmong } from "./superseded.ts";
import { isReady, pendingJson, pendingLines } from "./view.ts";

const REDRAW_MS = 2_000;

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
      const look = () => seen(root, values);
      if (values.watch === true) return await watch(io, values, look);
      show(io, values, await look());
      return EXIT.ok;
    });
  },
};

interface Seen {
  readonly waiting: WaitingProposals;
  readonly superseded: Superseded;
  readonly nowMs: number;
  /** Path of a folder under actions/. */
  readonly folder: (name: "pending" | "rejected") => string;
}

/** What waits now, and is asked for. */
async function seen(root: string, { node, ready }: Values): Promise<Seen> {
  const actions = openActionFiles({ root, files: realFiles });
  const nowMs = systemClock.now();
  const recoveredAt = await recoveriesUnder(root);
  const waiting = await waitingProposals(actions, { nowMs, recoveredAt });
  const outcomesFor = outcomesUnder(root);
  const superseded = await supersededAmong(waiting.proposals, { outcomesFor, nowMs });
  const proposals = waiting.proposals.filter((proposal) =>
    (node === undefined || proposal.node === node) &&
    (ready !== true || isReady(proposal, superseded))
  );
  return { waiting: { ...waiting, proposals }, superseded, nowMs, folder: actions.folderPath };
}

async function watch(io: Io, values: Values, look: () => Promise<Seen>): Promise<number> {
  const stopping = new AbortController();
  const release = io.onSignal(() => stopping.abort());
  try {
    while (!stopping.signal.aborted) {
      show(io, values, await look());
      await sleep(systemClock, REDRAW_MS, stopping.signal);
    }
    return EXIT.ok;
  } finally {
    release();
  }
}

function show(io: Io, { json, ids, watch }: Values, { waiting, ...about }: Seen): void {
  if (ids === true) {
    for (const { actionId } of waiting.proposals) io.out(`${actionId}\n`);
  } else if (json === true) {
    const object = pendingJson(waiting, about);
    io.out(`${asciiJson(object, watch === true ? 0 : 2)}\n`);
  } else {
    const lines = pendingLines(waiting, { ...about, width: io.width, palette: paletteFor(io) });
    showScreen(io, lines, watch === true);
  }
}
