import { Buffer } from "node:buffer";
import type { Redis } from "ioredis";
import { clientOptions, newRedisClient } from "./client.ts";
import type { RedisCredentials } from "./address.ts";
import {
  isReplyError,
  RedisClosedError,
  RedisReplicaError,
  type RedisStage,
  RedisTimeoutError,
} from "./errors.ts";
import { type ReplyBounds, replyCheck, SHORT_REPLY } from "./reply_check.ts";
import type { RedisServer } from "./target.ts";

/** While bytes come in, a reply is waited for so many deadlines, and no longer. */
const MOST_DEADLINES = 12;

/** A word of a command or, as bytes, of a reply. */
export type Word = string | Uint8Array;

interface RedisConnectionOptions extends Omit<RedisServer, "secrets"> {
  /** Closes the connection when it aborts, as `close` does. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, with what went wrong first; not when it is closed. */
  readonly onLost?: (error: unknown) => void;
  /** Hears the channels that are subscribed; what is handed over is only valid during the call. */
  readonly onPublished?: (bytes: Uint8Array, channel: Uint8Array) => void;
  /** Bounds of each message, and of each reply to `call` that names no others. */
  readonly bounds?: ReplyBounds;
}

/** How a reply is waited for: `ms` milliseconds, and in which words of the error. */
interface Wait {
  readonly stage: RedisStage;
  readonly ms: number;
  /**
   * Whether the deadline starts anew while bytes come in: a slow connection may need longer to bring
   * a reply behind a flood. Not without end: bytes alone are no reply. @default {false}
   */
  readonly whileSilent?: boolean;
  readonly command?: string;
  /** @default {SHORT_REPLY} */
  readonly bounds?: ReplyBounds | undefined;
}

export type RedisConnection = ReturnType<typeof redisConnection>;

/**
 * One connection, not open yet, on which every reply has a deadline. RESP2 without HELLO: every
 * Redis speaks it, and proxies that hang up on HELLO do not matter.
 */
export function redisConnection(options: RedisConnectionOptions) {
  const { endpoint, clock, connectTimeoutMs, createClient = newRedisClient, signal } = options;
  const waiting = new Set<(error: unknown) => void>();
  let ended: { readonly error: unknown } | undefined;
  let stage: RedisStage = "connect";

  const replies = replyCheck(options.bounds ?? SHORT_REPLY, options.onPublished && hear);
  const client = createClient(clientOptions(endpoint, replies.check));
  /** Until it connects it has none, whatever its type says. */
  const socket = (): Redis["stream"] | undefined => client.stream;
  const bytesRead = () => socket()?.bytesRead ?? 0;
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
    // ioredis sets a timer to close what is closed already.
    if (client.status !== "end") client.disconnect();
    // disconnect() alone waits for a FIN that a vanished peer never sends.
    socket()?.destroy();
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

  /** A promise that the end rejects. `start` returns what is called once it is settled. */
  function untilEnd<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (ended) return reject(ended.error);
      const settling = <V>(settle: (value: V) => void) => (value: V) => {
        waiting.delete(fail);
        undo();
        settle(value);
      };
      const fail = settling(reject);
      waiting.add(fail);
      const undo = start(settling(resolve), fail);
    });
  }

  /**
   * What ioredis replies to `question`. A deadline that passes ends the connection, as does every
   * error but Redis' own. @throws Redis' own (`isReplyError`), or what ended the connection.
   */
  function ask<T>(question: (client: Redis) => Promise<T>, wait: Wait): Promise<T> {
    const { ms, whileSilent = false, command } = wait;
    stage = wait.stage;
    return untilEnd((resolve, reject) => {
      let heard = bytesRead();
      let deadlines = 1;
      let cancel = clock.after(ms, overdue);
      if (stage === "subscribe") replies.expect("subscription");
      else if (stage !== "connect") replies.expect("reply", wait.bounds);
      question(client).then(resolve, (error) => isReplyError(error) ? reject(error) : lose(error));
      return () => cancel();

      function overdue() {
        if (whileSilent && bytesRead() > heard && deadlines++ < MOST_DEADLINES) {
          heard = bytesRead();
          cancel = clock.after(ms, overdue);
        } else lose(new RedisTimeoutError(wait.stage, ms, command));
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
      const unused = /without any password configured|no password is set/;
      if (!isReplyError(error) || !unused.test(error.message)) throw error;
      options.onPasswordUnused?.();
    }
  }

  return {
    ask,
    authenticate,
    /** Connects and authenticates. Call first, once. */
    async open(): Promise<void> {
      await ask((client) => client.connect(), { stage: "connect", ms: connectTimeoutMs });
      if (options.credentials) await authenticate(options.credentials);
    },
    /**
     * Asks a server that a sentinel named whether it is the primary, and any other nothing: what is
     * published on a replica reaches nobody else. Where the user may not ask (NOPERM), the
     * sentinel's word is taken. @throws {RedisReplicaError}
     */
    async confirmPrimary(): Promise<void> {
      const { primaryOf, display } = endpoint;
      if (primaryOf === undefined) return;
      try {
        const role = await ask((client) => client.role(), { stage: "role", ms: connectTimeoutMs });
        if (Array.isArray(role) && role[0] === "master") return;
      } catch (error) {
        if (isReplyError(error)) return;
        throw error;
      }
      throw new RedisReplicaError(display, primaryOf);
    },
    /**
     * The reply to a command: text as bytes, null, numbers and lists of these. Commands are sent at
     * once, replies come in turn. While bytes come in the deadline starts anew. @throws as `ask`.
     */
    call(
      [command, ...words]: readonly [string, ...Word[]],
      ms: number,
      bounds: ReplyBounds | undefined = options.bounds,
    ): Promise<unknown> {
      // ioredis takes Buffers, which share the memory.
      const args = words.map((word) =>
        typeof word === "string" ? word : Buffer.from(word.buffer, word.byteOffset, word.byteLength)
      );
      const wait = { stage: "ping", ms, whileSilent: true, command, bounds } as const;
      return ask((client) => client.callBuffer(command, args), wait);
    },
    /** Waits. @throws as `ask`. */
    pause: (ms: number): Promise<void> => untilEnd((resolve) => clock.after(ms, () => resolve())),
    /** Closes it at once; what waits rejects with `reason`. No timer is left. */
    close: (reason: unknown = null): void => void end(reason),
  };
}
