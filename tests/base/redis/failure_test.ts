import assert from "node:assert/strict";
import fc from "fast-check";
import { ConnectError } from "../../../lib/base/happy_eyeballs.ts";
import { redisAddress } from "../../../lib/base/redis/address.ts";
import {
  RedisClosedError,
  RedisProtocolError,
  RedisReplicaError,
  RedisReplyTooLargeError,
  RedisTimeoutError,
} from "../../../lib/base/redis/errors.ts";
import {
  redisFailure,
  type RedisFailureReason,
  RedisUnusableError,
} from "../../../lib/base/redis/failure.ts";

const URL_TEXT = "redis://planner:h%40nd5@piha:6380";
const context = {
  endpoint: redisAddress(URL_TEXT).endpoint,
  secrets: redisAddress(URL_TEXT).secrets,
};

/** Whichever are added have to be told here, too. */
const REASONS: Record<RedisFailureReason, true> = {
  refused: true,
  unreachable: true,
  no_such_host: true,
  not_permitted: true,
  timeout: true,
  certificate: true,
  no_auth: true,
  wrong_password: true,
  no_permission: true,
  loading: true,
  too_many_clients: true,
  protected_mode: true,
  no_primary: true,
  closed: true,
  protocol: true,
  too_large: true,
  other: true,
};

