/**
 * A TCP proxy on 127.0.0.1 whose link can be broken in the ways that links break.
 *
 * @module
 */

export interface Proxy {
  readonly port: number;
  /** Open connections. */
  readonly connections: number;
  /** Nothing passes in either direction any more, and nobody is told. */
  freeze(): void;
  /** Passes on again, also what was held back. */
  resume(): void;
  /** Closes all connections. */
  cut(): void;
  /** Cuts, and accepts no connection until `accept`; resolves when the port is closed. */
  refuse(): Promise<void>;
  accept(): void;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** Makes what looks at the bytes that a client sends, one for each connection. */
  readonly watch?: () => (chunk: Uint8Array) => void;
}

export function startProxy(targetPort: number, { watch }: ProxyOptions = {}): Proxy {
  const pairs = new Set<{ close(): void; done: Promise<unknown> }>();
  let thaw: PromiseWithResolvers<void> | null = null;
  let listener: Deno.TcpListener;
  let accepting: Promise<void>;
  let port = 0;

  async function forward(
    from: Deno.Conn,
    to: Deno.Conn,
    { close, look }: { close: () => void; look?: ((chunk: Uint8Array) => void) | undefined },
  ): Promise<void> {
    const chunk = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await from.read(chunk);
        await thaw?.promise;
        if (length === null) break;
        look?.(chunk.subarray(0, length));
        await writeAll(to, chunk.subarray(0, length));
      }
    } catch {
      // Closed on either side.
    }
    close();
  }

  async function serve(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: targetPort }).catch(() => {});
    if (!server) return client.close();
    let open = true;
    const close = () => {
      if (!open) return;
      open = false;
      client.close();
      server.close();
    };
    const done = Promise.all([
      forward(client, server, { close, look: watch?.() }),
      forward(server, client, { close }),
    ]);
    const pair = { close, done };
    pairs.add(pair);
    await done;
    pairs.delete(pair);
  }

  function accept(): void {
    listener = Deno.listen({ hostname: "127.0.0.1", port });
    port = listener.addr.port;
    const serving = new Set<Promise<void>>();
    accepting = (async () => {
      try {
        for await (const client of listener) serving.add(serve(client));
      } catch {
        // The listener was closed.
      }
      await Promise.all(serving);
    })();
  }

  const resume = () => {
    thaw?.resolve();
    thaw = null;
  };
  const cut = () => {
    for (const pair of pairs) pair.close();
  };
  accept();
  return {
    get port() {
      return port;
    },
    get connections() {
      return pairs.size;
    },
    freeze: () => void (thaw ??= Promise.withResolvers<void>()),
    resume,
    cut,
    async refuse() {
      listener.close();
      cut();
      await accepting;
    },
    accept,
    async close() {
      try {
        listener.close();
      } catch {
        // Refusing already.
      }
      resume();
      cut();
      await accepting;
    },
  };
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
