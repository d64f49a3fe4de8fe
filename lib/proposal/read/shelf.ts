/**
 * The names in one folder under actions/, kept small and up to date.
 *
 * Listing 50,000 names takes a Pi a second and 20 MiB for a moment: a folder is listed again only
 * when it has changed, and a large one seldom even then. What the planner itself named is kept as
 * numbers below the beginning of the name, the newest for each target; other names as they are.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { Files } from "../../base/disk/files.ts";

/** A folder that changed this shortly before it was listed may change again under the same time. */
const COARSE_MS = 2_500;
/** Listing a folder again takes at most one part in so many of the time. */
const DUTY = 50;
/** A listing that takes longer is not waited for when there is an earlier one. */
const LONG_LISTING_MS = 50;
/** The newest of the planner's own files that are kept for one target. */
const MOST_OF_A_TARGET = 32;
const MOST_TARGETS = 20_000;
/** Names of other programs that are kept. */
const MOST_OTHERS = 20_000;
/** Of a folder with no more names it is known which have gone since the last look. */
const MOST_FOLLOWED = 2_000;

const SUFFIX = ".json";
/** The planner's own names: what begins them, the event's epoch seconds, and a number where taken. */
const OWN_NAME = /^(plan-.*?-)([1-9]\d{0,14})(?:-([1-9]\d{0,8}))?\.json$/;

export interface Shelf {
  readonly path: string;
  /** Grows whenever the names were read anew. */
  readonly generation: number;
  /** Ids of other programs' files. */
  readonly others: ReadonlySet<string>;
  /** The planner's own ids that begin with `prefix`, the newest first. */
  own(prefix: string): string[];
  /** Brings the names up to date; returns the ids that have gone, where that is known. */
  refresh(): Promise<readonly string[]>;
  /** Takes up a file that came here from another folder, before a listing shows it. */
  add(actionId: string): void;
}

/** Opens a folder; nothing is read before the first refresh. */
export function openShelf(
  { path, files, clock }: {
    readonly path: string;
    readonly files: Pick<Files, "list" | "times">;
    readonly clock: Clock;
  },
): Shelf {
  let own = new Map<string, number[]>();
  let others = new Set<string>();
  let followed = new Set<string>();
  let generation = 0;
  /** The folder's own time; undefined where a later look cannot tell whether it changed. */
  let folderMs: number | undefined;
  let listedAt = 0;
  let tookMs = 0;
  let listing: Promise<readonly string[]> | undefined;

  async function list(changedMs: number | undefined): Promise<readonly string[]> {
    const begun = clock.monotonic();
    const names = (await files.list(path)).filter((name) =>
      name.endsWith(SUFFIX) && !name.startsWith(".")
    );
    own = new Map();
    others = new Set();
    for (const name of names) put(name);
    const before = followed;
    followed = new Set(names.length > MOST_FOLLOWED ? [] : names);
    const settled = changedMs !== undefined && Math.abs(clock.now() - changedMs) > COARSE_MS;
    folderMs = settled ? changedMs : undefined;
    listedAt = clock.monotonic();
    tookMs = listedAt - begun;
    generation++;
    return [...before.difference(followed)].map((name) => name.slice(0, -SUFFIX.length));
  }

  function put(name: string): void {
    const found = OWN_NAME.exec(name);
    if (!found) {
      if (others.size < MOST_OTHERS) others.add(name.slice(0, -SUFFIX.length));
      return;
    }
    const [, prefix = "", epoch, nth] = found;
    const times = own.get(prefix) ?? [];
    if (times.length === 0 && own.size >= MOST_TARGETS) return;
    times.push(Number(epoch), Number(nth ?? 1));
    own.set(prefix, times.length > MOST_OF_A_TARGET * 4 ? newest(times) : times);
  }

  async function refresh(): Promise<readonly string[]> {
    const look = await files.times(path);
    // The time of a link is not that of the folder it leads to.
    const changedMs = look?.kind === "folder" ? look.writtenMs : undefined;
    if (generation > 0) {
      if (changedMs !== undefined && changedMs === folderMs) return [];
      if (clock.monotonic() - listedAt < tookMs * DUTY) return [];
    }
    return await list(changedMs);
  }

  return {
    path,
    get generation() {
      return generation;
    },
    get others() {
      return others;
    },
    own: (prefix) =>
      pairs(newest(own.get(prefix) ?? [])).map(([epoch, nth]) =>
        `${prefix}${epoch}${nth === 1 ? "" : `-${nth}`}`
      ),
    async refresh() {
      listing ??= refresh().finally(() => listing = undefined);
      // Whoever waits for a long one would wait for what was decided long ago.
      if (generation > 0 && tookMs > LONG_LISTING_MS) {
        listing.catch(() => {});
        return [];
      }
      return await listing;
    },
    add(actionId) {
      put(`${actionId}${SUFFIX}`);
      generation++;
    },
  };
}

function pairs(times: readonly number[]): (readonly [epoch: number, nth: number])[] {
  return Array.from({ length: times.length / 2 }, (_, i) => [
    times[i * 2] ?? 0,
    times[i * 2 + 1] ?? 1,
  ]);
}

/** The newest times, the newest first. */
function newest(times: readonly number[]): number[] {
  return pairs(times).sort((a, b) => b[0] - a[0] || b[1] - a[1]).slice(0, MOST_OF_A_TARGET).flat();
}
