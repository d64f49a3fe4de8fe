/**
 * Is Redis there, does it let this user in, and may it hear both channels or read both streams?
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Clock } from "../../base/clock.ts";
import { type Finding, fine, problem, skipped } from "../../observe/health.ts";
import { redisSession } from "../../intake/pubsub_session.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import {
  type RedisCredentials,
  type RedisEndpoint,
  redisEndpoint,
} from "../../base/redis/endpoint.ts";
import { redisFailure } from "../../base/redis/failure.ts";
import { redisLink } from "../../base/redis/link.ts";
import { redisTarget } from "../../base/redis/target.ts";
import type { ClockReading } from "./clock.ts";
import { checkStreams, type StreamReader } from "./redis_streams.ts";

interface RedisCheckOptions {
  readonly url: string;
  readonly channels: readonly string[];
  /** Given when the channels' names are read as streams. */
  readonly streams?: StreamReader | undefined;
  readonly clock: Clock;
  /** Deadline of each step. */
  readonly timeoutMs?: number;
}

export interface RedisCheck {
  readonly findings: readonly Finding[];
  readonly clock?: ClockReading;
}

interface Place {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly timeoutMs: number;
}

const TIMEOUT_MS = 5_000;

/** Connects and listens as `run` does, and asks what the user may ask besides. */
export async function checkRedis(options: RedisCheckOptions): Promise<RedisCheck> {
  const { url, channels, streams, clock, timeoutMs = TIMEOUT_MS } = options;
  const keys = streams !== undefined;
  const { locate, credentials, secrets, display } = redisTarget(url, { clock, keys });
  let endpoint: RedisEndpoint;
  try {
    endpoint = await locate({ deadlineMs: timeoutMs });
  } catch (error) {
    const { detail } = redisFailure(error, { endpoint: redisEndpoint(url), secrets });
    return {
      findings: [problem("redis_unavailable", { check: "redis", subject: display, detail })],
    };
  }
  const place = { endpoint, credentials, secrets, clock, timeoutMs };
  const { reached, findings } = streams
    ? await readStreams(place, { ...streams, streams: channels })
    : await listen(place, options);
  if (!reached) return { findings };
  const facts = await ask(place, { buffer: !streams });
  return {
    findings: [
      ...findings,
      versionFinding(facts, endpoint),
      ...streams ? [] : [bufferFinding(facts, endpoint)],
    ],
    ...(facts.clock && { clock: facts.clock }),
  };
}

function reachable({ endpoint, credentials }: Place): Finding {
  const as = credentials === null ? "without a password" : `as ${credentials.user ?? "default"}`;
  const kind = endpoint.tls ? "reachable over TLS" : "reachable";
  const role = endpoint.primaryOf === undefined ? "" : `, the primary of ${endpoint.primaryOf}`;
  const detail = `${kind}, ${plainLine(as, 80)}${role}`;
  return fine({ check: "redis", subject: endpoint.display, detail });
}

async function readStreams(
  place: Place,
  reader: StreamReader & { readonly streams: readonly string[] },
): Promise<{ reached: boolean; findings: readonly Finding[] }> {
  const { error, findings } = await checkStreams({ ...place, ...reader });
  if (error === undefined) return { reached: true, findings: [reachable(place), ...findings] };
  const about = { check: "redis", subject: place.endpoint.display };
  const { detail } = redisFailure(error, place);
  return { reached: false, findings: [problem("redis_unavailable", { ...about, detail })] };
}

async function listen(
  place: Place,
  { channels }: RedisCheckOptions,
): Promise<{ reached: boolean; findings: Finding[] }> {
  const { endpoint, credentials, secrets, clock, timeoutMs } = place;
  const at = endpoint.display;
  const findings: Finding[] = [];
  const done = new AbortController();
  let heard: readonly string[] | undefined;
  const end = await redisSession({
    endpoint,
    credentials,
    channels,
    clock,
    pingEveryMs: timeoutMs,
    pingDeadlineMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    refusedRetryMs: timeoutMs,
    onMessage: () => {},
    onPasswordUnused() {
      const detail = "REDIS_URL has a password and this Redis asks for none";
      findings.push(problem("redis_password_unused", { check: "redis", subject: at, detail }));
    },
    onRefused(channel, error) {
      const { detail } = redisFailure(error, { endpoint, secrets, channel });
      findings.push(
        problem("redis_channel_refused", {
          check: "redis_channel",
          subject: channel,
          detail: `may not be read: ${detail}`,
          remedy: `Grant it: ACL SETUSER ... &${channel}`,
        }),
      );
    },
    onSubscribed(subscribed) {
      heard = subscribed;
      done.abort();
    },
  }, done.signal);
  if (heard === undefined) {
    const { detail } = redisFailure(end.error, { endpoint, secrets, channel: end.channel });
    const about = { check: "redis", subject: at, detail };
    return { reached: false, findings: [...findings, problem("redis_unavailable", about)] };
  }
  return {
    reached: true,
    findings: [
      reachable(place),
      ...findings,
      ...heard.map((channel) =>
        fine({ check: "redis_channel", subject: channel, detail: "can be heard" })
      ),
    ],
  };
}

