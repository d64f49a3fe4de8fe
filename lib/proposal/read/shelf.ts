/**
 * The names in one folder under actions/ by their target, kept small and up to date.
 *
 * Listing 50,000 names takes a Pi a second and 20 MiB for a moment: a folder is listed again only
 * when it has changed, and a large one seldom even then. What the planner itself named is kept as
 * numbers below the beginning of the name, the newest for each target. Other programs' files are
 * known by what they say: each is read once, when it appears.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { Files } from "../../base/disk/files.ts";
import { LARGEST_PROPOSAL_BYTES } from "../../base/disk/store.ts";
import { inTurns } from "../../base/in_turns.ts";
import { idOf } from "./folders.ts";

const COARSE_MS = 2_500; // a folder may change again under the same time for so long
const DUTY = 50; // listing a folder again takes at most one part in so many of the time
const LONG_LISTING_MS = 50; // a longer one is not waited for when there is an earlier one
const MOST_OF_A_TARGET = 32; // of the planner's own files the newest
const MOST_TARGETS = 20_000;
const MOST_OTHERS = 20_000;
const MOST_READ = 5_000; // files of other programs when a folder is listed; of more, the newest
const MOST_BYTES = 16 * 1024 * 1024; // of them
const AT_ONCE = 16;
const MOST_FOLLOWED = 2_000; // of a folder with no more names it is known which have gone
/** A young file that makes no sense may be half-written, and is looked at again. */
const UNCLEAR_MS = 600_000;
const MOST_UNCLEAR = 50;

/** The planner's own ids: what begins them, the event's epoch seconds, and a number where taken. */
const OWN_ID = /^(plan-.*?-)([1-9]\d{0,14})(?:-([1-9]\d{0,8}))?$/;

