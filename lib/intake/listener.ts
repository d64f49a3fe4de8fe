import { type Backoff, backoffDelay } from "../base/backoff.ts";
import { type Clock, sleep } from "../base/clock.ts";
import type { Fields, Log } from "../base/log/log.ts";
import type { CreateRedisClient } from "../base/redis/client.ts";
import { redisEndpoint } from "../base/redis/endpoint.ts";
import type {
  RedisFailure,
  RedisFailureContext,
  RedisFailureReason,
} from "../base/redis/failure.ts";
import { redisTarget } from "../base/redis/target.ts";

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

export interface RedisIntake {
  /** Listens until `signal` aborts; never rejects. Call once. */
  run(signal: AbortSignal): Promise<void>;
  state(): RedisState;
}

/** What the options of every intake have in common. */
export interface RedisListenerOptions {
  /** REDIS_URL, with user and password where Redis wants them. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  readonly onState?: (state: RedisState) => void;
  /** Deadline of each step before the first message: connecting, AUTH, subscribing. */
  readonly connectTimeoutMs?: number;
  readonly createClient?: CreateRedisClient;
}

/** Where a failure happened, for its text. */
type FailureContext = Pick<RedisFailureContext, "endpoint" | "secrets">;

/** One connection, from its first to its last moment; `host` is its endpoint for logs. */
export interface RedisConnection
  extends
    Pick<RedisFailureContext, "endpoint">,
    Pick<ReturnType<typeof redisTarget>, "credentials">,
    Required<Pick<RedisListenerOptions, "connectTimeoutMs">> {
  readonly host: string;
  readonly context: FailureContext;
  readonly createClient: CreateRedisClient | undefined;
  /** It hears `names` now; `say` logs that, given the seconds in which nothing was heard. */
  hearing(names: readonly string[], say: (afterSeconds: number) => void): void;
  /** Logs what is wrong with what `about` names, once on this connection. */
  complain(event: string, about: Fields, failure: RedisFailure & Fields): void;
  onPasswordUnused(): void;
}

interface RedisListeningOptions extends RedisListenerOptions {
  readonly names: readonly string[]; // what is to be heard
  readonly keys?: boolean; // whether sessions need the server that has the keys
  readonly failureOf: (error: unknown, context: FailureContext) => RedisFailure;
  /** Runs one connection to its end; resolves with its failure, or null when `signal` ended it. */
  readonly session: (
    connection: RedisConnection,
    signal: AbortSignal,
  ) => Promise<RedisFailure | null>;
  /** What a lost connection had heard, in the words of its log line. */
  readonly lost: (heard: readonly string[], seconds: number) => Fields;
  readonly onStop?: () => void;
}

/** At least a second apart; with a try's own deadline of 5 s, never 31 s without a try. */
const BACKOFF: Backoff = { firstMs: 1_250, mostMs: 25_000, jitter: 0.2 };
const STEADY_MS = 10_000; // a session that lasted this long starts the backoff anew
/** What this user may not read is asked for again after this. */
export const REFUSED_RETRY_MS = 30_000;

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
export function redisListening(options: RedisListeningOptions): RedisIntake {
  const { url, names, clock, log, failureOf, createClient, keys = false } = options;
  const { connectTimeoutMs = 5_000 } = options;
  const target = redisTarget(url, { clock, keys, createClient });
  const { credentials, secrets } = target;
  let endpoint = redisEndpoint(url);
  let host = target.display;
  let state: RedisState = { kind: "connecting" };
  let passwordUnused = false;

  function enter(next: RedisState): void {
    state = next;
    // A fault in what is called back must not cost the connection.
    try {
      options.onState?.(next);
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

  /** Null when `signal` ended it. */
  async function session(signal: AbortSignal, deafSince: number) {
    let since: number | null = null;
    let heard: readonly string[] = [];
    const said = new Set<string>();
    host = target.display;
    try {
      endpoint = await target.locate({ deadlineMs: connectTimeoutMs, signal });
    } catch (error) {
      if (signal.aborted) return null;
      return { failure: failureOf(error, { endpoint, secrets }), heard, heardMs: null };
    }
    host = endpoint.display;
    const failure = await options.session({
      endpoint,
      host,
      credentials,
      context: { endpoint, secrets },
      connectTimeoutMs,
      createClient,
      onPasswordUnused,
      hearing(channels, say) {
        since ??= clock.monotonic();
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
    return failure && { failure, heard, heardMs: since && clock.monotonic() - since };
  }

  async function run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    let deafSince = clock.monotonic();
    while (!signal.aborted) {
      enter({ kind: "connecting" });
      const end = await session(signal, deafSince);
      if (end === null) break;
      const { failure, heard, heardMs } = end;
      if (heardMs !== null) deafSince = clock.monotonic();
      attempt = heardMs !== null && heardMs >= STEADY_MS ? 1 : attempt + 1;
      const retryInMs = backoffDelay(BACKOFF, attempt, options.random);
      const fields = { host, ...failure, retry_in_seconds: seconds(retryInMs), attempt };
      if (heardMs !== null) {
        log.warning("redis_lost", { ...fields, ...options.lost(heard, seconds(heardMs)) });
      } else {
        log[FOR_A_PERSON.has(failure.reason) ? "error" : "warning"]("redis_unavailable", fields);
      }
      enter({ kind: "waiting", failure, attempt, retryInMs });
      await sleep(clock, retryInMs, signal);
    }
    options.onStop?.();
    enter({ kind: "stopped" });
  }

  return { run, state: () => state };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
