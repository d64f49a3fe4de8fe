import assert from "node:assert/strict";
import fc from "fast-check";
import { SiteError } from "../../../lib/base/host_port.ts";
import { addressOf, redisAddress, redisPlace } from "../../../lib/base/redis/address.ts";
import { anyCharacter } from "../../support/any_character.ts";

Deno.test("redisAddress: host, port, TLS and a text for logs", () => {
  const cases = [
    ["redis://piha", "piha", 6379, false, "piha:6379"],
    ["redis://user:pass@Piha.lan:7000/0", "piha.lan", 7000, false, "piha.lan:7000"],
    ["rediss://:pass@10.0.0.1", "10.0.0.1", 6379, true, "10.0.0.1:6379"],
    ["redis://[fd7a::1]:6380/15", "fd7a::1", 6380, false, "[fd7a::1]:6380"],
  ] as const;
  for (const [url, host, port, tls, display] of cases) {
    assert.deepEqual(redisAddress(url).endpoint, { host, port, tls, display });
  }
});

Deno.test("redisAddress: what cannot be used is refused without showing the password", () => {
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
    assert.throws(() => redisAddress(url), (error) => {
      assert.ok(error instanceof SiteError, String(error));
      if (url !== "secret") assert.ok(!error.message.includes("secret"), error.message);
      return true;
    });
  }
});

Deno.test("redisAddress: user and password as Redis wants them", () => {
  const cases = [
    ["redis://piha", null],
    ["redis://:@piha", null],
    ["redis://:p%40ss%2F%C3%A4@piha", { user: null, password: "p@ss/ä" }],
    ["redis://agent:pw@piha", { user: "agent", password: "pw" }],
    ["redis://agent@piha", { user: "agent", password: "" }],
    ["redis://:50%off@piha", { user: null, password: "50%off" }],
  ] as const;
  for (const [url, credentials] of cases) {
    assert.deepEqual(redisAddress(url).credentials, credentials);
  }
});

Deno.test("redisAddress: any user and password survive percent-encoding", () => {
  fc.assert(fc.property(
    fc.string({ unit: "grapheme", minLength: 1 }),
    fc.string({ unit: "grapheme", minLength: 1 }),
    (user, password) => {
      const url = `redis://${encodeURIComponent(user)}:${encodeURIComponent(password)}@piha`;
      assert.deepEqual(redisAddress(url).credentials, { user, password });
      assert.ok(
        redisAddress(url).secrets.includes(user) && redisAddress(url).secrets.includes(password),
      );
      assert.equal(redisAddress(url).endpoint.display, "piha:6379");
    },
  ));
});

Deno.test("redisPlace: one server", () => {
  assert.deepEqual(redisPlace("rediss://u:p@Piha.lan/0"), {
    kind: "server",
    tls: true,
    hosts: ["piha.lan:6379"],
  });
});

Deno.test("redisPlace: sentinels, the primary's name, and what may become it", () => {
  assert.deepEqual(redisPlace("redis+sentinel://s1,[FD7A::1]:26380,s1:26379/home_lab-1.a/"), {
    kind: "sentinel",
    tls: false,
    hosts: ["s1:26379", "[fd7a::1]:26380"],
    name: "home_lab-1.a",
    nodes: [],
  });
  assert.deepEqual(redisPlace("REDISS+SENTINEL://u:p%40@s1/homelab?nodes=h1,10.0.0.2:6380"), {
    kind: "sentinel",
    tls: true,
    hosts: ["s1:26379"],
    name: "homelab",
    nodes: ["h1:6379", "10.0.0.2:6380"],
  });
});

Deno.test("redisPlace: a cluster's nodes", () => {
  assert.deepEqual(redisPlace("redis+cluster://:pw@h1:7000,h2/"), {
    kind: "cluster",
    tls: false,
    hosts: ["h1:7000", "h2:6379"],
  });
});

