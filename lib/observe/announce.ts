/**
 * Announces each proposal on a Redis channel, and when one needs no decision any more, for a bridge
 * to whatever wakes a person.
 *
 * A connection of its own, since one that is subscribed cannot publish; made when there is
 * something to say, and closed after it. Nothing waits for it.
 *
 * @module
 */
import { announcement, laterAnnouncement } from "./announcement.ts";
import { type Backoff, keepTrying } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import { createFollowUps } from "./follow_up.ts";
import type { Log } from "../base/log/log.ts";
import { redisConnection } from "../base/redis/connection.ts";
import { redisFailure } from "../base/redis/failure.ts";
import { redisTarget } from "../base/redis/target.ts";

/** Announcements that can wait for Redis; the oldest is dropped for a further one. */
const MOST_WAITING = 100;
const BACKOFF: Backoff = { firstMs: 5_000, mostMs: 60_000, jitter: 0.2 };
/** Of each step: connecting, AUTH, PUBLISH. */
const DEADLINE_MS = 5_000;
/** What is under way when the agent stops gets this long. */
const LAST_MS = 1_000;

/** Publishes at least once while Redis can be reached, and not at all when it cannot for long. */
export function createProposalChannel({ url, channel, clock, log, random }: {
  /** REDIS_URL. */
  readonly url: string;
  readonly channel: string;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
}) {
  const target = redisTarget(url, { clock, connectTimeoutMs: DEADLINE_MS });
  /** Of any further try, and of the one that is under way. */
  const [stopping, cutting] = [new AbortController(), new AbortController()];
  const waiting: string[] = [];
  let delivering: Promise<void> | undefined;
  let failing = false;
  let dropped = 0;

  function deliver(): void {
    if (delivering || stopping.signal.aborted || waiting.length === 0) return;
    delivering = keepTrying({
      clock,
      random,
      backoff: BACKOFF,
      signal: stopping.signal,
      attempt: publishAll,
      onFailed(error, { retryInMs }) {
        if (failing) return;
        failing = true;
        log.warning("proposal_publish_failed", {
          channel,
          ...redisFailure(error, { ...target.server, channel, publishing: true }),
          retry_in_seconds: Math.round(retryInMs / 1000),
        });
      },
    }).finally(() => {
      delivering = undefined;
      deliver();
    });
  }

  /** Over one connection, until nothing waits any more. */
  async function publishAll(): Promise<void> {
    const { signal } = cutting;
    const connection = redisConnection({ ...await target.locate(signal), signal });
    try {
      await connection.open();
      await connection.confirmPrimary();
      for (let text = waiting[0]; text !== undefined; text = waiting[0]) {
        const sent = text;
        const wait = { stage: "publish", ms: DEADLINE_MS } as const;
        await connection.ask((client) => client.publish(channel, sent), wait);
        // A full queue may have dropped it meanwhile.
        if (waiting[0] === sent) waiting.shift();
      }
    } finally {
      connection.close();
    }
    if (failing) log.info("proposal_published_again", { channel, dropped });
    failing = false;
    dropped = 0;
  }

  function publish(text: string): void {
    if (waiting.length >= MOST_WAITING) {
      waiting.shift();
      dropped++;
    }
    waiting.push(text);
    deliver();
  }

  const followUps = createFollowUps({ clock, tell: (what) => publish(laterAnnouncement(what)) });
  return {
    onDecided: followUps.onDecided,
    onEnding: followUps.onEnding,
    onProposed(file: ActionFile): void {
      publish(announcement(file));
      followUps.onProposed(file);
    },
    async close(): Promise<void> {
      followUps.close();
      stopping.abort();
      const cancel = clock.after(LAST_MS, () => cutting.abort());
      await delivering;
      cancel();
    },
  };
}
