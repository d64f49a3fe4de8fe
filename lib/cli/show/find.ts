import { ACTION_FOLDERS } from "../../base/disk/store.ts";
import { cleanName } from "../../base/text/names.ts";
import { similarNames } from "../../base/text/similar.ts";
import { targetKey } from "../../event/target.ts";
import { actionIdPrefix } from "../../proposal/action_file.ts";
import { isActionId } from "../../proposal/read/action.ts";
import type { ActionFiles, ActionFolder } from "../../proposal/read/folders.ts";

/** The newest ids of a folder that are looked through. */
const MOST_IDS = 5_000;
/** Ids that are named where a beginning fits several. */
const MOST_NAMED = 3;

/**
 * The proposal that a person means by an id, the beginning of one, or NODE/SERVICE; where that is
 * none, or several, a message for the person who asked.
 */
export async function findShown(
  actions: ActionFiles,
  given: string,
): Promise<string | { readonly actionId: string }> {
  const wanted = given.replace(/\.json$/, "");
  const ids = await allIds(actions);
  if (ids.includes(wanted)) return { actionId: wanted };
  if (given.includes("/")) {
    const actionId = await newestFor(actions, given, ids);
    if (actionId !== undefined) return { actionId };
  }
  const begun = wanted === "" ? [] : ids.filter((id) => id.startsWith(wanted));
  const [only, ...others] = begun;
  if (only !== undefined && others.length === 0) return { actionId: only };
  const shown = `'${cleanName(given)}'`;
  if (only !== undefined) {
    const more = begun.length - MOST_NAMED;
    const named = begun.slice(0, MOST_NAMED).join(", ");
    return `${shown} begins ${begun.length} ids: ${named}${more > 0 ? ` and ${more} more` : ""}`;
  }
  const near = similarNames(given.replaceAll("/", "-"), ids);
  const hint = near.length > 0 ? `\nDid you mean ${near.join(" or ")}?` : "";
  return `there is no proposal ${shown}${hint}`;
}

/** The newest proposal for NODE/SERVICE; one that waits comes before all others. */
async function newestFor(
  actions: ActionFiles,
  given: string,
  ids: readonly string[],
): Promise<string | undefined> {
  const at = given.indexOf("/");
  const target = { node: given.slice(0, at), service: given.slice(at + 1) };
  const prefix = actionIdPrefix(target);
  const isFor = async (folder: ActionFolder, id: string) => {
    const read = (await actions.find(folder, id))?.read;
    return read?.kind === "proposal" && targetKey(read.view) === targetKey(target);
  };
  for (const id of ids.filter((id) => id.startsWith(prefix))) {
    for (const folder of ACTION_FOLDERS) if (await isFor(folder, id)) return id;
  }
  // Other programs name their files as they like.
  const waiting = (await actions.ids("pending")).slice(0, MOST_IDS);
  for (const id of waiting) if (await isFor("pending", id)) return id;
  return undefined;
}

/** Ids of all folders, bounded, those that wait first, the newest of each folder first. */
async function allIds(actions: ActionFiles): Promise<string[]> {
  const ids: string[] = [];
  for (const folder of ACTION_FOLDERS) ids.push(...(await actions.ids(folder)).slice(0, MOST_IDS));
  return [...new Set(ids.filter(isActionId))];
}
