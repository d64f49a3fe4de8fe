/**
 * One connection to Redis, from connecting to its end, on which every answer has a deadline.
 *
 * RESP2 without HELLO: nothing here needs more, every Redis speaks it, and proxies that hang up on
 * HELLO do not matter.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Redis } from "ioredis";
import type { Clock } from "../clock.ts";
import { clientOptions, type CreateRedisClient, newRedisClient } from "./client.ts";
import type { RedisCredentials, RedisEndpoint } from "./endpoint.ts";
import {
  CommandTimeoutError,
  isPasswordUnused,
  isReplyError,
  RedisClosedError,
  type RedisStage,
  RedisTimeoutError,
} from "./errors.ts";
import { type ReplyBounds, SHORT_REPLY } from "./reply_bounds.ts";
import { replyCheck } from "./reply_check.ts";

/** While bytes come in, an answer is waited for so many deadlines, and no longer. */
const MOST_DEADLINES = 12;

/** A word of a command or, as bytes, of an answer. */
export type Word = string | Uint8Array;

interface RedisLinkOptions {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  readonly clock: Clock;
  /** Deadline of connecting and of AUTH, each; milliseconds. */
  readonly connectTimeoutMs: number;
  readonly createClient?: CreateRedisClient | undefined;
  /** Closes the link when it aborts, as `close` does. */
  readonly signal?: AbortSignal | undefined;
  /** There are credentials, and this Redis asks for none. */
  readonly onPasswordUnused?: () => void;
  /** Called once, with what went wrong first; not when it is closed. */
  readonly onLost?: (error: unknown) => void;
  /** Hears the channels that are subscribed; what is handed over is only valid during the call. */
  readonly onPublished?: (bytes: Uint8Array, channel: Uint8Array) => void;
  /** Bounds of each message, and of each answer to `call` that names no others. */
  readonly bounds?: ReplyBounds;
}

/** How an answer is waited for. */
interface Wait {
  /** What is waited for, in the words of the error. */
  readonly stage: RedisStage;
  /** The deadline, milliseconds. */
  readonly ms: number;
  /**
   * Whether the deadline starts anew while bytes come in: a slow link may need longer to bring an
   * answer behind a flood. Not without end: bytes alone are no answer. @default {false}
   */
  readonly whileSilent?: boolean;
  /** Named by a {@linkcode CommandTimeoutError}. */
  readonly command?: string;
  /** How large the answer may be. @default {SHORT_REPLY} */
  readonly bounds?: ReplyBounds | undefined;
}

export interface RedisLink {
  /** Connects and authenticates. Call first, once. */
  open(): Promise<void>;
  /**
   * What ioredis answers to `question`. A deadline that passes ends the link, as does every error
   * but Redis' own answer.
   *
   * @throws what Redis answered (`isReplyError`), or what ended the link.
   */
  ask<T>(question: (client: Redis) => Promise<T>, wait: Wait): Promise<T>;
  /**
   * Sends a command and resolves with its answer: text as bytes, null, numbers and lists of these.
   * Commands are sent at once and answered in turn. While bytes come in the deadline starts anew.
   *
   * @throws as `ask`.
   */
  call(
    command: readonly [string, ...Word[]],
    deadlineMs: number,
    bounds?: ReplyBounds,
  ): Promise<unknown>;
  /** Waits. @throws as `ask`. */
  pause(ms: number): Promise<void>;
  /** Closes it at once; what waits rejects with `reason`, null by default. No timer is left. */
  close(reason?: unknown): void;
}

/** A link that is not open yet. */
export function redisLink(options: RedisLinkOptions): RedisLink {
  const { clock, connectTimeoutMs, createClient = newRedisClient, signal } = options;
  const waiting = new Set<(error: unknown) => void>();
  let ended: { readonly error: unknown } | undefined;
  let stage: RedisStage = "connect";

  const replies = replyCheck(
    options.bounds ?? SHORT_REPLY,
    options.onPublished && ((bytes, channel) => hear(channel, bytes)),
  );
  const client = createClient(clientOptions(options.endpoint, replies.check));
  client.on("error", lose);
  client.on("close", () => lose(new RedisClosedError(stage)));
  if (options.onPublished) client.on("messageBuffer", hear);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();

  /** The first call decides; later ones are echoes of the closing socket. */
  function end(error: unknown): boolean {
    if (ended) return false;
    ended = { error };
    signal?.removeEventListener("abort", abort);
    client.off("messageBuffer", hear);
    // ioredis sets a timer to close what is closed already.
    if (client.status !== "end") client.disconnect();
    stream()?.destroy();
    for (const reject of [...waiting]) reject(error);
    return true;
  }

  function abort(): void {
    end(null);
  }

  function lose(error: unknown): void {
    if (end(error)) options.onLost?.(error);
  }

  function hear(channel: Uint8Array | undefined, bytes: Uint8Array | undefined): void {
    if (channel && bytes && !ended) options.onPublished?.(bytes, channel);
  }

  /** The socket; disconnect() alone waits for a FIN that a vanished peer never sends. */
  function stream(): typeof client.stream | undefined {
    return client.stream;
  }

  function bytesRead(): number {
    return stream()?.bytesRead ?? 0;
  }

  /** A promise that the end rejects. `start` returns what undoes it, called once it is settled. */
  function untilEnd<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (ended) return reject(ended.error);
      const settle = () => {
        waiting.delete(fail);
        undo();
      };
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };
      waiting.add(fail);
      const undo = start((value) => {
        settle();
        resolve(value);
      }, fail);
    });
  }

  function ask<T>(question: (client: Redis) => Promise<T>, wait: Wait): Promise<T> {
    const { ms, whileSilent = false, command } = wait;
    stage = wait.stage;
    return untilEnd((resolve, reject) => {
      let heard = bytesRead();
      let deadlines = 1;
      let cancel = clock.after(ms, overdue);
      if (stage === "subscribe") replies.expect("subscription");
      else if (stage !== "connect") replies.expect("answer", wait.bounds);
      question(client).then(resolve, (error) => isReplyError(error) ? reject(error) : lose(error));
      return () => cancel();

      function overdue() {
        if (!whileSilent || bytesRead() === heard || deadlines++ === MOST_DEADLINES) {
          return lose(
            command === undefined
              ? new RedisTimeoutError(wait.stage, ms)
              : new CommandTimeoutError(command, ms),
          );
        }
        heard = bytesRead();
        cancel = clock.after(ms, overdue);
      }
    });
  }

  async function authenticate({ user, password }: RedisCredentials): Promise<void> {
    try {
      await ask(
        (client) => user === null ? client.auth(password) : client.auth(user, password),
        { stage: "auth", ms: connectTimeoutMs },
      );
    } catch (error) {
      if (!isPasswordUnused(error)) throw error;
      options.onPasswordUnused?.();
    }
  }

  return {
    async open() {
      await ask((client) => client.connect(), { stage: "connect", ms: connectTimeoutMs });
      if (options.credentials) await authenticate(options.credentials);
      stage = "ping";
    },
    ask,
    call([command, ...words], ms, bounds = options.bounds) {
      // ioredis takes Buffers, which share the memory.
      const args = words.map((word) => typeof word === "string" ? word : asBuffer(word));
      return ask((client) => client.callBuffer(command, args), {
        stage: "ping",
        ms,
        whileSilent: true,
        command,
        bounds,
      });
    },
    pause: (ms) => untilEnd((resolve) => clock.after(ms, () => resolve())),
    close: (reason = null) => void end(reason),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
