import assert from "node:assert/strict";
import { redisAddress } from "../../../lib/base/redis/address.ts";
import { RedisTimeoutError } from "../../../lib/base/redis/errors.ts";
import { isOfStream, streamFailure } from "../../../lib/intake/streams/failure.ts";

const url = "redis://agent:s3cret@piha";

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

function failureOf(error: unknown) {
  const context = {
    endpoint: redisAddress(url).endpoint,
    secrets: redisAddress(url).secrets,
    stream: "news",
  };
  return streamFailure(error, context);
}

Deno.test("streamFailure: tells what only streams meet", () => {
  for (
    const [message, reason, detail] of [
      [
        "NOPERM this user has no permissions to access one of the keys used as arguments",
        "no_permission",
        /^This user may not use the stream news\. Grant it: ACL SETUSER \.\.\. ~news$/,
      ],
      ["NOPERM No permissions to access a key", "no_permission", / ~news$/],
      [
        "NOPERM this user has no permissions to run the 'xgroup|create' command",
        "no_permission",
        / \+xgroup\|create$/,
      ],
      ["WRONGTYPE Operation against a key", "other", /^The key news holds something else/],
      ["MISCONF Redis is configured to save RDB snapshots", "other", /could not save its data/],
      ["OOM command not allowed when used memory > 'maxmemory'.", "other", /MAXLEN ~ 100000/],
      ["ERR unknown command 'XAUTOCLAIM', with args", "other", /takes Redis 6\.2 or newer\.$/],
      ["LOADING Redis is loading the dataset in memory", "loading", /^Redis is loading/],
      ["ERR s3cret is what it was", "other", /^Redis answered: ERR \[redacted\] is/],
    ] as const
  ) {
    const failure = failureOf(reply(message));
    assert.equal(failure.reason, reason);
    assert.match(failure.detail, detail);
  }
  assert.deepEqual(failureOf(new RedisTimeoutError("ping", 10_000, "XACK")), {
    reason: "timeout",
    detail: "piha:6379 did not answer XACK within 10 s. Is the link up?",
  });
});

Deno.test("streamFailure: where no stream is known, none is named", () => {
  const { endpoint, secrets } = redisAddress(url);
  const detail = (message: string) => streamFailure(reply(message), { endpoint, secrets }).detail;
  assert.doesNotMatch(detail("NOPERM No permissions to access a key"), /stream|undefined/);
  assert.match(detail("WRONGTYPE Operation"), /^The key of the stream holds something else/);
});

Deno.test("isOfStream: an error of one stream, not of the connection or the user's commands", () => {
  for (
    const [message, expected] of [
      ["NOGROUP No such key 'news' or consumer group", true],
      ["UNBLOCKED the stream key no longer exists", true],
      ["WRONGTYPE Operation against a key", true],
      ["NOPERM No permissions to access a key", true],
      ["NOPERM User agent has no permissions to run the 'xack' command", false],
      ["LOADING", false],
      ["READONLY", false],
    ] as const
  ) {
    assert.equal(isOfStream(reply(message)), expected, message);
  }
  assert.equal(isOfStream(new Error("NOGROUP")), false);
  assert.equal(isOfStream(null), false);
});
