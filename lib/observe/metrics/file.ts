/**
 * Keeps `state/planner-agent.prom` up to date, for node_exporter's textfile collector.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Backlog } from "../../queue/backlog.ts";
import { type Clock, every } from "../../base/clock.ts";
import type { Files } from "../../base/disk/files.ts";
import type { Log } from "../../base/log/log.ts";
import type { Metrics } from "../metrics.ts";
import type { Counters } from "../outcome.ts";
import type { Store } from "../../base/disk/store.ts";
import { failingOnce } from "../../base/disk/failing_once.ts";
import { idsIn } from "../../proposal/read/folders.ts";

const METRICS_FILE = "planner-agent.prom";

const WRITE_EVERY_MS = 10_000;
/** The most proposals whose age is looked up; of any others the age is not known. */
const MOST_LOOKED_AT = 10_000;

/** Writes the file now and every 10 s. A failure is logged once, until it works again. */
export function keepMetricsFile({ metrics, clock, log, files, store, backlog, counters }: {
  readonly metrics: Pick<Metrics, "text">;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly store: Pick<Store, "replaceState" | "pending">;
  readonly backlog: Pick<Backlog, "waiting" | "running" | "parked">;
  readonly counters: Pick<Counters, "counts">;
}) {
  /** When each of the proposals that wait was written: that is looked up once. */
  let written = new Map<string, number>();
  let writing: Promise<unknown> | undefined;
  const tryWrite = failingOnce(log, "metrics_write_failed");

  async function lookAtPending() {
    const ids = idsIn(await files.list(store.pending));
    const now = new Map<string, number>();
    for (const id of ids.slice(0, MOST_LOOKED_AT)) {
      const path = join(store.pending, `${id}.json`);
      const ms = written.get(id) ?? (await files.times(path))?.writtenMs;
      // A person may have moved it meanwhile.
      if (ms !== undefined) now.set(id, ms);
    }
    written = now;
    const oldestPendingMs = now.size === 0 ? undefined : Math.min(...now.values());
    return { pending: ids.length, oldestPendingMs };
  }

  async function writeOnce() {
    const pending = await lookAtPending();
    const parked = backlog.parked().length;
    const text = metrics.text({
      received: counters.counts().received,
      queued: backlog.waiting - parked,
      parked,
      running: backlog.running,
      ...pending,
    });
    await store.replaceState(METRICS_FILE, text);
  }

  /** One at a time; a slow disk skips a turn. */
  const write = () => writing ??= tryWrite(writeOnce).finally(() => writing = undefined);

  void write();
  const stop = every(clock, WRITE_EVERY_MS, () => void write());
  return {
    async close(): Promise<void> {
      stop();
      await writing;
      await write();
    },
  };
}
