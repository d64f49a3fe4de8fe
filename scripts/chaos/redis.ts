/**
 * The Redis of a run: every write is on disk before it is answered, and it can be killed.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { type RedisServer, startRedis } from "../bench/redis_server.ts";
import type { Reply } from "../bench/resp.ts";

export interface DurableRedis {
  readonly port: number;
  /**
   * Waits until Redis is up, and asks again when it goes away meanwhile: for what may be done
   * twice.
   */
  command(...words: readonly string[]): Promise<Reply>;
  /** SIGKILL, and a new start on the same files `downMs` later; one restart after the other. */
  restart(downMs: number): Promise<void>;
  close(): Promise<void>;
}

const MOST_TRIES = 400;
const RETRY_MS = 50;

export async function startDurableRedis(folder: string, clock: Clock): Promise<DurableRedis> {
  let server: RedisServer | undefined = await startRedis(folder, { clock, durable: true });
  const { port } = server;
  let last: Promise<unknown> = Promise.resolve();
  let restarting: Promise<void> = Promise.resolve();
  let closed = false;

  async function ask(words: readonly string[]): Promise<Reply> {
    for (let tries = 1;; tries++) {
      try {
        if (!server) throw new Error("Redis is down");
        return await server.connection.command(...words);
      } catch (error) {
        const refused = error instanceof Error && error.message.startsWith('Redis answered "-') &&
          !error.message.includes("-LOADING");
        if (refused || tries === MOST_TRIES) throw error;
        await sleep(clock, RETRY_MS);
      }
    }
  }

  async function restartOnce(downMs: number): Promise<void> {
    const killed = server;
    server = undefined;
    await killed?.close();
    await sleep(clock, downMs);
    if (closed) return;
    server = await startRedis(folder, { port, clock, durable: true });
  }

  return {
    port,
    command(...words) {
      // The connection is for one caller at a time.
      const asked = last.then(() => ask(words));
      last = asked.catch(() => {});
      return asked;
    },
    restart(downMs) {
      restarting = restarting.then(() => restartOnce(downMs));
      return restarting;
    },
    async close() {
      closed = true;
      // One that is being started must not outlive this.
      await restarting.catch(() => {});
      await server?.close();
    },
  };
}
