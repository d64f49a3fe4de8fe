import { CommandTimeoutError, isReplyError } from "../../base/redis/errors.ts";
import {
  type RedisFailure,
  redisFailure,
  type RedisFailureContext,
} from "../../base/redis/failure.ts";

interface StreamFailureContext extends Omit<RedisFailureContext, "channel" | "publishing"> {
  readonly stream?: string | undefined; // the stream that was being used
}

/** As `redisFailure`, with what only commands on streams meet. Pure; never fails. */
export function streamFailure(error: unknown, context: StreamFailureContext): RedisFailure {
  const { stream, endpoint } = context;
  const failure = redisFailure(error, context);
  if (error instanceof CommandTimeoutError) {
    const { command, ms } = error;
    return {
      reason: "timeout",
      detail: `${endpoint.display} did not answer ${command} within ${ms / 1_000} s. ` +
        "Is the link up?",
    };
  }
  if (!isReplyError(error)) return failure;
  const text = error.message;
  if (failure.reason === "no_permission" && stream !== undefined && isAboutKey(text)) {
    return {
      reason: "no_permission",
      detail: `This user may not use the stream ${stream}. Grant it: ACL SETUSER ... ~${stream}`,
    };
  }
  const detail = detailOf(text, stream);
  return detail === undefined ? failure : { reason: failure.reason, detail };
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

function detailOf(text: string, stream = "of the stream"): string | undefined {
  if (text.startsWith("WRONGTYPE")) {
    return `The key ${stream} holds something else than a stream. Rename it, or DEL it.`;
  }
  if (text.startsWith("MISCONF")) {
    return "Redis takes no writes because it could not save its data. Its own log says why; a full " +
      "disk, most often.";
  }
  if (text.startsWith("OOM")) {
    return "Redis has no memory left (maxmemory). Trim the streams where they are written: " +
      "XADD ... MAXLEN ~ 100000.";
  }
  if (/^ERR unknown command|^ERR syntax error/i.test(text)) {
    return "This Redis lacks a command of streams. It takes Redis 6.2 or newer.";
  }
  return undefined;
}
