/**
 * One connection to Redis that is asked for answers, from connecting to its end.
 *
 * As in the intake, ioredis does the protocol and nothing else: no reconnecting, no queueing, no
 * resending, RESP2 without HELLO.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { RedisCredentials, RedisEndpoint } from "../intake/redis_endpoint.ts";
import { RedisClosedError, type RedisStage, RedisTimeoutError } from "../intake/redis_failure.ts";
import {
  clientOptions,
  isPasswordUnused,
  type RedisClientOptions,
} from "../intake/redis_session.ts";

export interface RedisConnectionOptions {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  readonly clock: Clock;
  readonly createClient: (options: RedisClientOptions) => Redis;
}

/** A script with the one key that it works on. */
export interface ScriptCall {
  readonly script: string;
  readonly key: string;
  readonly args: readonly (string | number)[];
}

export interface RedisConnection {
  /** Connects and authenticates; each gets `ms`. */
  open(ms: number): Promise<void>;
  /** The answer to a script. An error of Redis leaves the connection open; anything else ends it. */
  run(call: ScriptCall, ms: number): Promise<unknown>;
  /** Waits. */
  pause(ms: number): Promise<void>;
  /** Ends it: everything that waits is rejected with `error`, no timer is left. */
  end(error: unknown): void;
}

export function redisConnection(options: RedisConnectionOptions): RedisConnection {
  const { endpoint, credentials, clock } = options;
  const client = options.createClient(clientOptions(endpoint));
  const waiting = new Set<(error: unknown) => void>();
  let stage: RedisStage = "connect";
  let ended: { readonly error: unknown } | undefined;
  client.on("error", end);
  client.on("close", () => end(new RedisClosedError(stage)));

  /** The first call decides; later ones are echoes of the closing socket. */
  function end(error: unknown) {
    if (ended) return;
    ended = { error };
    for (const reject of [...waiting]) reject(error);
    if (client.status !== "end") client.disconnect();
    // disconnect() waits for a FIN that a vanished peer never sends.
    (client.stream as typeof client.stream | undefined)?.destroy();
  }

  /** A promise that `end` rejects. `start` returns what undoes it, called once it is settled. */
  function untilEnd<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (ended) return reject(ended.error);
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };
      waiting.add(fail);
      const undo = start((value) => {
        settle();
        resolve(value);
      }, fail);
      function settle() {
        waiting.delete(fail);
        undo();
      }
    });
  }

  function answer<T>(at: RedisStage, ms: number, ask: () => Promise<T>): Promise<T> {
    stage = at;
    return untilEnd((resolve, reject) => {
      const cancel = clock.after(ms, () => end(new RedisTimeoutError(at, ms)));
      ask().then(resolve, (error) => {
        if (error instanceof Error && error.name === "ReplyError") reject(error);
        else end(error);
      });
      return cancel;
    });
  }

  return {
    async open(ms) {
      await answer("connect", ms, () => client.connect());
      if (credentials) {
        const { user, password } = credentials;
        const auth = () => user === null ? client.auth(password) : client.auth(user, password);
        await answer("auth", ms, auth).catch((error) => {
          // The intake, which has the same URL, says so.
          if (!isPasswordUnused(error)) throw error;
        });
      }
    },
    run: ({ script, key, args }, ms) =>
      answer("ping", ms, () => client.eval(script, 1, key, ...args)),
    pause: (ms) => untilEnd((resolve) => clock.after(ms, () => resolve())),
    end,
  };
}
