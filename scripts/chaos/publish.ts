/**
 * Sends the planned events to the streams, each exactly once, whatever happens to Redis.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import type { Reply } from "../bench/resp.ts";
import { type PlannedEvent, STREAMS } from "./plan.ts";

/** How often what is due is sent, milliseconds. */
const TURN_MS = 50;
const MOST_AT_ONCE = 200;

/**
 * Adds entries of given ids. Sent again because its answer got lost, it adds what is missing: an
 * id that is not above the last one is there already.
 */
const ADD = `
for i = 1, #ARGV, 2 do
  local reply = redis.pcall('XADD', KEYS[1], ARGV[i], 'data', ARGV[i + 1])
  if type(reply) == 'table' and not string.find(reply.err, 'equal or smaller', 1, true) then
    return reply
  end
end
return #ARGV / 2`;

export interface PublishOptions {
  readonly command: (...words: readonly string[]) => Promise<Reply>;
  readonly clock: Clock;
  /** Time of the first event, milliseconds since 1970. */
  readonly startedMs: number;
}

/** The entry's id of the `nth` event of a run. */
export function entryId(startedMs: number, nth: number): string {
  return `${startedMs}-${nth + 1}`;
}

/** What a node agent would send. */
export function messageOf(event: PlannedEvent, startedMs: number): string {
  const { node, service, type, severity, happenedMs } = event;
  const timestamp = (startedMs + happenedMs) / 1000;
  return JSON.stringify({ type, severity, node, service, timestamp, payload: { exit_code: 137 } });
}

/** Sends each event when it is due; resolves after the last. */
export async function publishEvents(
  events: readonly PlannedEvent[],
  { command, clock, startedMs }: PublishOptions,
): Promise<void> {
  const begin = clock.monotonic();
  for (let sent = 0; sent < events.length;) {
    const dueMs = clock.monotonic() - begin;
    const entries = new Map<string, string[]>(STREAMS.map((stream) => [stream, []]));
    const first = sent;
    while (sent < events.length && sent - first < MOST_AT_ONCE) {
      const event = events[sent];
      if (!event || event.atMs > dueMs) break;
      entries.get(event.stream)?.push(entryId(startedMs, sent), messageOf(event, startedMs));
      sent++;
    }
    for (const [stream, words] of entries) {
      if (words.length > 0) await command("EVAL", ADD, "1", stream, ...words);
    }
    if (sent - first < MOST_AT_ONCE) await sleep(clock, TURN_MS);
  }
}
