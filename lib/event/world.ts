import { join } from "node:path/posix";
import type { Clock } from "../base/clock.ts";
import type { Files } from "../base/disk/files.ts";
import { parseJson } from "../base/json.ts";
import type { Log } from "../base/log/log.ts";
import type { Target } from "./target.ts";
import {
  WORLD_FILES,
  type WorldEntries,
  worldEntries,
  type WorldEntry,
  type WorldFile,
  worldKey,
} from "./world_files.ts";

const LARGEST_BYTES = 1024 * 1024;
const OLDEST_MS = 3_600_000; // an observer that has not written for longer may have ended
/** A file that changed this shortly ago may change again under the same time. */
const COARSE_MS = 2_500;

/** What is known of a target, or of its whole node: when that was deployed last. */
interface WorldView extends Omit<WorldEntry, "away"> {
  /** Whether its node is away, as of `awayAsOfMs`, milliseconds since 1970. */
  readonly nodeAway: boolean;
  readonly awayAsOfMs?: number;
}

/**
 * What the homelab's observer knows, from its files under world/. It only adds to what the agent
 * heard itself: a file that is missing, half-written, old or not as documented says nothing.
 */
export interface World {
  about(target: Target): WorldView;
  /** Reads what has changed; never rejects. Two at a time are one. */
  look(): Promise<void>;
}

interface Seen {
  readonly writtenMs: number;
  readonly settled: boolean;
  readonly entries: WorldEntries | undefined;
}

export const NO_WORLD: World = {
  about: () => ({ nodeAway: false }),
  look: () => Promise.resolve(),
};

/** Opens world/ below `root`, RUNTIME_PATH; nothing is read before the first look. */
export function openWorld(
  { root, files, clock, log }: {
    readonly root: string;
    readonly files: Pick<Files, "kind" | "times" | "read">;
    readonly clock: Pick<Clock, "now">;
    readonly log: Log;
  },
): World {
  const folder = join(root, "world");
  const seen = new Map<WorldFile, Seen>();
  const complained = new Map<WorldFile, string>();
  let looking: Promise<void> | undefined;

  async function lookAll(): Promise<void> {
    // A link would lead out of RUNTIME_PATH. Where it cannot be looked at, each file says why.
    const kind = await files.kind(folder).catch(() => "folder" as const);
    if (kind !== "folder") return seen.clear();
    for (const file of WORLD_FILES) {
      const problem = await read(file).catch((error) => {
        seen.delete(file);
        return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      });
      if (problem === undefined) complained.delete(file);
      else if (complained.get(file) !== problem) {
        complained.set(file, problem);
        log.info("world_file_skipped", { file: `world/${file}.json`, reason: problem });
      }
    }
  }

  /** Reads a file where it has changed; returns why it says nothing, if so. */
  async function read(file: WorldFile): Promise<string | undefined> {
    const path = `${folder}/${file}.json`;
    const look = await files.times(path);
    const before = seen.get(file);
    const now = clock.now();
    if (look && before?.settled && before.writtenMs === look.writtenMs) {
      return before.entries ? ageOf(file, look.writtenMs) : complained.get(file);
    }
    seen.delete(file);
    const found = look && await files.read(path, LARGEST_BYTES);
    if (!found) return "it is missing";
    if (found.kind !== "file") return "it is no file of its own";
    if (found.text === undefined) return "it is larger than 1 MiB";
    const { writtenMs } = found;
    const entries = worldEntries(file, parseJson(found.text));
    seen.set(file, { writtenMs, settled: Math.abs(now - writtenMs) > COARSE_MS, entries });
    if (entries) return ageOf(file, writtenMs);
    return parseJson(found.text) === undefined
      ? "it is no JSON, perhaps half-written"
      : "it is not as documented";
  }

  function ageOf(file: WorldFile, writtenMs: number): string | undefined {
    if (clock.now() - writtenMs <= OLDEST_MS) return undefined;
    return `it was written more than an hour ago: is the observer of world/${file}.json alive?`;
  }

  function entryOf(file: WorldFile, target: Target) {
    const known = seen.get(file);
    if (!known || clock.now() - known.writtenMs > OLDEST_MS) return undefined;
    return known.entries?.get(worldKey(target));
  }

  return {
    about(target) {
      const node = { node: target.node, service: target.node };
      const deployed = [entryOf("deployments", target), entryOf("deployments", node)]
        .flatMap((entry) => entry?.deployedMs ?? []);
      const nodeAway = entryOf("nodes", node)?.away === true;
      const awayAsOfMs = nodeAway ? seen.get("nodes")?.writtenMs : undefined;
      return {
        ...entryOf("services", target),
        ...entryOf("incidents", target),
        ...deployed.length > 0 && { deployedMs: Math.max(...deployed) },
        nodeAway,
        ...awayAsOfMs !== undefined && { awayAsOfMs },
      };
    },
    look: () => looking ??= lookAll().finally(() => looking = undefined),
  };
}