function coded(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

Deno.test("redisFailure: tells every kind apart", () => {
  const denied = new Error("no net access");
  denied.name = "NotCapable";
  const cases: readonly (readonly [unknown, string])[] = [
    [coded("ECONNREFUSED"), "refused"],
    [coded("EHOSTUNREACH"), "unreachable"],
    [coded("ENETUNREACH"), "unreachable"],
    [coded("ENOTFOUND"), "no_such_host"],
    [coded("EAI_AGAIN"), "no_such_host"],
    [
      new Error("failed to lookup address information: Name or service not known"),
      "no_such_host",
    ],
    [coded("EPERM"), "not_permitted"],
    [denied, "not_permitted"],
    [coded("ETIMEDOUT"), "timeout"],
    [new RedisTimeoutError("connect", 5_000), "timeout"],
    [coded("ECONNRESET"), "closed"],
    [new Error("Connection is closed."), "closed"],
    [new Deno.errors.UnexpectedEof("unexpected end of file"), "closed"],
    [new RedisClosedError("auth"), "closed"],
    [new Error("NOAUTH Authentication required."), "no_auth"],
    [new Error("WRONGPASS invalid username-password pair or user is disabled."), "wrong_password"],
    [new Error("ERR invalid password"), "wrong_password"],
    [new Error("NOPERM No permissions to access a channel"), "no_permission"],
    [new Error("LOADING Redis is loading the dataset in memory"), "loading"],
    [new Error("ERR max number of clients reached"), "too_many_clients"],
    [new Error("READONLY You can't write against a read only replica."), "no_primary"],
    [new RedisReplicaError("piha:6380", "homelab"), "no_primary"],
    [
      new RedisUnusableError({ reason: "no_primary", detail: "no sentinel, no primary" }),
      "no_primary",
    ],
    [new Error("DENIED Redis is running in protected mode because"), "protected_mode"],
    [new Error("invalid peer certificate: UnknownIssuer"), "certificate"],
    [new Error("received corrupt message of type InvalidContentType"), "protocol"],
    [new Error('Unknown RESP type 72 "H". Please report this.'), "protocol"],
    [new Error("cannot decrypt peer's message"), "protocol"],
    [
      new Error(
        "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/",
      ),
      "closed",
    ],
    [new RedisProtocolError("odd"), "protocol"],
    [new RedisReplyTooLargeError(67_108_864, "bytes"), "too_large"],
    [new Error("ERR something new"), "other"],
    ["not even an error", "other"],
    [undefined, "other"],
  ];
  for (const [error, reason] of cases) {
    const failure = redisFailure(error, context);
    assert.equal(failure.reason, reason, String(error));
    assert.ok(failure.detail.length > 20);
  }
  assert.deepEqual(
    [...new Set(cases.map(([, reason]) => reason))].sort(),
    Object.keys(REASONS).sort(),
  );
});

Deno.test("redisFailure: every code of the system, and the words of servers and TLS old and new", () => {
  const codes = {
    refused: "ECONNREFUSED",
    unreachable: "EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL",
    no_such_host: "ENOTFOUND ENODATA EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME",
    not_permitted: "EPERM EACCES",
    timeout: "ETIMEDOUT",
    closed: "ECONNRESET ECONNABORTED EPIPE",
  };
  for (const [reason, list] of Object.entries(codes)) {
    for (const code of list.split(" ")) {
      assert.equal(redisFailure(coded(code), context).reason, reason, code);
    }
  }
  const texts = {
    no_auth: ["ERR operation not permitted"],
    too_many_clients: ["ERR maximum number of clients reached"],
    protected_mode: ["-DENIED Redis", "ERR it is running in protected mode now"],
    certificate: ["self-signed in chain", "unknown ca", "unknownca", "bad certificate"],
    protocol: ["received fatal alert: HandshakeFailure", "Command queue state error"],
    closed: ["Stream isn't writeable and enableOfflineQueue options is false"],
  };
  for (const [reason, list] of Object.entries(texts)) {
    for (const text of list) {
      assert.equal(redisFailure(new Error(text), context).reason, reason, text);
    }
  }
  const denied = new Error("no");
  denied.name = "PermissionDenied";
  assert.equal(redisFailure(denied, context).reason, "not_permitted");
});

Deno.test("redisFailure: the addresses of a name that were tried are told", () => {
  const error = new ConnectError("none", ["10.0.0.2", "fd7a::2"], "ECONNREFUSED");
  assert.equal(
    redisFailure(error, context).detail,
    "Nothing listens on piha:6380 (10.0.0.2 and fd7a::2). Is Redis running, and is its port right " +
      "in REDIS_URL?",
  );
});

Deno.test("redisFailure: says which certificate problem it is", () => {
  const detail = (text: string) =>
    redisFailure(new Error(`invalid peer certificate: ${text}`), context).detail;
  assert.match(detail("UnknownIssuer"), /authority that is not known here/);
  assert.match(detail("certificate expired: verification time 1 (UNIX)"), /has expired/);
  assert.match(detail("certificate not valid yet: verification"), /clock/);
  assert.match(detail('certificate not valid for name "piha"; it is only'), /another name/);
});

Deno.test("redisFailure: quotes the server's own word for a refusal, and no other's", () => {
  const words = ["NOAUTH", "WRONGPASS", "NOPERM"];
  const told = (text: string) => {
    const { detail } = redisFailure(new Error(text), { ...context, channel: "health_events" });
    return words.filter((word) => detail.includes(word));
  };
  assert.deepEqual(told("NOAUTH Authentication required."), ["NOAUTH"]);
  assert.deepEqual(told("WRONGPASS invalid username-password pair"), ["WRONGPASS"]);
  assert.deepEqual(told("NOPERM No permissions to access a channel"), ["NOPERM"]);
});

Deno.test("redisFailure: names the channel or the command that is not permitted", () => {
  const detail = (text: string) =>
    redisFailure(new Error(text), { ...context, channel: "health_events" }).detail;
  for (
    const text of [
      "NOPERM this user has no permissions to access one of the channels used as arguments",
      "NOPERM No permissions to access a channel",
    ]
  ) assert.match(detail(text), /the channel health_events \(NOPERM\).*&health_events/);
  for (
    const text of [
      "NOPERM this user has no permissions to run the 'subscribe' command",
      "NOPERM this user has no permissions to run the 'subscribe' command or its subcommand",
      "NOPERM User planner has no permissions to run the 'subscribe' command",
    ]
  ) assert.match(detail(text), /may not run subscribe \(NOPERM\).*\+subscribe/);
});

Deno.test("redisFailure: who publishes lacks the right to publish", () => {
  const text = "NOPERM No permissions to access a channel";
  const about = { ...context, channel: "proposals", publishing: true };
  assert.equal(
    redisFailure(new Error(text), about).detail,
    "This user may not publish on the channel proposals (NOPERM). " +
      "Grant it: ACL SETUSER ... &proposals",
  );
});

Deno.test("redisFailure: a command that is the password's own word is not named", () => {
  const refused = new Error("NOPERM this user has no permissions to run the 'ping' command");
  assert.equal(
    redisFailure(refused, { ...context, secrets: ["ping"] }).detail,
    "This user lacks a permission (NOPERM).",
  );
});

Deno.test("redisFailure: TLS is thought of before the first answer, and from the other side only", () => {
  const tls = { ...context, endpoint: redisAddress("rediss://piha").endpoint };
  const early = new RedisClosedError("connect");
  const late = new RedisTimeoutError("auth", 5_000);
  const told = [early, late, new RedisClosedError("ping"), new RedisTimeoutError("publish", 5_000)]
    .flatMap((error) => [context, tls].map((at) => /TLS/.test(redisFailure(error, at).detail)));
  // Each without TLS, then with it.
  assert.deepEqual(told, [true, false, false, true, false, false, false, false]);
});

Deno.test("redisFailure: never shows the user, the password or quoted arguments", () => {
  const old = "ERR unknown command `AUTH`, with args beginning with: `other`, `secret`, ";
  assert.equal(
    redisFailure(new Error(old), context).detail,
    "Redis answered: ERR unknown command `AUTH",
  );
  fc.assert(fc.property(
    fc.string(),
    fc.constantFrom("planner", "h@nd5", "h%40nd5"),
    fc.string(),
    fc.constantFrom("", "NOPERM ", "NOAUTH ", "ERR ", "WRONGPASS ", "LOADING "),
    (before, secret, after, code) => {
      const error = new Error(code + before + secret + after);
      const { detail } = redisFailure(error, context);
      for (const word of ["planner", "h@nd5", "h%40nd5"]) assert.ok(!detail.includes(word), detail);
      assert.ok(detail.length < 500);
    },
  ));
});

Deno.test("redisFailure: a megabyte of text is cut before it is looked at", () => {
  const { detail } = redisFailure(new Error("ERR " + "x".repeat(1 << 20)), context);
  assert.ok(detail.length < 300);
});
