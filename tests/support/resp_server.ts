/**
 * A TCP server on 127.0.0.1 that is asked Redis commands.
 *
 * @module
 */
import { asText, createReader, encodeReply, type Reply, RespError, writeAll } from "./resp.ts";

export interface RespConnection {
  /** 1 for the server's first connection. */
  readonly nth: number;
  send(reply: Reply): void;
  /** Bytes that need not be a reply. */
  sendRaw(bytes: Uint8Array): void;
  close(): void;
}

export interface RespServer {
  readonly port: number;
  /** Connections so far. */
  readonly accepted: number;
  readonly open: ReadonlySet<RespConnection>;
  close(): Promise<void>;
}

export interface RespHandlers {
  connected?(connection: RespConnection): void;
  /** `words` are the command's words; the first in capitals. */
  asked(words: readonly string[], connection: RespConnection, raw: readonly Reply[]): void;
  closed?(connection: RespConnection): void;
}

/** Serves until closed; `port` 0 takes a free one. */
export function respServer(handlers: RespHandlers, port = 0): RespServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const open = new Set<RespConnection>();
  const serving = new Set<Promise<void>>();
  let accepted = 0;

  async function serve(socket: Deno.TcpConn): Promise<void> {
    let writing = Promise.resolve();
    let isOpen = true;
    const connection: RespConnection = {
      nth: ++accepted,
      send: (reply) => connection.sendRaw(encodeReply(reply)),
      sendRaw(bytes) {
        writing = writing.then(() => writeAll(socket, bytes)).catch(() => {});
      },
      close() {
        // What was sent before is on its way first.
        writing = writing.then(() => {
          if (isOpen) socket.close();
          isOpen = false;
        });
      },
    };
    open.add(connection);
    handlers.connected?.(connection);
    const read = createReader();
    const chunk = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await socket.read(chunk);
        if (length === null) break;
        for (const command of read(chunk.subarray(0, length))) {
          if (!Array.isArray(command)) throw new RespError("a command is an array");
          const [name, ...rest] = command.map((word) => String(asText(word)));
          handlers.asked([(name ?? "").toUpperCase(), ...rest], connection, command);
        }
      }
    } catch {
      // Closed on either side, or no RESP.
    }
    open.delete(connection);
    handlers.closed?.(connection);
    connection.close();
    await writing;
  }

  const accepting = (async () => {
    try {
      for await (const socket of listener) {
        const done = serve(socket).finally(() => serving.delete(done));
        serving.add(done);
      }
    } catch {
      // The listener was closed.
    }
  })();

  return {
    port: listener.addr.port,
    get accepted() {
      return accepted;
    },
    open,
    async close() {
      listener.close();
      for (const connection of open) connection.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}
