import { about, type Finding } from "../../observe/health.ts";
import { isOfStream, streamFailure } from "../../intake/streams/failure.ts";
import { deadLetterStream } from "../../intake/streams/group.ts";
import { isReplyError } from "../../base/redis/errors.ts";
import { type RedisConnection, redisConnection } from "../../base/redis/connection.ts";
import type { RedisServer } from "../../base/redis/target.ts";

/** What was found out of channels or streams, or what kept it from being found out. */
export interface Listened {
  readonly findings: readonly Finding[];
  readonly failed?: { readonly error: unknown };
}

/** As whom streams are read: STREAM_GROUP, and the consumer in it. */
export type StreamReader = Readonly<Record<"group" | "consumer", string>>;

/** Neither a number nor an ID, so that no command with it can have an effect. */
const WRONG = "wrong";

/**
 * Commands that do nothing, as Redis looks at rights before it looks at the last word; each with
 * its key and the right that it takes.
 */
function rehearsals(stream: string, { group, consumer }: StreamReader) {
  const dead = deadLetterStream(stream);
  return [
    [stream, "xpending", ["XPENDING", stream, group, "-", "+", "1", consumer]],
    [stream, "xgroup|create", ["XGROUP", "CREATE", stream, group, WRONG]],
    [stream, "xreadgroup", ["XREADGROUP", "GROUP", group, consumer, "STREAMS", stream, WRONG]],
    [stream, "xautoclaim", ["XAUTOCLAIM", stream, group, consumer, WRONG, "0-0"]],
    [stream, "xclaim", ["XCLAIM", stream, group, consumer, WRONG, "0-0"]],
    [stream, "xack", ["XACK", stream, group, WRONG]],
    [stream, "xrange", ["XRANGE", stream, WRONG, "+"]],
    [dead, "xadd", ["XADD", dead, "MAXLEN", WRONG, "*", "reason", WRONG]],
  ] as const;
}

/**
 * May this user do all that reading streams takes? Connects as `run` does, and tries every command
 * on every stream in a form without an effect.
 */
export async function checkStreams(
  server: RedisServer,
  streams: readonly string[],
  reader: StreamReader,
): Promise<Listened> {
  const connection = redisConnection(server);
  const findings: Finding[] = [];
  try {
    await connection.open();
    for (const stream of streams) {
      findings.push(await streamFinding(connection, stream, { ...server, ...reader }));
    }
    return { findings };
  } catch (error) {
    return { failed: { error }, findings: [] };
  } finally {
    connection.close();
  }
}

async function streamFinding(
  connection: RedisConnection,
  stream: string,
  reader: RedisServer & StreamReader,
): Promise<Finding> {
  const the = about("redis_stream", stream);
  const lacking = new Set<string>();
  let refusal: string | undefined;
  for (const [key, right, command] of rehearsals(stream, reader)) {
    try {
      await connection.call(command, reader.connectTimeoutMs);
    } catch (error) {
      if (!isReplyError(error) || /^(?:NOAUTH|LOADING)\b/.test(error.message)) throw error;
      if (error.message.startsWith("NOPERM")) {
        lacking.add(isOfStream(error) ? `~${key}` : `+${right}`);
      } else if (/^(?:WRONGTYPE|ERR unknown command)/i.test(error.message)) {
        refusal ??= streamFailure(error, { ...reader, stream: key }).detail;
      }
    }
  }
  if (refusal !== undefined) {
    return the.problem("redis_stream_refused", `cannot be read: ${refusal}`);
  }
  if (lacking.size === 0) return the.fine(`can be read, in the group ${reader.group}`);
  const remedy = `Grant it: ACL SETUSER ... ${[...lacking].join(" ")}`;
  const detail = "may not be read, or not with all that it takes";
  return the.problem("redis_stream_refused", detail, remedy);
}
