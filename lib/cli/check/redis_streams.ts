/**
 * May this user do all that reading streams takes?
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { type Finding, fine, problem } from "../../observe/health.ts";
import { isOfStream, streamFailure } from "../../intake/streams/failure.ts";
import { deadLetterStream } from "../../intake/streams/group.ts";
import type { RedisCredentials, RedisEndpoint } from "../../base/redis/endpoint.ts";
import { isReplyError } from "../../base/redis/errors.ts";
import { type RedisLink, redisLink } from "../../base/redis/link.ts";

/** As whom streams are read: STREAM_GROUP, and the consumer in it. */
export interface StreamReader {
  readonly group: string;
  readonly consumer: string;
}

interface StreamsCheckOptions extends StreamReader {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  readonly secrets: readonly string[];
  readonly streams: readonly string[];
  readonly clock: Clock;
  /** Deadline of each step. */
  readonly timeoutMs: number;
}

/** A command that does nothing, as Redis looks at rights before it looks at the last word. */
interface Rehearsal {
  /** What is granted. */
  readonly right: string;
  readonly key: string;
  readonly command: readonly [string, ...string[]];
}

/** Neither a number nor an ID, so that no command with it can have an effect. */
const WRONG = "wrong";

function rehearsals(stream: string, { group, consumer }: StreamReader): readonly Rehearsal[] {
  const dead = deadLetterStream(stream);
  const on = (key: string, right: string, ...command: Rehearsal["command"]): Rehearsal => ({
    right,
    key,
    command,
  });
  return [
    on(stream, "xpending", "XPENDING", stream, group, "-", "+", "1", consumer),
    on(stream, "xgroup|create", "XGROUP", "CREATE", stream, group, WRONG),
    on(stream, "xreadgroup", "XREADGROUP", "GROUP", group, consumer, "STREAMS", stream, WRONG),
    on(stream, "xautoclaim", "XAUTOCLAIM", stream, group, consumer, WRONG, "0-0"),
    on(stream, "xclaim", "XCLAIM", stream, group, consumer, WRONG, "0-0"),
    on(stream, "xack", "XACK", stream, group, WRONG),
    on(stream, "xrange", "XRANGE", stream, WRONG, "+"),
    on(dead, "xadd", "XADD", dead, "MAXLEN", WRONG, "*", "reason", WRONG),
  ];
}

/**
 * Connects as `run` does, and tries every command on every stream in a form that cannot have an
 * effect. The error is what kept it from doing so.
 */
export async function checkStreams(
  options: StreamsCheckOptions,
): Promise<{ readonly error?: unknown; readonly findings: readonly Finding[] }> {
  const { endpoint, timeoutMs } = options;
  const findings: Finding[] = [];
  const link = redisLink({
    ...options,
    connectTimeoutMs: timeoutMs,
    onPasswordUnused() {
      const detail = "REDIS_URL has a password and this Redis asks for none";
      const about = { check: "redis", subject: endpoint.display, detail };
      findings.push(problem("redis_password_unused", about));
    },
  });
  try {
    await link.open();
    for (const stream of options.streams) findings.push(await streamFinding(link, stream, options));
    return { findings };
  } catch (error) {
    return { error, findings };
  } finally {
    link.close();
  }
}

async function streamFinding(
  link: RedisLink,
  stream: string,
  options: StreamsCheckOptions,
): Promise<Finding> {
  const { group, timeoutMs } = options;
  const lacking = new Set<string>();
  let refusal: string | undefined;
  for (const { right, key, command } of rehearsals(stream, options)) {
    try {
      await link.call(command, timeoutMs);
    } catch (error) {
      if (!isReplyError(error) || /^(?:NOAUTH|LOADING)\b/.test(error.message)) throw error;
      const { message } = error;
      if (message.startsWith("NOPERM")) {
        lacking.add(isOfStream(error) ? `~${key}` : `+${right}`);
      } else if (/^(?:WRONGTYPE|ERR unknown command)/i.test(message)) {
        refusal ??= streamFailure(error, { ...options, stream: key }).detail;
      }
    }
  }
  const about = { check: "redis_stream", subject: stream };
  if (refusal !== undefined) {
    return problem("redis_stream_refused", { ...about, detail: `cannot be read: ${refusal}` });
  }
  if (lacking.size === 0) return fine({ ...about, detail: `can be read, in the group ${group}` });
  return problem("redis_stream_refused", {
    ...about,
    detail: "may not be read, or not with all that it takes",
    remedy: `Grant it: ACL SETUSER ... ${[...lacking].join(" ")}`,
  });
}
