import { isReplyError, RedisTimeoutError } from "../../base/redis/errors.ts";
import {
  type RedisFailure,
  redisFailure,
  type RedisFailureContext,
} from "../../base/redis/failure.ts";

interface StreamFailureContext extends Omit<RedisFailureContext, "channel" | "publishing"> {
  readonly stream?: string | undefined; // the stream that was being used
}

/** What only commands on streams meet, by how Redis words it; KEY is the stream. */
const DETAILS: readonly (readonly [text: RegExp, detail: string])[] = [
  [/^WRONGTYPE/, "The key KEY holds something else than a stream. Rename it, or DEL it."],
  [
    /^MISCONF/,
    "Redis takes no writes because it could not save its data. Its own log says why; a full disk, " +
    "most often.",
  ],
  [
    /^OOM/,
    "Redis has no memory left (maxmemory). Trim the streams where they are written: " +
    "XADD ... MAXLEN ~ 100000.",
  ],
  [
    /^ERR (?:unknown command|syntax error)/i,
    "This Redis lacks a command of streams. It takes Redis 6.2 or newer.",
  ],
];

/** As `redisFailure`, with what only commands on streams meet. Pure; never fails. */
export function streamFailure(error: unknown, context: StreamFailureContext): RedisFailure {
  const { stream, endpoint } = context;
  if (error instanceof RedisTimeoutError && error.command !== undefined) {
    const within = `${error.command} within ${error.ms / 1_000} s`;
    const detail = `${endpoint.display} did not answer ${within}. Is the link up?`;
    return { reason: "timeout", detail };
  }
  const failure = redisFailure(error, context);
  if (!isReplyError(error)) return failure;
  const { message } = error;
  if (failure.reason === "no_permission" && stream !== undefined && isAboutKey(message)) {
    const detail =
      `This user may not use the stream ${stream}. Grant it: ACL SETUSER ... ~${stream}`;
    return { reason: "no_permission", detail };
  }
  const found = DETAILS.find(([text]) => text.test(message));
  if (!found) return failure;
  return { ...failure, detail: found[1].replace("KEY", () => stream ?? "of the stream") };
}

/** Whether the error concerns one stream, while others may be well. */
export function isOfStream(error: unknown): error is Error {
  if (!isReplyError(error)) return false;
  const { message } = error;
  return /^(?:NOGROUP|UNBLOCKED|WRONGTYPE)\b/.test(message) ||
    (message.startsWith("NOPERM") && isAboutKey(message));
}

// Redis 6: "... to access one of the keys used as arguments"; 7.2: "No permissions to access a key".
function isAboutKey(text: string): boolean {
  return /\bkeys?\b/i.test(text) && !/ the '[a-z|_-]{1,40}' command/i.test(text);
}
