/**
 * Sends events to the planners, and knows when all of them are read.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { CHANNELS } from "../bench/events.ts";
import { TimedOutError } from "../bench/pending_files.ts";
import { preparePublish, type RedisConnection, type Reply } from "../bench/resp.ts";
import { unreadBytes } from "../soak/unread.ts";
import type { Intake } from "./arguments.ts";

const [CHANNEL] = CHANNELS;
const AT_ONCE = 500;
const LOOK_EVERY_MS = 10;

const ADD = `
for i = 1, #ARGV do redis.call('XADD', KEYS[1], '*', 'data', ARGV[i]) end
return #ARGV`;

export interface PublishOptions {
  readonly redis: RedisConnection;
  readonly intake: Intake;
}

export async function publishAll(
  messages: readonly string[],
  { redis, intake }: PublishOptions,
): Promise<void> {
  if (intake === "pubsub") {
    const { unheard, errors } = await redis.pipeline(preparePublish(CHANNEL, messages));
    if (unheard + errors > 0) throw new Error(`${unheard} messages unheard, ${errors} refused`);
    return;
  }
  for (let first = 0; first < messages.length; first += AT_ONCE) {
    const reply = await redis.command(
      "EVAL",
      ADD,
      "1",
      CHANNEL,
      ...messages.slice(first, first + AT_ONCE),
    );
    if (typeof reply !== "number") throw new Error(`Redis answered "${reply}"`);
  }
}

/** Resolves when every planner has read, and with streams acknowledged, all that was sent. */
export async function untilRead(
  { redis, intake, clock, mostMs }: PublishOptions & {
    readonly clock: Clock;
    readonly mostMs: number;
  },
): Promise<void> {
  const end = clock.monotonic() + mostMs;
  const left = () =>
    intake === "pubsub"
      ? unreadBytes(redis)
      : redis.command("XINFO", "GROUPS", CHANNEL).then(openEntries);
  while (await left() > 0) {
    if (clock.monotonic() > end) {
      throw new TimedOutError(`not everything was read in ${mostMs / 1000} s`);
    }
    await sleep(clock, LOOK_EVERY_MS);
  }
}

/** Entries that a group has not read or not acknowledged, of all groups in XINFO's answer. */
export function openEntries(groups: Reply): number {
  if (!Array.isArray(groups)) return Infinity;
  return groups.reduce((sum: number, group: Reply) => {
    const words: readonly Reply[] = Array.isArray(group) ? group : [];
    // Null when Redis cannot tell: then it is not known to be read.
    const field = (name: string) => words[words.indexOf(name) + 1] ?? Infinity;
    return sum + Number(field("lag")) + Number(field("pending"));
  }, 0);
}
