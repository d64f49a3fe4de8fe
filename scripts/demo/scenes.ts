/**
 * The parts of the demo: which events come, and with which settings the agent runs then.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { EnvironmentName } from "../../lib/config/environment.ts";
import { PROJECT } from "./replay.ts";

export interface Scene {
  readonly title: string;
  readonly note: string;
  /** Path of the events, from the project's root. */
  readonly file: string;
  readonly settings: Readonly<Partial<Record<EnvironmentName, string>>>;
}

export const SCENES: readonly Scene[] = [
  {
    title: "Twelve messages of one night",
    note: "Each service gets one proposal at most, for the newest that is known of it.",
    file: "scripts/demo/1-night.ndjson",
    settings: {},
  },
  {
    title: "A minute later the agent has been restarted, and traefik is still down",
    note: "COOLDOWN_SECONDS is 300: a service that was proposed for stays quiet, also then.",
    file: "scripts/demo/2-a-minute-later.ndjson",
    settings: {},
  },
  {
    title: "An hour later nobody has looked yet",
    note: "Here MAX_PENDING_PER_SERVICE=1, and the cooldown is over (COOLDOWN_SECONDS=0).",
    file: "scripts/demo/3-an-hour-later.ndjson",
    settings: { MAX_PENDING_PER_SERVICE: "1", COOLDOWN_SECONDS: "0" },
  },
];

/** Messages of all scenes together. */
export async function eventCount(): Promise<number> {
  const texts = await Promise.all(SCENES.map(({ file }) => Deno.readTextFile(join(PROJECT, file))));
  return texts.join("").split("\n").filter((line) => line !== "").length;
}
