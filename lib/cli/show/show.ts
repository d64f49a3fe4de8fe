/**
 * `planner-agent show ID`: one proposal whole, wherever it is now.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import {
  type ActionFiles,
  type FoundAction,
  openActionFiles,
} from "../../proposal/read/folders.ts";
import { isActionId } from "../../proposal/read/action.ts";
import { systemClock } from "../../base/clock.ts";
import { digestMatches } from "../../proposal/digest.ts";
import { realFiles } from "../../base/disk/files.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { isStale } from "../../proposal/validity.ts";
import { type Target, targetKey } from "../../event/target.ts";
import type { OutcomesFor } from "../../proposal/read/action_index.ts";
import {
  type RecoveredAt,
  recoveredSince,
  type WaitingProposal,
  waitingProposals,
} from "../../proposal/read/waiting.ts";
import { supersededAmong } from "../pending/superseded.ts";
import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { findShown } from "./find.ts";
import { nextSteps } from "./next_step.ts";
import { paletteFor } from "../view/palette.ts";
import { isoOrNull } from "../pending/view.ts";
import { outcomesUnder, reading, recoveriesUnder } from "../reading.ts";
import { runtimePath } from "../runtime_path.ts";
import { showLines, type Shown } from "./view.ts";

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

/** Finds a proposal; undefined where no folder has it, and for what is no id. */
export async function look(
  actions: ActionFiles,
  actionId: string,
  { recoveredAt, outcomesFor, nowMs }: {
    readonly recoveredAt: RecoveredAt;
    readonly outcomesFor: OutcomesFor;
    readonly nowMs: number;
  },
): Promise<Shown | undefined> {
  if (!isActionId(actionId)) return undefined;
  const everywhere: FoundAction[] = [];
  for (const folder of ACTION_FOLDERS) {
    const found = await actions.find(folder, actionId);
    if (found) everywhere.push(found);
  }
  const [found, ...others] = everywhere;
  if (!found) return undefined;
  const { folder, read } = found;
  const proposal = read.kind === "damaged" ? undefined : read.view;
  const fold = folder === "pending" && proposal
    ? await foldOf(actions, proposal, { nowMs, recoveredAt })
    : [];
  const superseded = await supersededAmong(fold, { outcomesFor, nowMs });
  return {
    found,
    alsoIn: others.map((other) => other.folder),
    recoveredMs: proposal ? recoveredSince(proposal, recoveredAt) : null,
    superseded: superseded.get(actionId),
    steps: nextSteps(actions, {
      folder,
      actionId,
      approvable: proposal !== undefined && digestMatches(proposal.content) !== false,
      fold: fold.filter(({ action }) => action === proposal?.action).map((other) => other.actionId),
    }),
  };
}

/** What else waits for the target of a proposal, itself among it, the newest first. */
async function foldOf(
  actions: ActionFiles,
  target: Target,
  options: { readonly nowMs: number; readonly recoveredAt: RecoveredAt },
): Promise<WaitingProposal[]> {
  const { proposals } = await waitingProposals(actions, options);
  return proposals.filter((other) => targetKey(other) === targetKey(target));
}

/** The same as an object; keys are stable. */
export function showJson(shown: Shown, nowMs: number): Record<string, unknown> {
  const { found: { actionId, folder, read }, alsoIn, recoveredMs, superseded, steps } = shown;
  const commands = Object.fromEntries(steps.map(({ verb, command }) => [verb, command]));
  const about = { action_id: actionId, folder, also_in: alsoIn };
  if (read.kind === "damaged") return { ...about, damaged: read.why, next: commands };
  const { content } = read.view;
  return {
    ...about,
    damaged: null,
    stale: isStale(content, nowMs),
    digest_matches: digestMatches(content) ?? null,
    recovered_at: isoOrNull(recoveredMs),
    superseded: superseded ?? null,
    next: commands,
    content,
  };
}
