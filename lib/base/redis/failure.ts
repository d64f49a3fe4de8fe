/**
 * Why Redis could not be used, told apart and put into words for the operator.
 *
 * @module
 */
import { ConnectError } from "../happy_eyeballs.ts";
import { errorMessage } from "../error_message.ts";
import { plainLine } from "../text/plain_line.ts";
import type { RedisEndpoint } from "./endpoint.ts";
import {
  RedisClosedError,
  RedisProtocolError,
  RedisReplicaError,
  RedisReplyTooLargeError,
  type RedisStage,
  RedisTimeoutError,
} from "./errors.ts";

/** The kinds of failure that an operator handles differently. */
export type RedisFailureReason =
  | "refused"
  | "unreachable"
  | "no_such_host"
  | "not_permitted"
  | "timeout"
  | "certificate"
  | "no_auth"
  | "wrong_password"
  | "no_permission"
  | "loading"
  | "too_many_clients"
  | "protected_mode"
  | "no_primary"
  | "closed"
  | "protocol"
  | "too_large"
  | "other";

/** One failure, fit for logs: holds neither the user nor the password of the URL. */
export interface RedisFailure {
  readonly reason: RedisFailureReason;
  /** What happened and what to do about it. */
  readonly detail: string;
}

/** No server to connect to was found; `failure` says why. */
export class RedisNotLocatedError extends Error {
  override readonly name = "RedisNotLocatedError";
  constructor(readonly failure: RedisFailure) {
    super(failure.detail);
  }
}

export interface RedisFailureContext {
  readonly endpoint: RedisEndpoint;
  /** Texts that must not be shown; see `redisSecrets`. */
  readonly secrets: readonly string[];
  /** The channel that was being subscribed, or published on. */
  readonly channel?: string | undefined;
  readonly publishing?: boolean;
}

/** Longest text of the server that is looked at, in UTF-16 units. */
const LONGEST_TEXT = 2_000;
const LONGEST_SHOWN = 200;

const BY_CODE: Readonly<Record<string, RedisFailureReason>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ENOTFOUND: "no_such_host",
  ENODATA: "no_such_host",
  EAI_AGAIN: "no_such_host",
  EAI_FAIL: "no_such_host",
  EAI_NODATA: "no_such_host",
  EAI_NONAME: "no_such_host",
  EPERM: "not_permitted",
  EACCES: "not_permitted",
  ETIMEDOUT: "timeout",
  ECONNRESET: "closed",
  ECONNABORTED: "closed",
  EPIPE: "closed",
};

