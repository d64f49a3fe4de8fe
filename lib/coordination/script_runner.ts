import { type Backoff, keepTrying } from "../base/backoff.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { type RedisConnection, redisConnection } from "../base/redis/connection.ts";
import { RedisProtocolError, RedisTimeoutError } from "../base/redis/errors.ts";
import { type RedisFailure, redisFailure } from "../base/redis/failure.ts";
import { redisTarget } from "../base/redis/target.ts";
import { CLAIM_COMMANDS, CLAIM_PREFIX, LOOK, REHEARSE } from "./claim_scripts.ts";

/** A script with the one key that it works on. */
export interface ScriptCall {
  readonly script: string;
  readonly key: string;
  readonly args: readonly (string | number)[];
}

export interface ScriptRunnerOptions {
  /** REDIS_URL. Claims are in database 0. */
  readonly url: string;
  readonly clock: Clock;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** Makes a text that nobody else makes, as crypto.randomUUID. */
  readonly newToken: () => string;
  /** Redis is away from now on; called once an outage. */
  readonly onAway: (failure: RedisFailure) => void;
  /** Redis is back after `awayMs`; called once an outage. */
  readonly onBack: (awayMs: number) => void;
}

/** Redis cannot be asked. Whether it carried out the last script is not known. */
class RedisAwayError extends Error {
  override readonly name = "RedisAwayError";
}

/** The longest that anybody waits for Redis, each time. */
const DEADLINE_MS = 2_000;
const BACKOFF: Backoff = { firstMs: 100, mostMs: 25_000, jitter: 0.2 };
/** A silent connection is looked after this often: TCP's keepalive does nothing in Deno 2.7. */
const LOOK_EVERY_MS = 10_000;
/** In case a rehearsal is cut short. */
const REHEARSAL_TTL_MS = 1_000;
const PROBE = `${CLAIM_PREFIX}probe`;

/**
 * Scripts on a Redis that is there or known to be away: nobody waits for it longer than a deadline.
 * A drop shorter than that is bridged, a longer one told.
 */
export function createScriptRunner(
  { url, clock, random, newToken, onAway, onBack }: ScriptRunnerOptions,
) {
  const target = redisTarget(url, { clock, keys: true, connectTimeoutMs: DEADLINE_MS });
  const closing = new AbortController();
  const { signal } = closing;
  let keeping: Promise<void> | undefined;
  let current: RedisConnection | undefined;
  /** Since when there is none, monotonic milliseconds; undefined while there is one. */
  let downSince: number | undefined;
  let lastError: unknown = new RedisTimeoutError("connect", DEADLINE_MS);
  let away = false;
  /** Settled when there is a connection, or it is known that there is none. */
  let change = Promise.withResolvers<void>();

  function keepConnected(): Promise<void> {
    downSince = clock.monotonic();
    const backoff = BACKOFF;
    return keepTrying({ clock, random, backoff, signal, attempt: stayConnected, onFailed: fall });
  }

  async function stayConnected(useful: () => void): Promise<never> {
    const connection = redisConnection({ ...await target.locate(signal), signal });
    try {
      await connection.open();
      await rehearse(connection);
      useful();
      rise(connection);
      for (;;) {
        await connection.pause(LOOK_EVERY_MS);
        await ask(connection, { script: LOOK, key: PROBE, args: [] });
      }
    } catch (error) {
      connection.close(error);
      throw error;
    }
  }

  function ask(
    connection: RedisConnection,
    { script, key, args }: ScriptCall,
    ms = DEADLINE_MS,
  ): Promise<unknown> {
    return connection.ask((client) => client.eval(script, 1, key, ...args), { stage: "ping", ms });
  }

  async function rehearse(connection: RedisConnection): Promise<void> {
    const token = newToken();
    const args = [token, REHEARSAL_TTL_MS];
    const reply = await ask(connection, { script: REHEARSE, key: `${PROBE}:${token}`, args });
    if (reply === 1) return;
    throw new RedisProtocolError("an answer to EVAL that its script does not give");
  }

  function rise(connection: RedisConnection): void {
    const awayMs = clock.monotonic() - (downSince ?? 0);
    current = connection;
    downSince = undefined;
    if (away) {
      away = false;
      onBack(awayMs);
    }
    wake();
  }

  function fall(error: unknown): void {
    current = undefined;
    lastError = error;
    downSince ??= clock.monotonic();
    if (clock.monotonic() - downSince >= DEADLINE_MS) giveUp();
  }

  /** From now on nobody waits until Redis is back. */
  function giveUp(): void {
    if (away || signal.aborted) return;
    away = true;
    onAway(explained());
    wake();
  }

  function wake(): void {
    change.resolve();
    change = Promise.withResolvers();
  }

  function explained(): RedisFailure {
    const failure = redisFailure(lastError, target.server);
    // Redis does not say which command of a script it refused.
    const inScript = lastError instanceof Error &&
      /user executing the script can't/.test(lastError.message);
    if (failure.reason !== "no_permission" && !inScript) return failure;
    const commands = CLAIM_COMMANDS.map((name) => `+${name}`).join(" ");
    return {
      reason: "no_permission",
      detail: "This user lacks a permission that claims need. Grant all of them: " +
        `ACL SETUSER ... ~${CLAIM_PREFIX}* ${commands}`,
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
      keeping ??= keepConnected();
      const until = clock.monotonic() + DEADLINE_MS;
      while (!away && !signal.aborted) {
        const connection = current;
        const leftMs = until - clock.monotonic();
        if (leftMs <= 0) {
          if (connection) break;
          giveUp();
        } else if (connection) {
          try {
            return await ask(connection, call, leftMs);
          } catch (error) {
            // Whoever keeps the connection is told why it ended.
            connection.close(error);
            if (current === connection) fall(error);
          }
        } else await changed(leftMs);
      }
      throw new RedisAwayError("Redis cannot be asked");
    },
    close(): void {
      closing.abort();
      wake();
    },
  };
}
