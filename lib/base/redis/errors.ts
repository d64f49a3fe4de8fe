/** What a connection waits for; `ping` for any reply once it is in use. */
export type RedisStage = "connect" | "auth" | "role" | "subscribe" | "ping" | "publish";

/** No reply within the deadline of a stage, or of a `command`. */
export class RedisTimeoutError extends Error {
  override readonly name = "RedisTimeoutError";
  constructor(readonly stage: RedisStage, readonly ms: number, readonly command?: string) {
    super(`${stage}: no answer within ${ms} ms`);
  }
}

/** The connection ended without a reason given. */
export class RedisClosedError extends Error {
  override readonly name = "RedisClosedError";
  constructor(readonly stage: RedisStage) {
    super(`closed during ${stage}`);
  }
}

/** A reply that breaks the Redis protocol. */
export class RedisProtocolError extends Error {
  override readonly name = "RedisProtocolError";
}

/** A reply that is larger than any that the commands used here can have. */
export class RedisReplyTooLargeError extends Error {
  override readonly name = "RedisReplyTooLargeError";
  constructor(readonly most: number, readonly of: "bytes" | "bytes in one line" | "elements") {
    super(`a reply of more than ${most} ${of}`);
  }
}

/** The server that a sentinel named as the primary is not the primary. */
export class RedisReplicaError extends Error {
  override readonly name = "RedisReplicaError";
  constructor(display: string, primaryOf: string) {
    super(`${display} is not the primary of ${primaryOf}`);
  }
}

/** Whether `error` is Redis' own reply; the connection is as good as before. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}
