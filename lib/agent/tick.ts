/**
 * What an agent does every few seconds, whatever happens: heartbeat, forgetting, and a look at the
 * clock, the silences and the status.
 *
 * @module
 */
import type { Backlog } from "../queue/backlog.ts";
import type { World } from "../event/world.ts";
import { type Clock, every } from "../base/clock.ts";
import type { Journal } from "../queue/journal.ts";
import type { Log } from "../base/log/log.ts";
import type { Suppression } from "../gate/suppression.ts";
import { silencesWatcher } from "../gate/silences_file.ts";
import type { Silence } from "../gate/silences.ts";
import type { StatusBoard } from "../observe/status.ts";
import type { Store } from "../base/disk/store.ts";
import { failingOnce } from "../base/disk/failing_once.ts";

/** The heartbeat is promised every 5 s at least. */
const TICK_MS = 3_000;

/**
 * Smaller steps of the wall clock are drift. A Pi has no clock battery and starts in the past until
 * it hears of the time.
 */
const SMALLEST_JUMP_MS = 2_000;

/** Ticks now and from now on; returns what ends it. */
export function startTicking(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "heartbeat" | "readConfig" | "configWrittenMs">;
  readonly backlog: Pick<Backlog, "prune">;
  readonly journal: Pick<Journal, "rewrite">;
  readonly suppression: Pick<Suppression, "prune">;
  readonly useSilences: (silences: readonly Silence[]) => void;
  /** The wall clock says another time: silences may have begun or ended. */
  readonly onJump: () => void;
  readonly board: Pick<StatusBoard, "write">;
  readonly world: Pick<World, "look">;
  readonly onTick?: (() => void) | undefined;
  /** Milliseconds between two ticks, 3 s at most. */
  readonly tickMs?: number | undefined;
}): () => void {
  const { clock, log, store, backlog, journal, suppression, board, tickMs = TICK_MS } = options;
  const ahead = () => clock.now() - clock.monotonic();
  let before = ahead();
  const tryBeat = failingOnce(log, "heartbeat_failed");
  const lookForSilences = silencesWatcher({ store, log, use: options.useSilences });
  const lookAround = () => {
    void options.world.look();
    void tryBeat(() => store.heartbeat(clock.now()));
    void lookForSilences();
  };
  lookAround();
  void board.write();
  return every(clock, Math.min(tickMs, TICK_MS), () => {
    lookAround();
    backlog.prune();
    suppression.prune();
    void board.write();
    options.onTick?.();
    const jumpMs = ahead() - before;
    before += jumpMs;
    if (Math.abs(jumpMs) < SMALLEST_JUMP_MS) return;
    log.warning("clock_jumped", { seconds: Math.round(jumpMs / 1000) });
    // The state file holds wall-clock times: they are written anew by the new clock.
    void journal.rewrite();
    options.onJump();
  });
}
