/**
 * A primary, its replica and three sentinels that watch them: redis-server five times.
 *
 * @module
 */
import { join } from "node:path/posix";
import { freePort, startRedis, type TestRedis } from "./redis.ts";
import { type RespClient, respClient } from "./resp.ts";
import { sandbox } from "./sandbox.ts";
import { eventually } from "./stream_reader.ts";

export const PRIMARY_NAME = "homelab";
const QUORUM = 2;

export interface SentinelSite extends AsyncDisposable {
  readonly primary: TestRedis;
  readonly replica: TestRedis;
  /** A REDIS_URL with the sentinels, and with both servers as nodes. */
  readonly url: string;
  /** Kills the primary; resolves when every sentinel names the replica instead. */
  failOver(): Promise<void>;
}

/** Starts all five; resolves when the replica follows and the sentinels could agree on it. */
export async function startSentinels(): Promise<SentinelSite> {
  // Else it waits 5 s for further replicas.
  const primary = await startRedis({ further: ["--repl-diskless-sync-delay", "0"] });
  const replica = await startRedis({ further: ["--replicaof", "127.0.0.1", `${primary.port}`] });
  await eventually("the replica follows", async () => {
    return String(await replica.command("INFO", "replication")).includes("master_link_status:up");
  });
  const folder = sandbox();
  const ids = [1, 2, 3].map((nth) => ({ port: freePort(), id: `${nth}`.repeat(40) }));
  const sentinels = await Promise.all(ids.map(async ({ port, id }) => {
    const path = join(folder.path, `${port}.conf`);
    await Deno.writeTextFile(
      path,
      [
        `port ${port}`,
        "bind 127.0.0.1",
        `dir ${folder.path}`,
        `sentinel myid ${id}`,
        `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primary.port} ${QUORUM}`,
        // So long that no busy machine makes them change the primary before it is killed.
        `sentinel down-after-milliseconds ${PRIMARY_NAME} 30000`,
        `sentinel failover-timeout ${PRIMARY_NAME} 3000`,
        // What they would find out by themselves within 10 s.
        `sentinel known-replica ${PRIMARY_NAME} 127.0.0.1 ${replica.port}`,
        ...ids.filter((other) => other.id !== id)
          .map((other) =>
            `sentinel known-sentinel ${PRIMARY_NAME} 127.0.0.1 ${other.port} ${other.id}`
          ),
        "",
      ].join("\n"),
    );
    const child = new Deno.Command("redis-server", {
      args: [path, "--sentinel"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let client: RespClient | undefined;
    await eventually(`the sentinel on ${port} listens`, async () => {
      client = await respClient(port).catch(() => undefined);
      return client !== undefined;
    });
    return {
      ask: (...words: string[]) => client?.command("SENTINEL", ...words),
      async stop() {
        client?.close();
        child.kill("SIGKILL");
        await child.status;
      },
    };
  }));
  await Promise.all(sentinels.map(async ({ ask }) => {
    // Theirs are 10 s and 2 s, which is for networks; redis-server 7.0 or newer.
    await Promise.resolve(
      ask("DEBUG", "info-period", "200", "publish-period", "200"),
    ).catch(() => {});
    await eventually("a quorum, and a replica to promote", async () => {
      const quorum = await Promise.resolve(ask("CKQUORUM", PRIMARY_NAME)).catch(() => "");
      const known = String(await ask("REPLICAS", PRIMARY_NAME));
      return String(quorum).startsWith(`OK ${ids.length} usable`) &&
        known.includes("flags,slave,") && known.includes("master-link-status,ok");
    });
  }));

  return {
    primary,
    replica,
    url: `redis+sentinel://${ids.map(({ port }) => `127.0.0.1:${port}`).join(",")}` +
      `/${PRIMARY_NAME}?nodes=127.0.0.1:${primary.port},127.0.0.1:${replica.port}`,
    async failOver() {
      await primary.kill();
      for (const { ask } of sentinels) {
        await ask("SET", PRIMARY_NAME, "down-after-milliseconds", "500");
      }
      await Promise.all(
        sentinels.map(({ ask }) =>
          eventually("the replica is the primary", async () => {
            const address = await ask("get-master-addr-by-name", PRIMARY_NAME);
            return Array.isArray(address) && address[1] === `${replica.port}`;
          })
        ),
      );
      // Promoted, it has closed its connections.
      await replica.command("PING").catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sentinels.map(({ stop }) => stop()));
      await Promise.all([primary.close(), replica.close()]);
      folder[Symbol.dispose]();
    },
  };
}