Deno.test("redisPlace: what is none is refused without user and password", () => {
  const urls = [
    "redis+sentinel://u:secret@s1",
    "redis+sentinel://u:secret@s1/",
    "redis+sentinel://u:secret@/homelab",
    "redis+sentinel://u:secret@s1,/homelab",
    "redis+sentinel://u:secret@s1,*/homelab",
    "redis+sentinel://u:secret@s1:0/homelab",
    "redis+sentinel://u:secret@s1/home/lab",
    "redis+sentinel://u:secret@s1/home%20lab",
    "redis+sentinel://u:secret@s1/homelab?nodes=",
    "redis+sentinel://u:secret@s1/homelab?nodes=*",
    "redis+sentinel://u:secret@s1/homelab?nodes=h1&db=1",
    "redis+sentinel://u:secret@s1/homelab#0",
    "redis+sentinel://u:sec/secret@s1/homelab",
    "redis+cluster://u:secret@h1/1",
    "redis+cluster://u:secret@h1?nodes=h2",
    "redis+cluster://u:secret@h1 h2",
    "redis+unix://u:secret@h1",
  ];
  for (const url of urls) {
    assert.throws(() => redisPlace(url), (error) => {
      assert.ok(error instanceof SiteError, url);
      assert.match(error.message, /^REDIS_URL: cannot use ".*": it takes redis/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    }, url);
  }
});

Deno.test("redisPlace: whatever the text, hosts and ports or SiteError", () => {
  const host = /^([a-z0-9._-]+|\[[0-9a-f:.]+\]):[1-9]\d{0,4}$/;
  fc.assert(fc.property(
    fc.constantFrom("", "redis://", "redis+sentinel://", "rediss+cluster://"),
    fc.string({ unit: anyCharacter, maxLength: 40 }),
    fc.constantFrom("", "/lab", "/lab?nodes=a"),
    (scheme, text, end) => {
      try {
        const place = redisPlace(scheme + text + end);
        assert.ok(place.hosts.length > 0);
        const nodes = place.kind === "sentinel" ? place.nodes : [];
        for (const found of [...place.hosts, ...nodes]) assert.match(found, host);
      } catch (error) {
        if (!(error instanceof SiteError)) throw error;
      }
    },
  ));
});

Deno.test("redisPlace: a long URL is read in one pass", () => {
  const long = "a,".repeat(500_000);
  assert.throws(() => redisPlace(`redis+sentinel://${long}`), SiteError);
  assert.throws(() => redisPlace(`redis+cluster://${"@".repeat(1_000_000)}`), SiteError);
});

Deno.test("redisAddress: the user and password of every kind of URL, and all their spellings", () => {
  for (
    const url of [
      "redis://agent:p%40ss@h",
      "redis+sentinel://agent:p%40ss@s1,s2/homelab?nodes=h1,h2",
      "redis+cluster://agent:p%40ss@h1,h2",
    ]
  ) {
    const { credentials, secrets } = redisAddress(url);
    assert.deepEqual(credentials, { user: "agent", password: "p@ss" });
    assert.deepEqual(secrets, ["p%40ss", "agent", "p@ss"]);
  }
  assert.equal(redisAddress("redis+sentinel://s1,s2/homelab").credentials, null);
});

Deno.test("addressOf: what a sentinel may answer", () => {
  const cases = [
    ["10.0.0.2", "6379", "10.0.0.2:6379"],
    ["fd7a::1", "6379", "[fd7a::1]:6379"],
    ["piha", "7000", "piha:7000"],
    ["", "6379", null],
    ["*", "6379", null],
    ["a,b", "6379", null],
    ["u@h", "6379", null],
    ["h/x", "6379", null],
    ["piha", "0", null],
    ["piha", "99999", null],
    ["piha", "1e3", null],
    ["piha", "", null],
  ] as const;
  for (const [host, port, address] of cases) assert.equal(addressOf(host, port), address);
});
