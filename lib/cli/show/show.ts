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
import { cleanName } from "../../base/text/names.ts";
import { similarNames } from "../../base/text/similar.ts";
import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { isStale } from "../../proposal/validity.ts";
import { type RecoveredAt, recoveredSince } from "../../proposal/read/waiting.ts";
import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { nextSteps } from "./next_step.ts";
import { paletteFor } from "../view/palette.ts";
import { isoOrNull } from "../pending/view.ts";
import { reading, recoveriesUnder } from "../reading.ts";
import { runtimePath } from "../runtime_path.ts";
import { showLines, type Shown } from "./view.ts";

export const show: Command = {
  name: "show",
  summary: "show one proposal whole, and what can be done with it",
  synopsis: "ID [--json]",
  help:
    `Shows a proposal, wherever under RUNTIME_PATH/actions it is now: the event that caused it, what
the model said, what the rules changed, every attempt, whether it can still be approved, and the
commands that approve or reject it. The agent itself may run neither. Reads only.

  --json           print the same as JSON, the file's whole content among it`,
  options: { json: { type: "boolean" } },
  completes: "ids",
  run: async (io, values, positionals) => {
    const [given, ...more] = positionals;
    if (given === undefined || more.length > 0) {
      throw new UsageError(
        `show takes one ID, as 'planner-agent pending' lists them\nUsage: planner-agent show ${show.synopsis}`,
      );
    }
    const root = runtimePath(io.env);
    const actions = openActionFiles({ root, files: realFiles });
    return await reading(io, actions, async () => {
      const shown = await look(actions, given.replace(/\.json$/, ""), await recoveriesUnder(root));
      if (!shown) {
        const near = similarNames(given, await allIds(actions));
        const hint = near.length > 0 ? `\nDid you mean ${near.join(" or ")}?` : "";
        io.err(`planner-agent: there is no proposal '${cleanName(given)}'${hint}\n`);
        return EXIT.failure;
      }
      const nowMs = systemClock.now();
      if (values.json === true) {
        io.out(`${asciiJson(JSON.stringify(showJson(shown, nowMs), null, 2))}\n`);
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
  recoveredAt: RecoveredAt,
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
  const approvable = read.kind === "proposal" && digestMatches(read.view.content) !== false;
  return {
    found,
    alsoIn: others.map((other) => other.folder),
    recoveredMs: read.kind === "damaged" ? null : recoveredSince(read.view, recoveredAt),
    steps: nextSteps(actions, { folder, actionId, approvable }),
  };
}

/** Ids of all folders, bounded, those that wait first. */
async function allIds(actions: ActionFiles): Promise<string[]> {
  const ids: string[] = [];
  for (const folder of ACTION_FOLDERS) ids.push(...(await actions.ids(folder)).slice(0, 5_000));
  return [...new Set(ids.filter(isActionId))];
}

/** The same as an object; keys are stable. */
export function showJson(shown: Shown, nowMs: number): Record<string, unknown> {
  const { found: { actionId, folder, read }, alsoIn, recoveredMs, steps } = shown;
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
    next: commands,
    content,
  };
}
