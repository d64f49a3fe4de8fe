import { ConnectError } from "../happy_eyeballs.ts";
import { errorMessage } from "../error_message.ts";
import { plainLine } from "../text/plain_line.ts";
import type { RedisEndpoint } from "./address.ts";
import {
  RedisClosedError,
  RedisProtocolError,
  RedisReplicaError,
  RedisReplyTooLargeError,
  type RedisStage,
  RedisTimeoutError,
} from "./errors.ts";

/** One failure, fit for logs: holds neither the user nor the password of the URL. */
export interface RedisFailure {
  readonly reason: RedisFailureReason;
  /** What happened and what to do about it. */
  readonly detail: string;
}

/** Redis could not be used, and `failure` says why. */
export class RedisUnusableError extends Error {
  override readonly name = "RedisUnusableError";
  constructor(readonly failure: RedisFailure) {
    super(failure.detail);
  }
}

export interface RedisFailureContext {
  readonly endpoint: RedisEndpoint;
  /** Texts that must not be shown; see `redisAddress`. */
  readonly secrets: readonly string[];
  /** The channel that was being subscribed, or published on. */
  readonly channel?: string | undefined;
  readonly publishing?: boolean;
}

/** Longest text of the server that is looked at, in UTF-16 units. */
const LONGEST_TEXT = 2_000;
const LONGEST_SHOWN = 200;

interface Facts extends RedisFailureContext {
  readonly error: unknown;
  readonly text: string;
  /** The server, with the addresses that were tried. */
  readonly at: string;
}

/** The kinds of failure that an operator handles differently, each in words. */
const DETAILS = {
  refused: ({ at }: Facts) =>
    `Nothing listens on ${at}. Is Redis running, and is its port right in REDIS_URL?`,
  unreachable: ({ at }: Facts) => `There is no route to ${at}. Is the network or the VPN up?`,
  no_such_host: ({ endpoint }: Facts) =>
    `The name ${endpoint.host} has no address. Is it right in REDIS_URL, and does name ` +
    "resolution work?",
  not_permitted: ({ at }: Facts) =>
    `This program may not connect to ${at}. Run or build it for this REDIS_URL.`,
  timeout: timeoutDetail,
  certificate: ({ at, text }: Facts) =>
    `The certificate of ${at} ${
      certificateProblem(text)
    }. For an authority of your own, name its ` +
    "PEM file in DENO_CERT, or install it on this machine and set DENO_TLS_CA_STORE=system.",
  no_auth: () =>
    "Redis wants a password and REDIS_URL has none (NOAUTH). Write " +
    "redis://user:password@host, or redis://:password@host for the default user.",
  wrong_password: () =>
    "Redis does not take this user and password (WRONGPASS). Were they changed, or is " +
    "the user off? Characters such as @ / # % are percent-encoded in REDIS_URL.",
  no_permission: permissionDetail,
  loading: () => "Redis is loading its data set. Nothing to do but wait.",
  too_many_clients: () => "Redis has as many clients as its maxclients allows.",
  protected_mode: () =>
    "Redis runs in protected mode and takes connections from its own machine only. " +
    "Give it a password or bind it to the right address.",
  no_primary: ({ at, endpoint: { primaryOf } }: Facts) =>
    primaryOf === undefined
      ? `${at} is a replica, which takes no writes. REDIS_URL has to name the primary.`
      : `A sentinel named ${at} as the primary of ${primaryOf}, and it is a replica. ` +
        "That lasts while they change the primary; they are asked again.",
  closed({ error, endpoint: { display, tls } }: Facts) {
    const isEarly = error instanceof RedisClosedError && isBeforeUse(error.stage);
    const hint = isEarly && !tls ? " A port that wants TLS looks like this: rediss://." : "";
    return `${display} closed the connection.${hint}`;
  },
  protocol(facts: Facts) {
    const spoken = facts.endpoint.tls ? "TLS here (for plain text: redis://)" : "Redis' protocol";
    return `${facts.at} does not speak ${spoken}: ${shown(facts)}`;
  },
  too_large: (facts: Facts) =>
    `${facts.at} sent ${shown(facts)}, which is given up. Is an event there with a log or a file ` +
    "in it?",
  other: (facts: Facts) => `Redis answered: ${shown(facts)}`,
};

