/**
 * Asks sentinels which server is the primary.
 *
 * A sentinel is asked over a connection of its own. ioredis' connector for sentinels goes wherever
 * it is sent, with the password, and makes one text of all that went wrong; here the address is
 * looked at first, and each failure keeps its reason.
 *
 * @module
 */
import { plainLine } from "../text/plain_line.ts";
import { endpointAt, type RedisCredentials, type RedisEndpoint } from "./endpoint.ts";
import { isReplyError, RedisProtocolError } from "./errors.ts";
import { type RedisFailure, redisFailure, RedisNotLocatedError } from "./failure.ts";
import { redisLink } from "./link.ts";
import type { LocateOptions, RedisTargetOptions } from "./target.ts";
import { addressOf } from "./url.ts";

interface SentinelQuestion extends LocateOptions, Omit<RedisTargetOptions, "keys"> {
  /** In the order in which they are asked. */
  readonly sentinels: readonly RedisEndpoint[];
  /** For a sentinel that asks for a password. */
  readonly credentials: RedisCredentials | null;
  readonly secrets: readonly string[];
  /** Of the primary. */
  readonly name: string;
  /** What may be the primary, as `host:port`; empty for whatever a sentinel names. */
  readonly nodes: readonly string[];
  readonly tls: boolean;
}

/** A sentinel did not answer; the failure of another may say more. */
const isUnheard = ({ reason }: RedisFailure) =>
  ["refused", "unreachable", "no_such_host", "timeout", "closed"].includes(reason);

/**
 * Asks the sentinels in turn until one names a primary that may be used, and returns that one.
 *
 * @throws {RedisNotLocatedError} when none does; anything when `signal` aborted.
 */
export async function askSentinels(question: SentinelQuestion): Promise<RedisEndpoint> {
  const { sentinels, secrets, signal } = question;
  let told: RedisFailure | undefined;
  for (const sentinel of sentinels) {
    let found: RedisEndpoint | RedisFailure;
    try {
      found = await primaryBy(sentinel, question);
    } catch (error) {
      if (signal?.aborted) throw error;
      found = sentinelFailure(error, { endpoint: sentinel, secrets });
    }
    if ("host" in found) return found;
    if (told && !isUnheard(told)) continue;
    told = { ...found, detail: `Sentinel ${sentinel.display}: ${found.detail}` };
  }
  throw new RedisNotLocatedError(
    told ?? { reason: "no_primary", detail: "REDIS_URL names no sentinel." },
  );
}

/** The primary by this sentinel, or why it cannot be used. */
async function primaryBy(
  sentinel: RedisEndpoint,
  question: SentinelQuestion,
): Promise<RedisEndpoint | RedisFailure> {
  const { name, nodes, tls, mayConnect = systemMayConnect } = question;
  const answer = await ask(sentinel, question);
  if (answer === null) {
    const detail = `it knows no primary ${name}. Is the name right in REDIS_URL?`;
    return { reason: "no_primary", detail };
  }
  const address = addressIn(answer);
  const notPermitted = (why: string): RedisFailure => ({
    reason: "not_permitted",
    detail: `it names ${address} as the primary of ${name}, which ${why}`,
  });
  if (nodes.length > 0 && !nodes.includes(address)) {
    return notPermitted(
      "is none of the nodes= in REDIS_URL. If it is one of yours, add it there as the sentinel " +
        "writes it.",
    );
  }
  if (!await mayConnect(address)) {
    return notPermitted(
      "this program may not connect to. Build it for a REDIS_URL whose nodes= has it.",
    );
  }
  return { ...endpointAt(address, tls), primaryOf: name };
}

async function systemMayConnect(host: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "net", host })).state === "granted";
}

/** What a sentinel answers to who the primary is; null where it knows no such name. */
async function ask(endpoint: RedisEndpoint, question: SentinelQuestion): Promise<unknown> {
  const { name, credentials, clock, deadlineMs, createClient, signal } = question;
  const link = redisLink({
    endpoint,
    credentials: null,
    clock,
    connectTimeoutMs: deadlineMs,
    createClient,
    signal,
  });
  const call = () => link.call(["SENTINEL", "get-master-addr-by-name", name], deadlineMs);
  try {
    await link.open();
    return await call().catch(async (error) => {
      // A sentinel has users of its own; most have none.
      const isWanted = isReplyError(error) && error.message.startsWith("NOAUTH");
      if (!isWanted || !credentials) throw error;
      const { user, password } = credentials;
      await link.call(["AUTH", ...(user === null ? [] : [user]), password], deadlineMs);
      return await call();
    });
  } finally {
    link.close();
  }
}

function sentinelFailure(
  error: unknown,
  context: { readonly endpoint: RedisEndpoint; readonly secrets: readonly string[] },
): RedisFailure {
  const failure = redisFailure(error, context);
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

/** The `host:port` that a sentinel answered with. */
function addressIn(answer: unknown): string {
  const [host = "", port = ""] = Array.isArray(answer)
    ? answer.map((part) => part instanceof Uint8Array ? decoder.decode(part.subarray(0, 300)) : "")
    : [];
  const address = addressOf(host, port);
  if (address !== null) return address;
  throw new RedisProtocolError(`the address of a primary: ${plainLine(`${host} ${port}`, 100)}`);
}
