import type { Redis } from "ioredis";
import type { Clock } from "../../base/clock.ts";
import { about, type Finding } from "../../observe/health.ts";
import { redisSession } from "../../intake/pubsub.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import { redisConnection } from "../../base/redis/connection.ts";
import type { RedisEndpoint } from "../../base/redis/endpoint.ts";
import { redisFailure } from "../../base/redis/failure.ts";
import { type RedisServer, redisTarget } from "../../base/redis/target.ts";
import type { ClockReading } from "./clock.ts";
import { checkStreams, type Listened, type StreamReader } from "./redis_streams.ts";

export interface RedisCheck {
  readonly findings: readonly Finding[];
  readonly clock?: ClockReading | undefined;
}

const TIMEOUT_MS = 5_000;

/**
 * Is Redis there, and may this user hear the channels or read the streams? Connects and listens as
 * `run` does, and asks what the user may ask besides.
 */
export async function checkRedis(
  { url, channels, streams, clock, timeoutMs = TIMEOUT_MS }: {
    readonly url: string;
    readonly channels: readonly string[];
    /** Given when the channels' names are read as streams. */
    readonly streams?: StreamReader | undefined;
    readonly clock: Clock;
    readonly timeoutMs?: number;
  },
): Promise<RedisCheck> {
  const keys = streams !== undefined;
  const unused: Finding[] = [];
  const target = redisTarget(url, {
    clock,
    keys,
    connectTimeoutMs: timeoutMs,
    onPasswordUnused() {
      const detail = "REDIS_URL has a password and this Redis asks for none";
      unused.push(redis().problem("redis_password_unused", detail));
    },
  });
  const redis = () => about("redis", target.server.endpoint.display);
  try {
    await target.locate();
  } catch (error) {
    const { detail } = redisFailure(error, target.server);
    return { findings: [about("redis", target.display).problem("redis_unavailable", detail)] };
  }
  const { server } = target;
  const { endpoint, credentials } = server;
  const { failed, findings } = streams
    ? await checkStreams(server, channels, streams)
    : await listen(server, channels);
  if (failed) {
    const { detail } = redisFailure(failed.error, { ...server, channel: failed.channel });
    const found = streams ? [] : [...unused, ...findings];
    return { findings: [...found, redis().problem("redis_unavailable", detail)] };
  }
  const as = credentials === null ? "without a password" : `as ${credentials.user ?? "default"}`;
  const kind = endpoint.tls ? "reachable over TLS" : "reachable";
  const role = endpoint.primaryOf === undefined ? "" : `, the primary of ${endpoint.primaryOf}`;
  const facts = await ask(server, { buffer: !streams });
  return {
    findings: [
      redis().fine(`${kind}, ${plainLine(as, 80)}${role}`),
      ...unused,
      ...findings,
      versionFinding(facts.version, endpoint),
      ...streams ? [] : [bufferFinding(facts.buffer, endpoint)],
    ],
    clock: facts.clock,
  };
}

async function listen(server: RedisServer, channels: readonly string[]): Promise<Listened> {
  const timeoutMs = server.connectTimeoutMs;
  const refused: Finding[] = [];
  const done = new AbortController();
  let heard: readonly string[] | undefined;
  const end = await redisSession({
    ...server,
    channels,
    pingEveryMs: timeoutMs,
    pingDeadlineMs: timeoutMs,
    refusedRetryMs: timeoutMs,
    onMessage: () => {},
    onRefused(channel, error) {
      const { detail } = redisFailure(error, { ...server, channel });
      refused.push(
        about("redis_channel", channel).problem(
          "redis_channel_refused",
          `may not be read: ${detail}`,
          `Grant it: ACL SETUSER ... &${channel}`,
        ),
      );
    },
    onSubscribed(subscribed) {
      heard = subscribed;
      done.abort();
    },
  }, done.signal);
  if (heard === undefined) return { failed: end, findings: refused };
  const fine = heard.map((channel) => about("redis_channel", channel).fine("can be heard"));
  return { findings: [...refused, ...fine] };
}

/** What Redis says about itself; undefined what the user may not ask. */
async function ask(server: RedisServer, { buffer }: { readonly buffer: boolean }) {
  const { endpoint, clock, connectTimeoutMs: ms } = server;
  const connection = redisConnection({ ...server, onPasswordUnused() {} });
  const cancel = clock.after(ms, () => connection.close());
  /** The reply, or undefined where it is refused or does not come. */
  const reply = (question: (client: Redis) => Promise<unknown>) =>
    connection.ask(question, { stage: "ping", ms }).catch(() => undefined);
  try {
    await connection.open();
    const [info, config, time] = await Promise.all([
      reply((client) => client.info("server")),
      buffer ? reply((client) => client.config("GET", "client-output-buffer-limit")) : undefined,
      reply((client) => client.time()),
    ]);
    const theirsMs = millisecondsIn(time);
    return {
      version: versionIn(info),
      buffer: bufferIn(config),
      clock: Number.isFinite(theirsMs)
        ? { host: endpoint.display, theirsMs, oursMs: clock.now() }
        : undefined,
    };
  } catch {
    return {};
  } finally {
    cancel();
    connection.close();
  }
}

function versionIn(info: unknown): string | undefined {
  const text = typeof info === "string" ? info.slice(0, 64_000) : "";
  return /^(?:valkey_version|redis_version):([0-9][0-9.a-z-]{0,30})\r?$/m.exec(text)?.[1];
}

function bufferIn(config: unknown): string | undefined {
  if (!Array.isArray(config) || typeof config[1] !== "string") return undefined;
  return /\bpubsub (\d{1,20} \d{1,20} \d{1,20})\b/.exec(config[1].slice(0, 1_000))?.[1];
}

/** TIME's reply, seconds and microseconds, as milliseconds; NaN where it is none. */
function millisecondsIn(time: unknown): number {
  const [seconds = NaN, microseconds = NaN] = Array.isArray(time) ? time.map(Number) : [];
  return seconds * 1000 + microseconds / 1000;
}

function versionFinding(version: string | undefined, { display }: RedisEndpoint): Finding {
  const the = about("redis_version", display);
  if (version === undefined) return the.skipped("version unknown: this user may not run INFO");
  return Number(version.split(".")[0]) < 3
    ? the.problem("redis_old", `Redis ${version}`)
    : the.fine(`Redis ${version}`);
}

/** A single message can have 1 MiB; a burst of them must fit until they are read. */
const LEAST_BUFFER_BYTES = 4 * 1024 * 1024;

function bufferFinding(buffer: string | undefined, { display }: RedisEndpoint): Finding {
  const the = about("redis_buffer", display);
  if (buffer === undefined) {
    return the.skipped(
      "client-output-buffer-limit pubsub unknown: this user may not run CONFIG GET",
    );
  }
  const [hard = 0, soft = 0] = buffer.split(" ").map(Number);
  const isSmall = [hard, soft].some((limit) => limit > 0 && limit < LEAST_BUFFER_BYTES);
  const mebibytes = (bytes: number) => bytes === 0 ? "no limit" : `${bytes / 2 ** 20} MiB`;
  const detail =
    `keeps ${mebibytes(hard)} for a listener that is slow, ${mebibytes(soft)} for long ` +
    `(client-output-buffer-limit pubsub ${buffer})`;
  return isSmall ? the.problem("redis_buffer_small", detail) : the.fine(detail);
}