/** What Redis said about itself; undefined where the user may not ask. */
interface RedisFacts {
  readonly version?: string | undefined;
  readonly buffer?: string | undefined;
  readonly clock?: ClockReading | undefined;
}

async function ask(place: Place, { buffer }: { readonly buffer: boolean }): Promise<RedisFacts> {
  const { clock, timeoutMs } = place;
  const link = redisLink({ ...place, connectTimeoutMs: timeoutMs });
  const cancel = clock.after(timeoutMs, () => link.close());
  /** The answer, or undefined where it is refused or does not come. */
  const answer = (question: (client: Redis) => Promise<unknown>) =>
    link.ask(question, { stage: "ping", ms: timeoutMs }).catch(() => undefined);
  try {
    await link.open();
    const [info, config, time] = await Promise.all([
      answer((client) => client.info("server")),
      buffer ? answer((client) => client.config("GET", "client-output-buffer-limit")) : undefined,
      answer((client) => client.time()),
    ]);
    return { version: versionIn(info), buffer: bufferIn(config), clock: timeIn(time, place) };
  } catch {
    return {};
  } finally {
    cancel();
    link.close();
  }
}

function versionIn(info: unknown): string | undefined {
  if (typeof info !== "string") return undefined;
  const name = /^(valkey_version|redis_version):([0-9][0-9.a-z-]{0,30})\r?$/m.exec(
    info.slice(0, 64_000),
  );
  return name?.[2];
}

function bufferIn(config: unknown): string | undefined {
  if (!Array.isArray(config) || typeof config[1] !== "string") return undefined;
  return /\bpubsub (\d{1,20} \d{1,20} \d{1,20})\b/.exec(config[1].slice(0, 1_000))?.[1];
}

function timeIn(time: unknown, { endpoint, clock }: Place): ClockReading | undefined {
  if (!Array.isArray(time)) return undefined;
  const [seconds, microseconds] = time.map(Number);
  const theirsMs = (seconds ?? NaN) * 1000 + (microseconds ?? NaN) / 1000;
  if (!Number.isFinite(theirsMs)) return undefined;
  return { host: endpoint.display, theirsMs, oursMs: clock.now() };
}

function versionFinding({ version }: RedisFacts, { display }: RedisEndpoint): Finding {
  const about = (detail: string) => ({ check: "redis_version", subject: display, detail });
  if (version === undefined) return skipped(about("version unknown: this user may not run INFO"));
  const major = Number(version.split(".")[0]);
  return major < 3
    ? problem("redis_old", about(`Redis ${version}`))
    : fine(about(`Redis ${version}`));
}

/** A single message can have 1 MiB; a burst of them must fit until they are read. */
const LEAST_BUFFER_BYTES = 4 * 1024 * 1024;

function bufferFinding({ buffer }: RedisFacts, { display }: RedisEndpoint): Finding {
  const about = (detail: string) => ({ check: "redis_buffer", subject: display, detail });
  if (buffer === undefined) {
    return skipped(
      about("client-output-buffer-limit pubsub unknown: this user may not run CONFIG GET"),
    );
  }
  const [hard = 0, soft = 0] = buffer.split(" ").map(Number);
  const small = [hard, soft].some((limit) => limit > 0 && limit < LEAST_BUFFER_BYTES);
  const mebibytes = (bytes: number) => bytes === 0 ? "no limit" : `${bytes / 2 ** 20} MiB`;
  const detail =
    `keeps ${mebibytes(hard)} for a listener that is slow, ${mebibytes(soft)} for long ` +
    `(client-output-buffer-limit pubsub ${buffer})`;
  return small ? problem("redis_buffer_small", about(detail)) : fine(about(detail));
}
