/**
 * A way to Redis that is there or known to be away: nobody waits for it longer than a deadline.
 *
 * @module
 */
import { Redis } from "ioredis";
import { type Backoff, backoffDelay } from "../backoff.ts";
import { type Clock, sleep } from "../clock.ts";
import { redisEndpoint } from "../intake/redis_endpoint.ts";
import {
  type RedisFailure,
  redisFailure,
  RedisProtocolError,
  RedisTimeoutError,
} from "../intake/redis_failure.ts";
import type { RedisClientOptions } from "../intake/redis_session.ts";
import { redisTarget } from "../intake/redis_target.ts";
import { CLAIM_COMMANDS, LOOK, REHEARSE } from "./claim_scripts.ts";
import { type RedisConnection, redisConnection, type ScriptCall } from "./redis_connection.ts";

export interface RedisLinkOptions {
  /** REDIS_URL. Claims are in database 0. */
  readonly url: string;
  /** Of every key. */
  readonly prefix: string;
  readonly clock: Clock;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** Makes a text that nobody else makes. */
  readonly newToken: () => string;
  /** The longest that anybody waits for an answer, milliseconds. */
  readonly deadlineMs: number;
  /** Redis is away from now on; called once an outage. */
  readonly onAway: (failure: RedisFailure) => void;
  /** Redis is back after `awayMs`; called once an outage. */
  readonly onBack: (awayMs: number) => void;
  /** Makes ioredis' client. */
  readonly createClient?: ((options: RedisClientOptions) => Redis) | undefined;
}

export interface RedisLink {
  /**
   * The answer to a script, which may be sent more than once. The first call connects.
   *
   * @throws {RedisAway} within the deadline; at once while Redis is known to be away.
   */
  run(call: ScriptCall): Promise<unknown>;
  close(): void;
}

/** Redis cannot be asked. Whether it did what it was asked before is not known. */
export class RedisAway extends Error {
  override readonly name = "RedisAway";
}

const BACKOFF: Backoff = { firstMs: 100, mostMs: 25_000, jitter: 0.2 };
/** A connection that lasted this long starts the backoff anew. */
const STEADY_MS = 10_000;
/** A silent connection is looked after this often: TCP's keepalive does nothing in Deno 2.7. */
const LOOK_EVERY_MS = 10_000;
/** In case a rehearsal is cut short. */
const REHEARSAL_TTL_MS = 1_000;

/** A link to the Redis of `url`. A drop shorter than the deadline is bridged, a longer one told. */
export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const { url, prefix, clock, deadlineMs } = options;
  const createClient = options.createClient ??
    ((settings: RedisClientOptions) => new Redis(settings));
  const target = redisTarget(url, { clock, keys: true, createClient });
  const { credentials, secrets } = target;
  let endpoint = redisEndpoint(url);
  const closing = new AbortController();
  const waiting = new Set<() => void>();
  let current: RedisConnection | undefined;
  let lastError: unknown;
  /** Since when there is no connection, monotonic milliseconds. */
  let downSince: number | undefined;
  let away = false;
  let started = false;

  async function keepConnected() {
    for (let failures = 1; !closing.signal.aborted; failures++) {
      let upAt: number | undefined;
      let connection: RedisConnection | undefined;
      const abort = () => connection?.end(new RedisAway("closed"));
      closing.signal.addEventListener("abort", abort);
      try {
        endpoint = await target.locate({ deadlineMs, signal: closing.signal });
        closing.signal.throwIfAborted();
        connection = redisConnection({ endpoint, credentials, clock, createClient });
        await connection.open(deadlineMs);
        if (await connection.run(rehearsal(), deadlineMs) !== 1) {
          throw new RedisProtocolError("an answer to EVAL that its script does not give");
        }
        upAt = clock.monotonic();
        rise(connection);
        for (;;) {
          await connection.pause(LOOK_EVERY_MS);
          await connection.run({ script: LOOK, key: `${prefix}probe`, args: [] }, deadlineMs);
        }
      } catch (error) {
        connection?.end(error);
        fall(error);
      }
      closing.signal.removeEventListener("abort", abort);
      if (upAt !== undefined && clock.monotonic() - upAt >= STEADY_MS) failures = 1;
      await sleep(clock, backoffDelay(BACKOFF, failures, options.random), closing.signal);
    }
  }

  function rehearsal(): ScriptCall {
    const token = options.newToken();
    return { script: REHEARSE, key: `${prefix}probe:${token}`, args: [token, REHEARSAL_TTL_MS] };
  }

  function rise(connection: RedisConnection) {
    current = connection;
    const awayMs = clock.monotonic() - (downSince ?? 0);
    downSince = lastError = undefined;
    if (away) {
      away = false;
      options.onBack(awayMs);
    }
    for (const look of [...waiting]) look();
  }

  function fall(error: unknown) {
    if (closing.signal.aborted) return;
    current = undefined;
    lastError = error;
    downSince ??= clock.monotonic();
    if (clock.monotonic() - downSince >= deadlineMs) giveUp(error);
  }

  /** From now on nobody waits until Redis is back. */
  function giveUp(error: unknown) {
    if (away || closing.signal.aborted) return;
    away = true;
    options.onAway(explained(error));
    for (const look of [...waiting]) look();
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

  /** Resolves when there is a connection, or it is known that there is none; or after `ms`. */
  function change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        cancel();
        waiting.delete(look);
        resolve();
      };
      const cancel = clock.after(ms, look);
      waiting.add(look);
    });
  }

  return {
    async run(call) {
      if (!started) {
        started = true;
        downSince = clock.monotonic();
        void keepConnected();
      }
      const until = clock.monotonic() + deadlineMs;
      let failed: unknown = new RedisTimeoutError("connect", deadlineMs);
      while (!away && !closing.signal.aborted) {
        const connection = current;
        const leftMs = until - clock.monotonic();
        if (leftMs <= 0) {
          if (connection) break;
          giveUp(lastError ?? failed);
        } else if (!connection) {
          await change(leftMs);
        } else {
          try {
            return await connection.run(call, leftMs);
          } catch (error) {
            failed = error;
            connection.end(error);
            if (current === connection) {
              current = undefined;
              downSince ??= clock.monotonic();
            }
          }
        }
      }
      throw new RedisAway("Redis cannot be asked");
    },
    close() {
      closing.abort();
      for (const look of [...waiting]) look();
    },
  };
}