// The errors of Redis 2.8 to 8, of Deno, of rustls below it, and of ioredis. In this order.
const BY_TEXT: readonly (readonly [RegExp, RedisFailureReason])[] = [
  [/^NOAUTH\b|operation not permitted$/, "no_auth"],
  [/^WRONGPASS\b|^ERR invalid password/i, "wrong_password"],
  [/^NOPERM\b/, "no_permission"],
  [/^LOADING\b/, "loading"],
  [/^READONLY\b/, "no_primary"],
  [/max(?:imum)? number of clients reached/i, "too_many_clients"],
  [/^(?:DENIED|-DENIED)\b|running in protected mode/i, "protected_mode"],
  [/invalid peer certificate|self.signed|unknown ?ca|certificate/i, "certificate"],
  [
    /corrupt message|received fatal alert|Unknown RESP type|Command queue state|cannot decrypt/i,
    "protocol",
  ],
  [/failed to lookup address information/i, "no_such_host"],
  [/^Connection is closed|Stream isn't writeable|unexpected end of file|close_notify/i, "closed"],
];

function textOf(error: unknown): string {
  const text = errorMessage(error);
  return text.slice(0, LONGEST_TEXT);
}

function reasonOf(error: unknown, text: string): RedisFailureReason {
  if (error instanceof RedisTimeoutError) return "timeout";
  if (error instanceof RedisClosedError) return "closed";
  if (error instanceof RedisProtocolError) return "protocol";
  if (error instanceof RedisReplyTooLargeError) return "too_large";
  if (error instanceof RedisReplicaError) return "no_primary";
  if (error instanceof Error) {
    if (error.name === "NotCapable" || error.name === "PermissionDenied") return "not_permitted";
    const code = "code" in error ? error.code : undefined;
    const byCode = typeof code === "string" && Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : null;
    if (byCode) return byCode;
  }
  return BY_TEXT.find(([form]) => form.test(text))?.[1] ?? "other";
}

/** What a server said, bounded, without the arguments that it quotes and without secrets. */
function shown(text: string, secrets: readonly string[]): string {
  // Redis answers an unknown command with its arguments: AUTH's are the password.
  let clean = text.replace(/[`'"]?,? *with args beginning with.*$/s, "");
  for (const secret of secrets) clean = clean.replaceAll(secret, "[redacted]");
  return plainLine(clean, LONGEST_SHOWN);
}

/** Whether the peer has not shown yet that it is a Redis. */
function isEarly(stage: RedisStage): boolean {
  return stage !== "ping" && stage !== "publish";
}

function certificateProblem(text: string): string {
  if (/expired/i.test(text)) return "has expired";
  if (/not valid yet|not.?before/i.test(text)) return "is not valid yet (is this clock right?)";
  if (/not valid for name|altname|NotValidForName/i.test(text)) {
    return "is for another name than the one in REDIS_URL";
  }
  return "comes from an authority that is not known here";
}

/** Tells what went wrong. Pure; never fails. */
export function redisFailure(error: unknown, context: RedisFailureContext): RedisFailure {
  if (error instanceof RedisNotLocatedError) return error.failure;
  const { endpoint, secrets, channel } = context;
  const text = textOf(error);
  const reason = reasonOf(error, text);
  return { reason, detail: detail() };

  function detail(): string {
    const tried = error instanceof ConnectError ? ` (${error.tried.join(" and ")})` : "";
    const at = `${endpoint.display}${tried}`;
    switch (reason) {
      case "refused":
        return `Nothing listens on ${at}. Is Redis running, and is its port right in REDIS_URL?`;
      case "unreachable":
        return `There is no route to ${at}. Is the network or the VPN up?`;
      case "no_such_host":
        return `The name ${endpoint.host} has no address. Is it right in REDIS_URL, and does name ` +
          "resolution work?";
      case "not_permitted":
        return `This program may not connect to ${at}. Run or build it for this REDIS_URL.`;
      case "timeout":
        return timeoutDetail();
      case "certificate":
        return `The certificate of ${at} ${certificateProblem(text)}. For an authority of your ` +
          "own, name its PEM file in DENO_CERT, or install it on this machine and set " +
          "DENO_TLS_CA_STORE=system.";
      case "no_auth":
        return "Redis wants a password and REDIS_URL has none (NOAUTH). Write " +
          "redis://user:password@host, or redis://:password@host for the default user.";
      case "wrong_password":
        return "Redis does not take this user and password (WRONGPASS). Were they changed, or is " +
          "the user off? Characters such as @ / # % are percent-encoded in REDIS_URL.";
      case "no_permission":
        return permissionDetail();
      case "loading":
        return "Redis is loading its data set. Nothing to do but wait.";
      case "too_many_clients":
        return "Redis has as many clients as its maxclients allows.";
      case "protected_mode":
        return "Redis runs in protected mode and takes connections from its own machine only. " +
          "Give it a password or bind it to the right address.";
      case "no_primary":
        return endpoint.primaryOf === undefined
          ? `${at} is a replica, which takes no writes. REDIS_URL has to name the primary.`
          : `A sentinel named ${at} as the primary of ${endpoint.primaryOf}, and it is a replica. ` +
            "That lasts while they change the primary; they are asked again.";
      case "closed":
        return closedDetail();
      case "protocol":
        return `${at} does not speak ${
          endpoint.tls ? "TLS here (for plain text: redis://)" : "Redis' protocol"
        }: ${shown(text, secrets)}`;
      case "too_large":
        return `${at} sent ${shown(text, secrets)}, which is given up. Is an event there with a ` +
          "log or a file in it?";
      case "other":
        return `Redis answered: ${shown(text, secrets)}`;
    }
  }

  function timeoutDetail(): string {
    const at = endpoint.display;
    if (!(error instanceof RedisTimeoutError)) return `${at} did not answer in time.`;
    const hint = endpoint.tls && isEarly(error.stage)
      ? " A port without TLS looks like this, too."
      : "";
    return `${at} did not answer (${error.stage}) within ${
      error.ms / 1_000
    } s. Is the link up?${hint}`;
  }

  function closedDetail(): string {
    const at = endpoint.display;
    const early = error instanceof RedisClosedError && isEarly(error.stage);
    const hint = early && !endpoint.tls ? " A port that wants TLS looks like this: rediss://." : "";
    return `${at} closed the connection.${hint}`;
  }

  function permissionDetail(): string {
    const command = /run the '([a-z|_-]{1,40})' command/i.exec(text)?.[1];
    if (command !== undefined && !secrets.includes(command)) {
      return `This user may not run ${command} (NOPERM). Grant it: ACL SETUSER ... +${command}`;
    }
    if (channel === undefined) return "This user lacks a permission (NOPERM).";
    const use = context.publishing ? "publish on" : "read";
    return `This user may not ${use} the channel ${channel} (NOPERM). ` +
      `Grant it: ACL SETUSER ... &${channel}`;
  }
}