/** Opens a folder; nothing is read before the first refresh. */
export function openShelf({ path, files, clock, windowMs, read }: {
  readonly path: string;
  readonly files: Pick<Files, "eachName" | "times">;
  readonly clock: Clock;
  /** What other programs put there longer ago is of no interest, in milliseconds. */
  readonly windowMs: number;
  /** The key of the target that another program's file is for; "" for one that makes no sense. */
  readonly read: (
    actionId: string,
  ) => Promise<{ readonly key: string; readonly writtenMs: number }>;
}) {
  let names = noNames();
  /** The key of each file of others that was looked at. */
  let keys = new Map<string, string>();
  let byKey = new Map<string, string[]>();
  let followed = new Set<string>();
  let generation = 0;
  /** When the newest file of others that was too many came here; milliseconds since 1970. */
  let unreadMs = -Infinity;
  /** The generation that `keys` stands for; undefined when some are to be looked at again. */
  let keyed: number | undefined = 0;
  /** The folder's own time; undefined where a later look cannot tell whether it changed. */
  let folderMs: number | undefined;
  let listedAt = 0;
  let tookMs = 0;
  let listing: Promise<readonly string[]> | undefined;

  async function list(changedMs: number | undefined): Promise<readonly string[]> {
    const begun = clock.monotonic();
    const before = followed;
    const listed = noNames();
    const all = new Set<string>();
    await files.eachName(path, (name) => {
      const id = idOf(name);
      if (id === undefined) return;
      put(listed, id);
      if (all.size <= MOST_FOLLOWED) all.add(id);
    });
    names = listed;
    followed = all.size > MOST_FOLLOWED ? new Set() : all;
    const settled = changedMs !== undefined && Math.abs(clock.now() - changedMs) > COARSE_MS;
    folderMs = settled ? changedMs : undefined;
    listedAt = clock.monotonic();
    tookMs = listedAt - begun;
    generation++;
    return [...before.difference(followed)];
  }

  async function refresh(): Promise<readonly string[]> {
    const look = await files.times(path);
    // The time of a link is not that of the folder it leads to.
    const changedMs = look?.kind === "folder" ? look.writtenMs : undefined;
    const same = changedMs !== undefined && changedMs === folderMs;
    const soon = clock.monotonic() - listedAt < tookMs * DUTY;
    return generation > 0 && (same || soon) ? [] : await list(changedMs);
  }

  return {
    /** Grows whenever the names were read anew. */
    get generation() {
      return generation;
    },
    /** The planner's own ids that begin with `prefix`, the newest first. */
    own: (prefix: string) =>
      newest(names.own.get(prefix) ?? [])
        .map(([epoch, nth]) => `${prefix}${epoch}${nth === 1 ? "" : `-${nth}`}`),
    /** Whether some of them that were proposed since then may be missing: only so many are kept. */
    lacksOwn(prefix: string, sinceMs: number): boolean {
      const kept = newest(names.own.get(prefix) ?? []);
      const [oldest = 0] = kept.at(-1) ?? [];
      return kept.length === 0
        ? names.own.size >= MOST_TARGETS
        : kept.length >= MOST_OF_A_TARGET && oldest * 1000 > sinceMs;
    },
    others: (key: string): readonly string[] => byKey.get(key) ?? [],
    /** Whether files of others that came here since then were too many to be read. */
    lacksOthers: (sinceMs: number): boolean => unreadMs > sinceMs,
    /** Brings the names up to date; returns the ids that have gone, where that is known. */
    async refresh(): Promise<readonly string[]> {
      listing ??= refresh().finally(() => listing = undefined);
      if (generation === 0 || tookMs <= LONG_LISTING_MS) return await listing;
      // Whoever waits for a long one would wait for what was decided long ago.
      listing.catch(() => {});
      return [];
    },
    /** Takes up a file that came here from another folder, before a listing shows it. */
    add(actionId: string): void {
      put(names, actionId);
      generation++;
    },
    /** Reads what other programs put there since the last call. */
    async readOthers(): Promise<void> {
      if (keyed === generation) return;
      // A file that cannot be read is told of once, by throwing now.
      keyed = generation;
      keys = new Map([...keys].filter(([id]) => names.others.has(id)));
      const oldestMs = clock.now() - windowMs;
      const looks = await inTurns([...names.others.difference(keys)], AT_ONCE, async (id) => {
        const look = await files.times(`${path}/${id}.json`);
        const atMs = look ? Math.max(look.writtenMs, look.changedMs) : -Infinity;
        // What is larger than a proposal is not read.
        return { id, atMs, bytes: look && look.bytes <= LARGEST_PROPOSAL_BYTES ? look.bytes : 0 };
      });
      for (const { id } of looks) keys.set(id, "");
      const late = looks.filter(({ atMs }) => atMs > oldestMs).sort((a, b) => b.atMs - a.atMs);
      let bytes = 0;
      const end = late.findIndex((each, nth) =>
        nth >= MOST_READ || (bytes += each.bytes) > MOST_BYTES
      );
      const recent = end < 0 ? late : late.slice(0, end);
      const [first] = late.slice(recent.length);
      if (first) unreadMs = Math.max(unreadMs, Math.min(first.atMs, clock.now()));
      const unclear: string[] = [];
      try {
        await inTurns(recent, AT_ONCE, async ({ id }) => {
          const { key, writtenMs } = await read(id);
          keys.set(id, key);
          if (key === "" && clock.now() - writtenMs < UNCLEAR_MS) unclear.push(id);
        });
      } finally {
        for (const id of unclear.slice(0, MOST_UNCLEAR)) keys.delete(id);
        if (unclear.length > 0) keyed = undefined;
        byKey = Map.groupBy(keys.keys(), (id) => keys.get(id) ?? "");
      }
    },
  };
}

const noNames = () => ({
  /** Epoch and number in turns, by what begins the planner's own ids. */
  own: new Map<string, number[]>(),
  others: new Set<string>(),
});

function put({ own, others }: ReturnType<typeof noNames>, id: string): void {
  const found = OWN_ID.exec(id);
  if (!found) {
    if (others.size < MOST_OTHERS) others.add(id);
    return;
  }
  const [, prefix = "", epoch, nth] = found;
  const times = own.get(prefix) ?? [];
  if (times.length === 0 && own.size >= MOST_TARGETS) return;
  times.push(Number(epoch), Number(nth ?? 1));
  own.set(prefix, times.length > MOST_OF_A_TARGET * 4 ? newest(times).flat() : times);
}

function newest(times: readonly number[]): (readonly [epoch: number, nth: number])[] {
  const pairs = Array.from(
    { length: times.length / 2 },
    (_, i) => [times[i * 2] ?? 0, times[i * 2 + 1] ?? 1] as const,
  );
  return pairs.sort((a, b) => b[0] - a[0] || b[1] - a[1]).slice(0, MOST_OF_A_TARGET);
}
