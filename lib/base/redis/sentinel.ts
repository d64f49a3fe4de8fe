/**
 * Asks sentinels which server is the primary. ioredis' connector for them goes wherever it is sent,
 * with the password, and makes one text of all that went wrong; here the address is looked at first,
 * and each failure keeps its reason.
 *
 * @module
 */
import { plainLine } from "../text/plain_line.ts";
import { redisConnection } from "./connection.ts";
import { addressOf, endpointAt, type RedisEndpoint } from "./address.ts";
import { isReplyError, RedisProtocolError } from "./errors.ts";
import { type RedisFailure, redisFailure, RedisUnusableError } from "./failure.ts";
import type { RedisServer, RedisTargetOptions } from "./target.ts";

interface SentinelQuestion {
  /** Of the primary. */
  readonly name: string;
  /** What may be the primary, as `host:port`; empty for whatever a sentinel names. */
  readonly nodes: readonly string[];
  readonly tls: boolean;
  readonly mayConnect: RedisTargetOptions["mayConnect"];
  readonly signal: AbortSignal | undefined;
}

/** A sentinel did not answer; the failure of another may say more. */
const isUnheard = ({ reason }: RedisFailure) =>
  ["refused", "unreachable", "no_such_host", "timeout", "closed"].includes(reason);

/**
 * Asks the sentinels in turn until one names a primary that may be used, and returns that one. Their
 * credentials are for those that ask for a password.
 *
 * @throws {RedisUnusableError} when none does; anything when `signal` aborted.
 */
export async function askSentinels(
  sentinels: readonly RedisServer[],
  question: SentinelQuestion,
): Promise<RedisEndpoint> {
  let told: RedisFailure = { reason: "no_primary", detail: "REDIS_URL names no sentinel." };
  for (const [nth, sentinel] of sentinels.entries()) {
    try {
      return await primaryBy(sentinel, question);
    } catch (error) {
      if (question.signal?.aborted) throw error;
      if (nth > 0 && !isUnheard(told)) continue;
      const failure = sentinelFailure(error, sentinel);
      const detail = `Sentinel ${sentinel.endpoint.display}: ${failure.detail}`;
      told = { ...failure, detail };
    }
  }
  throw new RedisUnusableError(told);
}

/** @throws {RedisUnusableError} where the primary by this sentinel cannot be used. */
async function primaryBy(
  sentinel: RedisServer,
  { name, nodes, tls, mayConnect = systemMayConnect, signal }: SentinelQuestion,
): Promise<RedisEndpoint> {
  const reply = await ask(sentinel, name, signal);
  if (reply === null) {
    const detail = `it knows no primary ${name}. Is the name right in REDIS_URL?`;
    throw new RedisUnusableError({ reason: "no_primary", detail });
  }
  const address = addressIn(reply);
  const notPermitted = (why: string) =>
    new RedisUnusableError({
      reason: "not_permitted",
      detail: `it names ${address} as the primary of ${name}, which ${why}`,
    });
  if (nodes.length > 0 && !nodes.includes(address)) {
    throw notPermitted(
      "is none of the nodes= in REDIS_URL. If it is one of yours, add it there as the sentinel " +
        "writes it.",
    );
  }
  if (!await mayConnect(address)) {
    throw notPermitted(
      "this program may not connect to. Build it for a REDIS_URL whose nodes= has it.",
    );
  }
  return { ...endpointAt(address, tls), primaryOf: name };
}

async function systemMayConnect(host: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "net", host })).state === "granted";
}

/** What a sentinel replies to who the primary is; null where it knows no such name. */
async function ask(
  sentinel: RedisServer,
  name: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { credentials, connectTimeoutMs: ms } = sentinel;
  const connection = redisConnection({ ...sentinel, credentials: null, signal });
  const call = () => connection.call(["SENTINEL", "get-master-addr-by-name", name], ms);
  try {
    await connection.open();
    return await call().catch(async (error) => {
      // A sentinel has users of its own; most have none.
      const isWanted = isReplyError(error) && error.message.startsWith("NOAUTH");
      if (!isWanted || !credentials) throw error;
      await connection.authenticate(credentials);
      return await call();
    });
  } finally {
    connection.close();
  }
}

function sentinelFailure(error: unknown, sentinel: RedisServer): RedisFailure {
  const failure = redisFailure(error, sentinel);
  if (!isReplyError(error)) return failure;
  if (/^ERR unknown command/i.test(error.message)) {
    const detail = "it is none, but a Redis. Sentinels listen on 26379, most often.";
    return { reason: "protocol", detail };
  }
  if (failure.reason !== "no_auth" && failure.reason !== "wrong_password") return failure;
  const detail = "it wants a password, and REDIS_URL has none that it takes. A sentinel has to " +
    "take the user and password of its Redis, or to want none.";
  return { ...failure, detail };
}

const decoder = new TextDecoder();

/** The `host:port` of a sentinel's reply. */
function addressIn(reply: unknown): string {
  const [host = "", port = ""] = Array.isArray(reply)
    ? reply.map((part) => part instanceof Uint8Array ? decoder.decode(part.subarray(0, 300)) : "")
    : [];
  const address = addressOf(host, port);
  if (address !== null) return address;
  throw new RedisProtocolError(`the address of a primary: ${plainLine(`${host} ${port}`, 100)}`);
}
