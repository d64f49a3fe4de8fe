/**
 * What `show --json` prints.
 *
 * @module
 */
import { digestMatches } from "../../proposal/digest.ts";
import { isStale } from "../../proposal/validity.ts";
import { isoOrNull } from "../pending/view.ts";
import type { Shown } from "./view.ts";

/** A proposal as an object; keys are stable. */
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
