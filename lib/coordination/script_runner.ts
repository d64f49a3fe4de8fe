import { type Backoff, backoffDelay } from "../base/backoff.ts";
import { type Clock, sleep } from "../base/clock.ts";
import type { CreateRedisClient } from "../base/redis/client.ts";
import { redisEndpoint } from "../base/redis/endpoint.ts";
import { RedisProtocolError, RedisTimeoutError } from "../base/redis/errors.ts";
import { type RedisFailure, redisFailure } from "../base/redis/failure.ts";
import { type RedisLink, redisLink } from "../base/redis/link.ts";
import { redisTarget } from "../base/redis/target.ts";
import { CLAIM_COMMANDS, LOOK, REHEARSE } from "./claim_scripts.ts";

/** A script with the one key that it works on. */
export interface ScriptCall {
  readonly script: string;
  readonly key: string;
  readonly args: readonly (string | number)[];
}

export interface ScriptRunnerOptions {
  /** REDIS_URL. Claims are in database 0. */
  readonly url: string;
  /** Of every key. */
  readonly prefix: string;
  readonly clock: Clock;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** Makes a text that nobody else makes, as crypto.randomUUID. */
  readonly newToken: () => string;
  /** The longest that anybody waits for Redis, each time; milliseconds. */
  readonly deadlineMs: number;
  /** Redis is away from now on; called once an outage. */
  readonly onAway: (failure: RedisFailure) => void;
  /** Redis is back after `awayMs`; called once an outage. */
  readonly onBack: (awayMs: number) => void;
  readonly createClient?: CreateRedisClient | undefined;
}

/** Redis cannot be asked. Whether it carried out the last script is not known. */
class RedisAwayError extends Error {
  override readonly name = "RedisAwayError";
}

const BACKOFF: Backoff = { firstMs: 100, mostMs: 25_000, jitter: 0.2 };
/** A connection that lasted this long starts the backoff anew. */
const STEADY_MS = 10_000;
/** A silent connection is looked after this often: TCP's keepalive does nothing in Deno 2.7. */
const LOOK_EVERY_MS = 10_000;
/** In case a rehearsal is cut short. */
const REHEARSAL_TTL_MS = 1_000;

/**
 * Scripts on a Redis that is there or known to be away: nobody waits for it longer than a deadline.
 * A drop shorter than that is bridged, a longer one told.
 */
export function createScriptRunner(options: ScriptRunnerOptions) {
  const { url, prefix, clock, deadlineMs, createClient } = options;
  const target = redisTarget(url, { clock, keys: true, createClient });
  const { credentials, secrets } = target;
  const closing = new AbortController();
  const { signal } = closing;
  let endpoint = redisEndpoint(url);
  let current: RedisLink | undefined;
  let lastError: unknown;
  /** Since when there is no connection, monotonic milliseconds; undefined before the first call. */
  let downSince: number | undefined;
  let away = false;
  let started = false;
  /** Settled when there is a connection, or it is known that there is none. */
  let change = Promise.withResolvers<void>();

  async function keepConnected(): Promise<void> {
    for (let failures = 1; !signal.aborted; failures++) {
      let upAt = Infinity;
      let link: RedisLink | undefined;
      try {
        endpoint = await target.locate({ deadlineMs, signal });
        const connectTimeoutMs = deadlineMs;
        link = redisLink({ endpoint, credentials, clock, connectTimeoutMs, createClient, signal });
        await link.open();
        await rehearse(link);
        upAt = clock.monotonic();
        rise(link);
        for (;;) {
          await link.pause(LOOK_EVERY_MS);
          await ask(link, { script: LOOK, key: `${prefix}probe`, args: [] });
        }
      } catch (error) {
        link?.close(error);
        fall(error);
      }
      if (clock.monotonic() - upAt >= STEADY_MS) failures = 1;
      await sleep(clock, backoffDelay(BACKOFF, failures, options.random), signal);
    }
  }

  function ask(link: RedisLink, call: ScriptCall, ms = deadlineMs): Promise<unknown> {
    const { script, key, args } = call;
    return link.ask((client) => client.eval(script, 1, key, ...args), { stage: "ping", ms });
  }

  async function rehearse(link: RedisLink): Promise<void> {
    const token = options.newToken();
    const args = [token, REHEARSAL_TTL_MS];
    const reply = await ask(link, { script: REHEARSE, key: `${prefix}probe:${token}`, args });
    if (reply === 1) return;
    throw new RedisProtocolError("an answer to EVAL that its script does not give");
  }

  function rise(link: RedisLink): void {
    current = link;
    const awayMs = clock.monotonic() - (downSince ?? 0);
    downSince = lastError = undefined;
    if (away) {
      away = false;
      options.onBack(awayMs);
    }
    wake();
  }

  function fall(error: unknown): void {
    if (signal.aborted) return;
    current = undefined;
    lastError = error;
    downSince ??= clock.monotonic();
    if (clock.monotonic() - downSince >= deadlineMs) giveUp(error);
  }

  /** From now on nobody waits until Redis is back. */
  function giveUp(error: unknown): void {
    if (away || signal.aborted) return;
    away = true;
    options.onAway(explained(error));
    wake();
  }

  function wake(): void {
    change.resolve();
    change = Promise.withResolvers();
  }

  function explained(error: unknown): RedisFailure {
    const failure = redisFailure(error, { endpoint, secrets });
    // Redis does not say which command of a script it refused.
    const inScript = error instanceof Error &&
      /user executing the script can't/.test(error.message);
    if (failure.reason !== "no_permission" && !inScript) return failure;
    const commands = CLAIM_COMMANDS.map((name) => `+${name}`).join(" ");
    return {
      reason: "no_permission",
      detail: "This user lacks a permission that claims need. Grant all of them: " +
        `ACL SETUSER ... ~${prefix}* ${commands}`,
    };
  }

  /** Waits for a change, `ms` at the longest. */
  async function changed(ms: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([change.promise, sleep(clock, ms, over.signal)]);
    over.abort();
  }

  return {
    /**
     * The reply to a script, which may be sent more than once. The first call connects.
     *
     * @throws {RedisAwayError} within the deadline; at once while Redis is known to be away.
     */
    async run(call: ScriptCall): Promise<unknown> {
      if (!started) {
        started = true;
        downSince = clock.monotonic();
        void keepConnected();
      }
      const until = clock.monotonic() + deadlineMs;
      let failed: unknown = new RedisTimeoutError("connect", deadlineMs);
      while (!away && !signal.aborted) {
        const link = current;
        const leftMs = until - clock.monotonic();
        if (leftMs <= 0) {
          if (link) break;
          giveUp(lastError ?? failed);
        } else if (!link) {
          await changed(leftMs);
        } else {
          try {
            return await ask(link, call, leftMs);
          } catch (error) {
            failed = error;
            // Whoever keeps the link is told why it ended.
            link.close(error);
            if (current === link) {
              current = undefined;
              downSince ??= clock.monotonic();
            }
          }
        }
      }
      throw new RedisAwayError("Redis cannot be asked");
    },
    close(): void {
      closing.abort();
      wake();
    },
  };
}
