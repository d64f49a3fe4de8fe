import { type RedisIntake, type RedisListenerOptions, redisListening } from "./listener.ts";
import { createStreamsMemory, type StreamsSettings } from "./streams/reading.ts";
import { streamsSession } from "./streams/session.ts";

const DEFAULTS = { lookbackMs: 3_600_000, blockMs: 5_000, answerTimeoutMs: 10_000 };

type StreamsIntakeOptions =
  & RedisListenerOptions
  & Omit<StreamsSettings, keyof typeof DEFAULTS>
  & Partial<typeof DEFAULTS>;

const CLAIM_MARGIN_MS = 60_000;

/**
 * How long an entry must lie untouched before another planner takes it: longer than a diagnosis by
 * a chain of so many links takes, should it be cut off from Redis meanwhile. Milliseconds.
 */
export function claimIdleMs(
  { links, attempts, timeoutSeconds }: Readonly<
    Record<"links" | "attempts" | "timeoutSeconds", number>
  >,
): number {
  return links * attempts * timeoutSeconds * 1_000 + CLAIM_MARGIN_MS;
}

/**
 * A reader of `streams` at `url` in a consumer group, whatever happens to Redis or the way there.
 * Each entry is delivered at least once, until its outcome is durable. Needs Redis 6.2 or newer.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createStreamsIntake(options: StreamsIntakeOptions): RedisIntake {
  const settings = { ...DEFAULTS, ...options };
  const memory = createStreamsMemory(settings);
  return redisListening({
    ...options,
    names: options.streams,
    keys: true,
    lost: (read, seconds) => ({ streams: read, read_seconds: seconds }),
    onStop: memory.flush,
    session: (server, signal) => streamsSession({ settings, memory, server, signal }),
  });
}
