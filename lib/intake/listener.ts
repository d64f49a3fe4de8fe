import { type Backoff, keepTrying } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import type { Fields, Log } from "../base/log/log.ts";
import type { CreateRedisClient } from "../base/redis/client.ts";
import { type RedisFailure, redisFailure, type RedisFailureReason } from "../base/redis/failure.ts";
import { type RedisServer, redisTarget } from "../base/redis/target.ts";

/** What an intake is doing. */
export type RedisState =
  | { readonly kind: "connecting" }
  /** Hears at least one channel; `refused` names those it may not read. */
  | {
    readonly kind: "subscribed";
    readonly channels: readonly string[];
    readonly refused: readonly string[];
  }
  /** `attempt` counts failed tries in a row. */
  | {
    readonly kind: "waiting";
    readonly failure: RedisFailure;
    readonly attempt: number;
    readonly retryInMs: number;
  }
  | { readonly kind: "stopped" };

/** Listens until `signal` aborts; never rejects. Call its `run` once. */
export type RedisIntake = ReturnType<typeof redisListening>;

/** What the options of every intake have in common. */
export interface RedisListenerOptions {
  /** REDIS_URL, with user and password where Redis wants them. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  readonly onState?: (state: RedisState) => void;
  readonly createClient?: CreateRedisClient;
}

/** A server that is listened to, from the first moment to the last. */
export interface ListenedServer extends RedisServer {
  /** It hears `names` now; `say` logs that, given the seconds in which nothing was heard. */
  hearing(names: readonly string[], say: (afterSeconds: number) => void): void;
  /** Logs what is wrong with what `about` names, once on this connection. */
  complain(event: string, about: Fields, failure: RedisFailure & Fields): void;
}

interface RedisListeningOptions extends RedisListenerOptions {
  readonly names: readonly string[]; // what is to be heard
  readonly keys?: boolean; // whether sessions need the server that has the keys
  /** Listens to its end; resolves with what went wrong, or null when `signal` ended it. */
  readonly session: (server: ListenedServer, signal: AbortSignal) => Promise<unknown>;
  /** What a lost connection had heard, in the words of its log line. */
  readonly lost: (heard: readonly string[], seconds: number) => Fields;
  readonly onStop?: () => void;
}

/** Of each step before the first message: connecting, AUTH, subscribing. */
const CONNECT_TIMEOUT_MS = 5_000;
/** At least a second apart; with a try's own deadline, never 31 s without a try. */
const BACKOFF: Backoff = { firstMs: 1_250, mostMs: 25_000, jitter: 0.2 };

/** Failures that stay until a person does something. */
const FOR_A_PERSON: ReadonlySet<RedisFailureReason> = new Set(
  ["not_permitted", "certificate", "no_auth", "wrong_password", "no_permission", "protected_mode"],
);

/**
 * Runs sessions one after the other, whatever happens to Redis or the way there: where to connect,
 * when to try again, and what to say of it.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function redisListening(options: RedisListeningOptions) {
  const { url, names, clock, log, random } = options;
  const target = redisTarget(url, {
    clock,
    keys: options.keys ?? false,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    createClient: options.createClient,
    onPasswordUnused,
  });
  let host = target.display;
  let passwordUnused = false;
  let deafSince = clock.monotonic();
  let heard: readonly string[] = [];

  function enter(state: RedisState): void {
    // A fault in what is called back must not cost the connection.
    try {
      options.onState?.(state);
    } catch (error) {
      log.error("intake_callback_failed", { what: "state", error: String(error) });
    }
  }

  function onPasswordUnused(): void {
    if (passwordUnused) return;
    passwordUnused = true;
    log.warning("redis_password_unused", {
      host,
      detail: "REDIS_URL has a password, but this Redis asks for none. Is it the right one?",
    });
  }

  async function listen(signal: AbortSignal, useful: () => void): Promise<void> {
    enter({ kind: "connecting" });
    host = target.display;
    const server = await target.locate(signal);
    host = server.endpoint.display;
    const said = new Set<string>();
    const error = await options.session({
      ...server,
      hearing(channels, say) {
        useful();
        heard = channels;
        say(seconds(clock.monotonic() - deafSince));
        const refused = names.filter((name) => !channels.includes(name));
        enter({ kind: "subscribed", channels, refused });
      },
      complain(event, about, failure) {
        const key = `${event} ${Object.values(about)}`;
        if (!said.has(key)) log.error(event, { host, ...about, ...failure });
        said.add(key);
      },
    }, signal);
    if (error !== null) throw error;
  }

  return {
    async run(signal: AbortSignal): Promise<void> {
      deafSince = clock.monotonic();
      await keepTrying({
        clock,
        random,
        backoff: BACKOFF,
        signal,
        attempt: (useful) => listen(signal, useful),
        onFailed(error, { failures: attempt, retryInMs, usefulMs }) {
          const failure = redisFailure(error, target.server);
          const fields = { host, ...failure, retry_in_seconds: seconds(retryInMs), attempt };
          if (usefulMs === undefined) {
            log[FOR_A_PERSON.has(failure.reason) ? "error" : "warning"](
              "redis_unavailable",
              fields,
            );
          } else {
            deafSince = clock.monotonic();
            log.warning("redis_lost", { ...fields, ...options.lost(heard, seconds(usefulMs)) });
          }
          enter({ kind: "waiting", failure, attempt, retryInMs });
        },
      });
      options.onStop?.();
      enter({ kind: "stopped" });
    },
  };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
