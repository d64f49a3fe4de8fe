/**
 * As much of Redis' protocol as the examples need: log in, run a command, listen on a channel. Over
 * TLS with `rediss://`.
 *
 * @module
 */

/** A Redis that cannot be reached, refuses, or answers what nobody asked; the message says which. */
export class RedisError extends Error {
  override readonly name = "RedisError";
}

export type Reply = string | number | null | readonly Reply[];

const TIMEOUT_MS = 10_000;
/** A subscription on which nothing came for so long is asked whether it lives. */
const QUIET_MS = 30_000;
/** A reply that is longer comes from no Redis that these programs talk to, in bytes. */
const MOST_BYTES = 4_194_304;
const CRLF = new Uint8Array([13, 10]);

/** One connection: replies in the order of the commands. */
export class Connection implements Disposable {
  #buffer = new Uint8Array(0);

  private constructor(private readonly socket: Deno.Conn) {}

  /** @param url `redis[s]://[[USER]:PASSWORD@]HOST[:PORT]` */
  static async open(url: string): Promise<Connection> {
    const { protocol, hostname, port, username, password } = new URL(url);
    const to = { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 6379) };
    const connecting: Promise<Deno.Conn> = protocol === "rediss:"
      ? Deno.connectTls(to)
      : Deno.connect(to);
    const socket = await within(connecting, `connect to ${hostname}`);
    const connection = new Connection(socket);
    try {
      if (password !== "") {
        const login = [username, password].filter(Boolean).map(decodeURIComponent);
        await connection.command("AUTH", ...login);
      }
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  async command(...words: readonly string[]): Promise<Reply> {
    await within(this.send(...words), words[0] ?? "");
    return await within(this.reply(), words[0] ?? "");
  }

  /** Without waiting for a reply. */
  async send(...words: readonly string[]): Promise<void> {
    const encoder = new TextEncoder();
    const parts = words.map((word) => encoder.encode(word));
    const text = parts.map((part, i) => `$${part.length}\r\n${words[i]}\r\n`).join("");
    const bytes = encoder.encode(`*${words.length}\r\n${text}`);
    for (let at = 0; at < bytes.length;) at += await this.socket.write(bytes.subarray(at));
  }

  /** The next reply, or what a subscription pushes. */
  async reply(): Promise<Reply> {
    const line = await this.#line();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        throw new RedisError(`Redis refuses: ${rest}`);
      case ":":
        return Number(rest);
      case "$": {
        const length = Number(rest);
        if (length < 0) return null;
        const text = new TextDecoder().decode(await this.#take(length));
        await this.#take(2);
        return text;
      }
      case "*": {
        const replies: Reply[] = [];
        for (let left = Number(rest); left > 0; left--) replies.push(await this.reply());
        return replies;
      }
      default:
        throw new RedisError(`no Redis answers there: ${JSON.stringify(line.slice(0, 40))}`);
    }
  }

  async #line(): Promise<string> {
    for (let from = 0;; from = Math.max(0, this.#buffer.length - 1), await this.#fill()) {
      const at = this.#buffer.indexOf(CRLF[0] ?? 13, from);
      if (at < 0 || at + 1 >= this.#buffer.length) continue;
      const line = new TextDecoder().decode(this.#buffer.subarray(0, at));
      this.#buffer = this.#buffer.subarray(at + 2);
      return line;
    }
  }

  async #take(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) await this.#fill();
    const bytes = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return bytes;
  }

  async #fill(): Promise<void> {
    const piece = new Uint8Array(16_384);
    const read = await this.socket.read(piece);
    if (read === null) throw new RedisError("the connection to Redis ended");
    if (this.#buffer.length + read > MOST_BYTES) throw new RedisError("Redis sent over 4 MiB");
    const all = new Uint8Array(this.#buffer.length + read);
    all.set(this.#buffer);
    all.set(piece.subarray(0, read), this.#buffer.length);
    this.#buffer = all;
  }

  [Symbol.dispose](): void {
    try {
      this.socket.close();
    } catch {
      // It is closed.
    }
  }
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: number | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RedisError(`${what}: no answer within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface EventsTo {
  readonly url: string;
  /** The channel or stream, `health_events`. */
  readonly name: string;
  /** As the agent's INTAKE. */
  readonly intake: "pubsub" | "streams";
}

/** Sends one event. Resolves with how many heard it; with streams that is not known, and 1. */
export async function sendEvent({ url, name, intake }: EventsTo, event: object): Promise<number> {
  using redis = await Connection.open(url);
  const text = JSON.stringify(event);
  if (intake === "pubsub") return Number(await redis.command("PUBLISH", name, text));
  await redis.command("XADD", name, "MAXLEN", "~", "10000", "*", "data", text);
  return 1;
}

/** What is published on a channel, from `onReady` on until the connection ends, which throws. */
export async function* listen(
  { url, channel, onReady }: {
    readonly url: string;
    readonly channel: string;
    readonly onReady?: () => void;
  },
): AsyncGenerator<string> {
  using redis = await Connection.open(url);
  await redis.command("SUBSCRIBE", channel);
  onReady?.();
  for (;;) {
    const next = redis.reply();
    let pushed = await Promise.race([next, quiet()]);
    if (pushed === QUIET) {
      // A peer that vanished without a word answers no ping; a living one pushes the answer.
      await redis.send("PING");
      pushed = await within(next, "PING");
    }
    const [kind, , text] = Array.isArray(pushed) ? pushed as readonly Reply[] : [];
    if (kind === "message" && typeof text === "string") yield text;
  }
}

const QUIET = Symbol("quiet");

function quiet(): Promise<typeof QUIET> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(() => resolve(QUIET), QUIET_MS)));
}
