/**
 * A Redis for tests: a real redis-server where there is one, else the stand-in.
 *
 * With REQUIRE_REDIS=1 a missing redis-server is a failure, not a reason for the stand-in.
 *
 * @module
 */
import "./deadlines.ts";
import { join } from "node:path/posix";
import { CHANNELS } from "./channels.ts";
import { type Reply, type RespClient, respClient, RespError, type Word } from "./resp.ts";
import { startStandIn } from "./resp_standin.ts";
import { sandbox } from "./sandbox.ts";

export const TLS_FOLDER = join(import.meta.dirname ?? ".", "tls");

/** Whether tests run on a real redis-server; those that need one are ignored otherwise. */
export const HAS_REDIS = Deno.env.get("REQUIRE_REDIS") === "1" || findRedis();

export interface RedisSetup {
  /** Password of the default user. */
  readonly requirepass?: string;
  /** ACL lines, such as `agent on >pw resetchannels &news +subscribe`. */
  readonly users?: readonly string[];
  /** A certificate in tests/support/tls: the port speaks TLS. Real redis-server only. */
  readonly certificate?: "server" | "other_name" | "expired";
  /** Whether its data survives `kill`, every write of it. Real redis-server only. */
  readonly appendOnly?: boolean;
  /** Further arguments, such as `--cluster-enabled yes`. Real redis-server only. */
  readonly further?: readonly string[];
}

export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  /** A URL for it; `login` such as `user:password` or `:password`. */
  url(login?: string): string;
  /** As the default user, with its password. Not over TLS. */
  command(...words: readonly Word[]): Promise<Reply>;
  /** Resolves with the number of clients that got it. */
  publish(channel: string, data: Word): Promise<number>;
  subscribers(channel: string): Promise<number>;
  /** Resolves when each channel has `count` subscribers. */
  awaitSubscribed(channels?: readonly string[], count?: number): Promise<void>;
  /** Changes the default user's password; "" for none. */
  setPassword(password: string): Promise<void>;
  /** Closes the connections of all subscribers. */
  cutSubscribers(): Promise<void>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

function findRedis(): boolean {
  try {
    const command = new Deno.Command("redis-server", { args: ["--version"], stdout: "null" });
    return command.outputSync().success;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that nothing listens on. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Tries until it succeeds; the last failure is thrown after 10 s. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 1_000;; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function startReal(
  port: number,
  setup: RedisSetup,
  folder: string,
): Promise<() => Promise<void>> {
  const file = (name: string) => join(TLS_FOLDER, name);
  const { certificate, requirepass, users = [] } = setup;
  const args = ["--bind", "127.0.0.1", "--save", "", "--dir", folder];
  args.push("--appendonly", setup.appendOnly ? "yes" : "no", "--appendfsync", "always");
  if (certificate === undefined) args.push("--port", String(port));
  else {
    args.push("--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no");
    args.push("--tls-cert-file", file(`${certificate}.crt`));
    args.push("--tls-key-file", file(`${certificate}.key`), "--tls-ca-cert-file", file("ca.crt"));
  }
  if (requirepass) args.push("--requirepass", requirepass);
  args.push(...setup.further ?? []);
  for (const user of users) args.push("--user", ...user.split(" "));
  const command = new Deno.Command("redis-server", {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const child = command.spawn();
  await eventually(async () => {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  });
  return async () => {
    child.kill("SIGKILL");
    await child.status;
  };
}

/** Starts one on 127.0.0.1, on a port of its own. */
export async function startRedis(setup: RedisSetup = {}): Promise<TestRedis> {
  const port = freePort();
  const folder = HAS_REDIS ? sandbox() : null;
  let password = setup.requirepass ?? "";
  let admin: RespClient | null = null;
  let stop: (() => Promise<void>) | null = null;

  async function start(): Promise<void> {
    if (folder) {
      stop = await startReal(port, { ...setup, requirepass: password }, folder.path);
    } else {
      const server = startStandIn({ port, requirepass: password, users: setup.users ?? [] });
      stop = server.close;
    }
  }

  async function kill(): Promise<void> {
    admin?.close();
    admin = null;
    await stop?.();
    stop = null;
  }

  async function command(...words: readonly Word[]): Promise<Reply> {
    if (!admin) {
      admin = await respClient(port);
      if (password !== "") await admin.command("AUTH", password);
    }
    try {
      return await admin.command(...words);
    } catch (error) {
      // An error of Redis leaves the connection open; a broken one is not used again.
      if (error instanceof RespError && !/closed the connection/.test(error.message)) throw error;
      admin?.close();
      admin = null;
      throw error;
    }
  }

  async function subscribers(channel: string): Promise<number> {
    const reply = await command("PUBSUB", "NUMSUB", channel);
    return Array.isArray(reply) ? Number(reply[1]) : 0;
  }

  await start();
  const redis: TestRedis = {
    port,
    url: (login) =>
      `${setup.certificate ? "rediss" : "redis"}://${login ? `${login}@` : ""}127.0.0.1:${port}`,
    command,
    publish: async (channel, data) => Number(await command("PUBLISH", channel, data)),
    subscribers,
    awaitSubscribed: (channels = CHANNELS, count = 1) =>
      eventually(async () => {
        for (const channel of channels) {
          const found = await subscribers(channel);
          if (found !== count) throw new RespError(`${channel}: ${found} subscribers`);
        }
      }),
    async setPassword(next) {
      await command("CONFIG", "SET", "requirepass", next);
      password = next;
    },
    cutSubscribers: async () => void await command("CLIENT", "KILL", "TYPE", "pubsub"),
    kill,
    start,
    async close() {
      await kill();
      folder?.[Symbol.dispose]();
    },
    [Symbol.asyncDispose]: () => redis.close(),
  };
  return redis;
}
