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
import { type Backoff, backoffDelay } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import { createFollowUps } from "./follow_up.ts";
import type { Log } from "../base/log/log.ts";
import { redisEndpoint } from "../base/redis/endpoint.ts";
import { redisFailure } from "../base/redis/failure.ts";
import { redisLink } from "../base/redis/link.ts";
import { confirmPrimary, redisTarget } from "../base/redis/target.ts";

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
  const target = redisTarget(url, { clock });
  const { credentials, secrets } = target;
  let endpoint = redisEndpoint(url);
  const closing = new AbortController();
  const waiting: string[] = [];
  let delivering: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;
  let failures = 0;
  let dropped = 0;

  function deliver(): void {
    if (delivering || cancelRetry || closing.signal.aborted || waiting.length === 0) return;
    delivering = session().then(onPublished, onFailed).finally(() => {
      delivering = undefined;
      deliver();
    });
  }

  /** One connection, until nothing waits any more. */
  async function session(): Promise<void> {
    const { signal } = closing;
    endpoint = await target.locate({ deadlineMs: DEADLINE_MS, signal });
    const link = redisLink({ endpoint, credentials, clock, connectTimeoutMs: DEADLINE_MS, signal });
    try {
      await link.open();
      await confirmPrimary(
        endpoint,
        () => link.ask((client) => client.role(), { stage: "role", ms: DEADLINE_MS }),
      );
      for (let text = waiting[0]; text !== undefined; text = waiting[0]) {
        const sent = text;
        await link.ask((client) => client.publish(channel, sent), {
          stage: "publish",
          ms: DEADLINE_MS,
        });
        // A full queue may have dropped it meanwhile.
        if (waiting[0] === sent) waiting.shift();
      }
    } finally {
      link.close();
    }
  }

  function onPublished(): void {
    if (failures > 0) log.info("proposal_published_again", { channel, dropped });
    failures = dropped = 0;
  }

  function onFailed(error: unknown): void {
    if (closing.signal.aborted) return;
    const delay = backoffDelay(BACKOFF, ++failures, random);
    if (failures === 1) {
      log.warning("proposal_publish_failed", {
        channel,
        ...redisFailure(error, { endpoint, secrets, channel, publishing: true }),
        retry_in_seconds: Math.round(delay / 1000),
      });
    }
    cancelRetry = clock.after(delay, () => {
      cancelRetry = undefined;
      deliver();
    });
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
      const abort = () => closing.abort(new Error("the agent is stopping"));
      const cancel = clock.after(LAST_MS, abort);
      await delivering;
      cancel();
      abort();
      cancelRetry?.();
    },
  };
}
