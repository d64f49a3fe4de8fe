/**
 * A private redis-server on 127.0.0.1.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { connectRedis, type RedisConnection } from "./resp.ts";

export interface RedisServer {
  readonly port: number;
  readonly connection: RedisConnection;
  close(): Promise<void>;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Connects once it is up, and makes sure that it is the one that was started. */
async function connectOwn(port: number, pid: number, clock: Clock): Promise<RedisConnection> {
  const end = clock.monotonic() + 10_000;
  for (;;) {
    const connection = await connectRedis(port).catch(() => undefined);
    if (connection) {
      const info = String(await connection.command("INFO", "server"));
      if (info.includes(`process_id:${pid}\r\n`)) return connection;
      connection.close();
      throw new Error(`another Redis listens on port ${port}: stop it or choose another port`);
    }
    if (clock.monotonic() > end) throw new Error(`redis-server did not listen on ${port} in 10 s`);
    await sleep(clock, 10);
  }
}

/**
 * Starts redis-server; `folder` is its working directory. Nothing outlives it, but with `durable`
 * every write does, and is there again when it is started anew in the same folder.
 */
export async function startRedis(
  folder: string,
  { port = freePort(), clock, durable = false }: {
    port?: number | undefined;
    clock: Clock;
    durable?: boolean;
  },
): Promise<RedisServer> {
  const settings = {
    port: [String(port)],
    bind: ["127.0.0.1"],
    save: [""],
    appendonly: [durable ? "yes" : "no"],
    appendfsync: ["always"],
    dir: [folder],
    // A drain measures how fast an agent is, not when Redis drops it for being slow.
    "client-output-buffer-limit": ["pubsub", "0", "0", "0"],
  };
  const args = Object.entries(settings).flatMap(([name, values]) => [`--${name}`, ...values]);
  let child: Deno.ChildProcess;
  try {
    const command = new Deno.Command("redis-server", {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    child = command.spawn();
  } catch (error) {
    throw new Error("redis-server did not start: is it installed and on PATH?", { cause: error });
  }
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
  };
  try {
    const connection = await connectOwn(port, child.pid, clock);
    return {
      port,
      connection,
      async close() {
        connection.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
