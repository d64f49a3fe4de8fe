import assert from "node:assert/strict";
import fc from "fast-check";
import { SiteError } from "../../../lib/base/host_port.ts";
import { redisCredentials, redisEndpoint, redisSecrets } from "../../../lib/base/redis/endpoint.ts";

Deno.test("redisEndpoint: host, port, TLS and a text for logs", () => {
  const cases = [
    ["redis://piha", "piha", 6379, false, "piha:6379"],
    ["redis://user:pass@Piha.lan:7000/0", "piha.lan", 7000, false, "piha.lan:7000"],
    ["rediss://:pass@10.0.0.1", "10.0.0.1", 6379, true, "10.0.0.1:6379"],
    ["redis://[fd7a::1]:6380/15", "fd7a::1", 6380, false, "[fd7a::1]:6380"],
  ] as const;
  for (const [url, host, port, tls, display] of cases) {
    assert.deepEqual(redisEndpoint(url), { host, port, tls, display });
  }
});

Deno.test("redisEndpoint: what cannot be used is refused without showing the password", () => {
  for (
    const url of [
      "http://agent:secret@piha",
      "redis://agent:secret@",
      "redis://agent:sec/secret@piha",
      "redis://age/nt:secret@piha",
      "redis://agent:12#secret@piha",
      "redis://agent:12?secret@piha",
      "redis:///run/secret@redis.sock",
      "secret",
    ]
  ) {
    assert.throws(() => redisEndpoint(url), (error) => {
      assert.ok(error instanceof SiteError, String(error));
      if (url !== "secret") assert.ok(!error.message.includes("secret"), error.message);
      return true;
    });
  }
});

Deno.test("redisCredentials: user and password as Redis wants them", () => {
  const cases = [
    ["redis://piha", null],
    ["redis://:@piha", null],
    ["redis://:p%40ss%2F%C3%A4@piha", { user: null, password: "p@ss/ä" }],
    ["redis://agent:pw@piha", { user: "agent", password: "pw" }],
    ["redis://agent@piha", { user: "agent", password: "" }],
    ["redis://:50%off@piha", { user: null, password: "50%off" }],
  ] as const;
  for (const [url, credentials] of cases) assert.deepEqual(redisCredentials(url), credentials);
});

Deno.test("redisCredentials: any user and password survive percent-encoding", () => {
  fc.assert(fc.property(
    fc.string({ unit: "grapheme", minLength: 1 }),
    fc.string({ unit: "grapheme", minLength: 1 }),
    (user, password) => {
      const url = `redis://${encodeURIComponent(user)}:${encodeURIComponent(password)}@piha`;
      assert.deepEqual(redisCredentials(url), { user, password });
      assert.ok(redisSecrets(url).includes(user) && redisSecrets(url).includes(password));
      assert.equal(redisEndpoint(url).display, "piha:6379");
    },
  ));
});
