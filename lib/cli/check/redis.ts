import type { Redis } from "ioredis";
import type { Clock } from "../../base/clock.ts";
import { about, type Finding } from "../../observe/health.ts";
import { redisSession } from "../../intake/pubsub.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import { redisConnection } from "../../base/redis/connection.ts";
import type { RedisEndpoint } from "../../base/redis/address.ts";
import { redisFailure } from "../../base/redis/failure.ts";
import { type RedisServer, redisTarget } from "../../base/redis/target.ts";
import type { ClockReading } from "./clock.ts";
import { checkStreams, type Listened, type StreamReader } from "./redis_streams.ts";

const TIMEOUT_MS = 5_000;
/** A single message can have 1 MiB; a burst of them must fit until they are read. */
const LEAST_BUFFER_BYTES = 4 * 1024 * 1024;

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
) {
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
    const { detail } = redisFailure(failed.error, server);
    return { findings: [...unused, ...findings, redis().problem("redis_unavailable", detail)] };
  }
  const as = credentials === null ? "without a password" : `as ${credentials.user ?? "default"}`;
  const kind = endpoint.tls ? "reachable over TLS" : "reachable";
  const role = endpoint.primaryOf === undefined ? "" : `, the primary of ${endpoint.primaryOf}`;
  const [info, time, config] = await askAbout(server, { buffer: !streams });
  return {
    findings: [
      redis().fine(`${kind}, ${plainLine(as, 80)}${role}`),
      ...unused,
      ...findings,
      versionFinding(info, endpoint),
      ...streams ? [] : [bufferFinding(config, endpoint)],
    ],
    clock: readingOf(time, server),
  };
}

async function listen(server: RedisServer, channels: readonly string[]): Promise<Listened> {
  const timeoutMs = server.connectTimeoutMs;
  const findings: Finding[] = [];
  const done = new AbortController();
  let isHeard = false;
  const error = await redisSession({
    ...server,
    channels,
    pingEveryMs: timeoutMs,
    pingDeadlineMs: timeoutMs,
    onMessage: () => {},
    onRefused(channel, { detail }) {
      const said = `may not be read: ${detail}`;
      const remedy = `Grant it: ACL SETUSER ... &${channel}`;
      const the = about("redis_channel", channel);
      findings.push(the.problem("redis_channel_refused", said, remedy));
    },
    onSubscribed(heard) {
      isHeard = true;
      findings.push(...heard.map((name) => about("redis_channel", name).fine("can be heard")));
      done.abort();
    },
  }, done.signal);
  return isHeard ? { findings } : { failed: { error }, findings };
}

/** Replies to INFO, TIME and CONFIG GET; undefined what the user may not ask, or does not come. */
async function askAbout(server: RedisServer, { buffer }: { readonly buffer: boolean }) {
  const { clock, connectTimeoutMs: ms } = server;
  const connection = redisConnection({ ...server, onPasswordUnused() {} });
  const cancel = clock.after(ms, () => connection.close());
  const reply = (question: (client: Redis) => Promise<unknown>) =>
    connection.ask(question, { stage: "ping", ms }).catch(() => undefined);
  try {
    await connection.open();
    return await Promise.all([
      reply((client) => client.info("server")),
      reply((client) => client.time()),
      buffer && reply((client) => client.config("GET", "client-output-buffer-limit")),
    ]);
  } catch {
    return [];
  } finally {
    cancel();
    connection.close();
  }
}

/** TIME replies with seconds and microseconds. */
function readingOf(time: unknown, { endpoint, clock }: RedisServer): ClockReading | undefined {
  const [seconds = NaN, microseconds = NaN] = Array.isArray(time) ? time.map(Number) : [];
  const theirsMs = seconds * 1000 + microseconds / 1000;
  if (!Number.isFinite(theirsMs)) return undefined;
  return { host: endpoint.display, theirsMs, oursMs: clock.now() };
}

function versionFinding(info: unknown, { display }: RedisEndpoint): Finding {
  const the = about("redis_version", display);
  const text = typeof info === "string" ? info.slice(0, 64_000) : "";
  const [, version] = /^(?:valkey_version|redis_version):([0-9][0-9.a-z-]{0,30})\r?$/m.exec(text) ??
    [];
  if (version === undefined) return the.skipped("version unknown: this user may not run INFO");
  return Number(version.split(".")[0]) < 3
    ? the.problem("redis_old", `Redis ${version}`)
    : the.fine(`Redis ${version}`);
}

function bufferFinding(config: unknown, { display }: RedisEndpoint): Finding {
  const the = about("redis_buffer", display);
  const text = Array.isArray(config) && typeof config[1] === "string" ? config[1] : "";
  const [, buffer] = /\bpubsub (\d{1,20} \d{1,20} \d{1,20})\b/.exec(text.slice(0, 1_000)) ?? [];
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
