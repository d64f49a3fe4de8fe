import type { Clock } from "../../base/clock.ts";
import { type RedisConnection, redisConnection } from "../../base/redis/connection.ts";
import { redisTarget } from "../../base/redis/target.ts";
import { ENTRIES_BOUNDS, entryMessage } from "./entry.ts";
import { streamFailure } from "./failure.ts";
import { entriesOf } from "./reply.ts";

interface StreamHistoryOptions {
  readonly url: string; // REDIS_URL
  readonly stream: string;
  readonly sinceMs: number; // the first moment, by Redis' clock; milliseconds since 1970
  /** The last moment. Without one, entries that come while it reads are read, too. */
  readonly untilMs?: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Entries asked for at once. @default {50} */
  readonly pageSize?: number;
  /** Deadline of connecting and of each reply, in milliseconds. @default {10_000} */
  readonly timeoutMs?: number;
}

/** A history that could not be read, or not to its end; the message is for the operator. */
export class StreamHistoryError extends Error {
  override readonly name = "StreamHistoryError";
}

/**
 * The messages of a stream, oldest first; of no group and of no effect on any. Ends when `signal`
 * aborts. A user needs `+xrange` and the stream's key.
 *
 * `bytes` are as `readMessage` takes them; `addedMs` is when the entry was added, by its id, in
 * milliseconds since 1970 unless the id was made by hand.
 *
 * @throws {StreamHistoryError} when Redis cannot be reached or refuses.
 * @throws SiteError for a URL that cannot be used.
 */
export async function* readStreamHistory(
  options: StreamHistoryOptions,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly addedMs: number }, void, undefined> {
  const { url, stream, clock, signal, pageSize = 50, timeoutMs = 10_000 } = options;
  const target = redisTarget(url, { clock, keys: true, connectTimeoutMs: timeoutMs });
  let connection: RedisConnection | undefined;
  let from = `${Math.max(0, Math.floor(options.sinceMs))}`;
  const to = options.untilMs === undefined ? "+" : `${Math.max(0, Math.floor(options.untilMs))}`;
  try {
    const server = await target.locate(signal);
    connection = redisConnection({ ...server, bounds: ENTRIES_BOUNDS, signal });
    await connection.open();
    while (!signal?.aborted) {
      const command = ["XRANGE", stream, from, to, "COUNT", `${pageSize}`] as const;
      const page = entriesOf(await connection.call(command, timeoutMs), "XRANGE", stream);
      for (const { id, fields } of page) {
        if (signal?.aborted) return;
        yield { bytes: entryMessage(fields), addedMs: Number.parseInt(id, 10) };
      }
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      from = `(${last.id}`;
    }
  } catch (error) {
    // Null: closed by `signal`.
    if (error === null) return;
    const failure = streamFailure(error, { ...target.server, stream });
    const where = from.startsWith("(") ? ` (behind entry ${from.slice(1)})` : "";
    throw new StreamHistoryError(`Cannot read the stream ${stream}${where}: ${failure.detail}`);
  } finally {
    connection?.close();
  }
}
