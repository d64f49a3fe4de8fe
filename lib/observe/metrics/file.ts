/**
 * Keeps `state/planner-agent.prom` up to date, for node_exporter's textfile collector.
 *
 * @module
 */
import type { Backlog } from "../../queue/backlog.ts";
import { type Clock, every } from "../../base/clock.ts";
import type { Files } from "../../base/disk/files.ts";
import type { Log } from "../../base/log/log.ts";
import type { Metrics } from "../metrics.ts";
import type { Counters } from "../outcome.ts";
import { pendingWatch } from "../../proposal/read/pending.ts";
import type { Store } from "../../base/disk/store.ts";
import { explainWriteFailure } from "../../base/disk/write_failure.ts";

/** Its name in state/. */
const METRICS_FILE = "planner-agent.prom";

const WRITE_EVERY_MS = 10_000;

interface MetricsFileOptions {
  readonly metrics: Pick<Metrics, "text">;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly store: Pick<Store, "replaceState" | "pending">;
  readonly backlog: Pick<Backlog, "waiting" | "running" | "parked">;
  readonly counters: Pick<Counters, "counts">;
}

interface MetricsFile {
  /** Writes it a last time. */
  close(): Promise<void>;
}

/** Writes the file now and every 10 s. A failure is logged once, until it works again. */
export function keepMetricsFile(options: MetricsFileOptions): MetricsFile {
  const { metrics, clock, log, files, store, backlog, counters } = options;
  const lookAtPending = pendingWatch({ folder: store.pending, files });
  let writing: Promise<void> | undefined;
  let failing = false;

  async function writeOnce() {
    try {
      const { count, oldestMs } = await lookAtPending();
      const parked = backlog.parked().length;
      const text = metrics.text({
        received: counters.counts().received,
        queued: backlog.waiting - parked,
        parked,
        running: backlog.running,
        pending: count,
        oldestPendingMs: oldestMs,
      });
      await store.replaceState(METRICS_FILE, text);
      failing = false;
    } catch (error) {
      if (!failing) log.warning("metrics_write_failed", { ...explainWriteFailure(error) });
      failing = true;
    }
  }

  /** One at a time; a slow disk skips a turn. */
  const write = () => writing ??= writeOnce().finally(() => writing = undefined);

  void write();
  const stop = every(clock, WRITE_EVERY_MS, () => void write());
  return {
    async close() {
      stop();
      await writing;
      await write();
    },
  };
}
