/**
 * One connection to Redis for commands and their answers, each with a deadline.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import type { RedisCredentials, RedisEndpoint } from "./redis_endpoint.ts";
import { RedisClosedError, type RedisStage, RedisTimeoutError } from "./redis_failure.ts";
import { clientOptions, isPasswordUnused, type RedisClientOptions } from "./redis_session.ts";

/** A word of a command or, as bytes, of an answer. */
export type Word = string | Uint8Array;

export interface RedisLinkOptions {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  readonly clock: Clock;
  /** Deadline of connecting and of AUTH, each; milliseconds. */
  readonly connectTimeoutMs: number;
  readonly createClient: (options: RedisClientOptions) => Redis;
  readonly onPasswordUnused: () => void;
  /** Called once, with what went wrong first; not for `close`. */
  readonly onLost: (error: unknown) => void;
}

export interface RedisLink {
  /** Connects and authenticates. Call first, once. */
  open(): Promise<void>;
  /**
   * Sends a command and resolves with its answer: text as bytes, null, numbers and lists of these.
   * Commands are sent at once and answered in turn. While bytes come in the deadline starts anew.
   *
   * @throws what Redis answered (`isReplyError`), or what ended the link; null after `close`.
   */
  call(command: readonly [string, ...Word[]], deadlineMs: number): Promise<unknown>;
  /** Closes it at once; what waits rejects with null. */
  close(): void;
}

/** No answer to a command in time. */
export class CommandTimeoutError extends RedisTimeoutError {
  constructor(readonly command: string, ms: number) {
    super("ping", ms);
  }
}

/** Whether `error` is Redis' own answer; the connection is as good as before. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** A link that is not open yet. Its timers are gone once it has ended. */
export function redisLink(options: RedisLinkOptions): RedisLink {
  const { clock, connectTimeoutMs } = options;
  const waiting = new Set<(error: unknown) => void>();
  let ended: { readonly error: unknown } | null = null;
  let stage: RedisStage = "connect";

  const client = options.createClient(clientOptions(options.endpoint));
  client.on("error", lose);
  client.on("close", () => lose(new RedisClosedError(stage)));

  function end(error: unknown): boolean {
    if (ended) return false;
    ended = { error };
    // ioredis sets a timer to close what is closed already.
    if (client.status !== "end") client.disconnect();
    // disconnect() waits for a FIN that a vanished peer never sends.
    (client.stream as typeof client.stream | undefined)?.destroy();
    for (const reject of [...waiting]) reject(error);
    return true;
  }

  function lose(error: unknown): void {
    if (end(error)) options.onLost(error);
  }

  function bytesRead(): number {
    return (client.stream as typeof client.stream | undefined)?.bytesRead ?? 0;
  }

  function answer<T>(ms: number, late: () => RedisTimeoutError, ask: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (ended) return reject(ended.error);
      let heard = bytesRead();
      let cancel = clock.after(ms, overdue);
      const settle = () => {
        cancel();
        waiting.delete(fail);
      };
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };
      waiting.add(fail);
      ask().then((value) => {
        settle();
        resolve(value);
      }, fail);

      function overdue() {
        if (stage !== "ping" || bytesRead() === heard) return lose(late());
        heard = bytesRead();
        cancel = clock.after(ms, overdue);
      }
    });
  }

  function step<T>(at: RedisStage, ask: () => Promise<T>): Promise<T> {
    stage = at;
    return answer(connectTimeoutMs, () => new RedisTimeoutError(at, connectTimeoutMs), ask);
  }

  return {
    async open() {
      await step("connect", () => client.connect());
      if (options.credentials) {
        const { user, password } = options.credentials;
        try {
          await step(
            "auth",
            () => user === null ? client.auth(password) : client.auth(user, password),
          );
        } catch (error) {
          if (!isPasswordUnused(error)) throw error;
          options.onPasswordUnused();
        }
      }
      stage = "ping";
    },
    call([name, ...words], deadlineMs) {
      const late = () => new CommandTimeoutError(name, deadlineMs);
      // ioredis takes Buffers, which share the memory.
      const args = words.map((word) => typeof word === "string" ? word : asBuffer(word));
      return answer(deadlineMs, late, () => client.callBuffer(name, args));
    },
    close: () => void end(null),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