export type RedisFailureReason = keyof typeof DETAILS;

function timeoutDetail({ error, endpoint: { display, tls } }: Facts): string {
  if (!(error instanceof RedisTimeoutError)) return `${display} did not answer in time.`;
  const { stage, ms } = error;
  const hint = tls && isBeforeUse(stage) ? " A port without TLS looks like this, too." : "";
  return `${display} did not answer (${stage}) within ${ms / 1_000} s. Is the link up?${hint}`;
}

function permissionDetail({ text, secrets, channel, publishing }: Facts): string {
  const command = /run the '([a-z|_-]{1,40})' command/i.exec(text)?.[1];
  if (command !== undefined && !secrets.includes(command)) {
    return `This user may not run ${command} (NOPERM). Grant it: ACL SETUSER ... +${command}`;
  }
  if (channel === undefined) return "This user lacks a permission (NOPERM).";
  return `This user may not ${publishing ? "publish on" : "read"} the channel ${channel} ` +
    `(NOPERM). Grant it: ACL SETUSER ... &${channel}`;
}

function certificateProblem(text: string): string {
  if (/expired/i.test(text)) return "has expired";
  if (/not valid yet|not.?before/i.test(text)) return "is not valid yet (is this clock right?)";
  if (/not valid for name|altname|NotValidForName/i.test(text)) {
    return "is for another name than the one in REDIS_URL";
  }
  return "comes from an authority that is not known here";
}

/** Whether the peer has not shown yet that it is a Redis. */
function isBeforeUse(stage: RedisStage): boolean {
  return stage !== "ping" && stage !== "publish";
}

/** What a server said, bounded, without the arguments that it quotes and without secrets. */
function shown({ text, secrets }: Facts): string {
  // Redis' reply to an unknown command has its arguments: AUTH's are the password.
  let clean = text.replace(/[`'"]?,? *with args beginning with.*$/s, "");
  for (const secret of secrets) clean = clean.replaceAll(secret, "[redacted]");
  return plainLine(clean, LONGEST_SHOWN);
}

const BY_CODE: readonly (readonly [string, RedisFailureReason])[] = [
  ["ECONNREFUSED", "refused"],
  ["EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL", "unreachable"],
  ["ENOTFOUND ENODATA EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME", "no_such_host"],
  ["EPERM EACCES", "not_permitted"],
  ["ETIMEDOUT", "timeout"],
  ["ECONNRESET ECONNABORTED EPIPE", "closed"],
];
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

function reasonOf(error: unknown, text: string): RedisFailureReason {
  if (error instanceof RedisTimeoutError) return "timeout";
  if (error instanceof RedisClosedError) return "closed";
  if (error instanceof RedisProtocolError) return "protocol";
  if (error instanceof RedisReplyTooLargeError) return "too_large";
  if (error instanceof RedisReplicaError) return "no_primary";
  const isRefused = error instanceof Error && /^(?:NotCapable|PermissionDenied)$/.test(error.name);
  if (isRefused) return "not_permitted";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [, reason] = BY_CODE.find(([codes]) => codes.split(" ").includes(code)) ??
    BY_TEXT.find(([form]) => form.test(text)) ?? [];
  return reason ?? "other";
}

/** Why Redis could not be used, told apart and in words for the operator. Pure; never fails. */
export function redisFailure(error: unknown, context: RedisFailureContext): RedisFailure {
  if (error instanceof RedisUnusableError) return error.failure;
  const text = errorMessage(error).slice(0, LONGEST_TEXT);
  const tried = error instanceof ConnectError ? ` (${error.tried.join(" and ")})` : "";
  const reason = reasonOf(error, text);
  const facts = { ...context, error, text, at: `${context.endpoint.display}${tried}` };
  return { reason, detail: DETAILS[reason](facts) };
}
