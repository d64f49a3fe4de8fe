import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compileCommand,
  GENERIC_SITE,
  grantsFor,
  isGeneric,
  ollamaEndpoint,
  redisEndpoints,
  runtimeFolder,
} from "../../lib/permissions/grants.ts";
import { SiteError, withoutCredentials } from "../../lib/base/host_port.ts";
import { anyCharacter } from "../support/any_character.ts";

const SITE = {
  redisUrl: "redis://100.108.208.3:6379",
  ollamaHosts: ["http://100.108.208.3:11434"],
  runtimePath: "/opt/homelab",
};

Deno.test("grantsFor: the whole list for the default site", () => {
  assert.deepEqual(grantsFor(SITE, ["REDIS_URL", "NO_COLOR"]), {
    net: ["100.108.208.3:6379", "100.108.208.3:11434"],
    read: [
      "/opt/homelab/actions",
      "/opt/homelab/config",
      "/opt/homelab/events",
      "/opt/homelab/state",
      "/opt/homelab/world",
      "/run/systemd/notify",
    ],
    write: [
      "/opt/homelab/actions/pending",
      "/opt/homelab/events",
      "/opt/homelab/state",
      "/run/systemd/notify",
    ],
    env: ["REDIS_URL", "NO_COLOR"],
  });
});

Deno.test("grantsFor: every host of a chain once", () => {
  const site = { ...SITE, ollamaHosts: ["piha", "http://piha:11434/", "https://solaria"] };
  assert.deepEqual(grantsFor(site, []).net, ["100.108.208.3:6379", "piha:11434", "solaria:443"]);
});

Deno.test("grantsFor: every sentinel and every node that may become the primary; a cluster's nodes", () => {
  const of = (redisUrl: string) => grantsFor({ ...SITE, redisUrl, ollamaHosts: [] }, []).net;
  assert.deepEqual(of("redis+sentinel://s1,s2:26380/homelab?nodes=h1,10.0.0.2:6380,s1:26379"), [
    "s1:26379",
    "s2:26380",
    "h1:6379",
    "10.0.0.2:6380",
  ]);
  assert.deepEqual(of("redis+cluster://u:secret@h1,h2:7000"), ["h1:6379", "h2:7000"]);
});

Deno.test("isGeneric: only the build for everybody, in all its parts", () => {
  const others = [{}, { redisUrl: "redis://x" }, { ollamaHosts: ["http://x"] }, {
    runtimePath: "/x",
  }];
  assert.deepEqual(others.map((other) => isGeneric({ ...GENERIC_SITE, ...other })), [
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("redisEndpoints: host and port, the scheme's where none is given", () => {
  for (
    const [url, endpoint] of [
      ["redis://piha", "piha:6379"],
      ["rediss://user:p%40ss@Redis.Lan:6380/2", "redis.lan:6380"],
      ["redis://[fd7a::1]", "[fd7a::1]:6379"],
      ["redis://redis_1:7000", "redis_1:7000"],
      ["redis://localhost.", "localhost.:6379"],
    ] as const
  ) assert.deepEqual(redisEndpoints(url), [endpoint]);
});

Deno.test("ollamaEndpoint: host and port as Ollama's own tools read them", () => {
  for (
    const [host, endpoint] of [
      ["piha", "piha:11434"],
      ["piha:80", "piha:80"],
      ["10.0.0.2:11435/", "10.0.0.2:11435"],
      ["http://piha", "piha:80"],
      ["http://piha:80", "piha:80"],
      ["https://ollama.lan/", "ollama.lan:443"],
      ["[::1]", "[::1]:11434"],
      ["http://[::1]:11434", "[::1]:11434"],
    ] as const
  ) assert.equal(ollamaEndpoint(host), endpoint);
});

Deno.test("endpoints: refuse what a permission list would read as more than one host", () => {
  const hosts = [
    "",
    "*",
    "*.lan",
    "a,b",
    "a b",
    "-a",
    "a-",
    "a..b",
    ":6379",
    "a:0",
    "a:99999",
    "a%2cb",
    "[::1%25eth0]",
    "x".repeat(254),
  ];
  for (const host of hosts) {
    assert.throws(() => redisEndpoints(`redis://${host}`), SiteError, `redis://${host}`);
  }
  for (const host of hosts.filter((host) => host !== ":6379")) {
    assert.throws(() => ollamaEndpoint(`http://${host}`), SiteError, `http://${host}`);
  }
  // The host of a redis: URL reaches the resolver as it is written.
  assert.throws(() => redisEndpoints("redis://0x7f.1"), SiteError);
  for (const url of ["unix:///run/redis.sock", "http://a", "redis:", "/run/redis.sock", "piha"]) {
    assert.throws(() => redisEndpoints(url), SiteError, url);
  }
  assert.throws(() => ollamaEndpoint("ftp://a"), SiteError);
});

Deno.test("endpoints: name the variable and never the password", () => {
  assert.throws(() => redisEndpoints("redis://user:secret@*"), (error) => {
    assert(error instanceof SiteError);
    assert.match(error.message, /^REDIS_URL: cannot use "redis:\/\/\*": it takes redis:\/\/HOST/);
    return true;
  });
});

Deno.test("endpoints: whatever the text, one host and port or SiteError", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 40 }), (text) => {
    const redisOnly = (url: string) => redisEndpoints(url)[0] ?? "";
    for (const endpoint of [redisOnly, ollamaEndpoint]) {
      for (const value of [text, `redis://${text}`, `http://${text}`]) {
        try {
          assert.match(endpoint(value), /^([a-z0-9._-]+|\[[0-9a-f:.]+\]):[1-9]\d{0,4}$/);
        } catch (error) {
          if (!(error instanceof SiteError)) throw error;
        }
      }
    }
  }));
});

Deno.test("withoutCredentials: leaves host, port and path", () => {
  assert.equal(withoutCredentials("redis://u:p@h:1/2"), "redis://h:1/2");
  assert.equal(withoutCredentials("redis://u:p@ss@h"), "redis://h");
  assert.equal(withoutCredentials("redis://agent:sec/secret@piha"), "redis://piha");
  assert.equal(withoutCredentials("redis://u:p #?w@piha"), "redis://piha");
  assert.equal(withoutCredentials("u:p@h:1"), "h:1");
  assert.equal(withoutCredentials("h:1"), "h:1");
});

Deno.test("runtimeFolder: one spelling of an absolute path", () => {
  assert.equal(runtimeFolder("/opt//homelab/"), "/opt/homelab");
  assert.equal(runtimeFolder("/srv/größe_2.x"), "/srv/größe_2.x");
  for (const path of ["", "/", "opt", "./x", "/a/../b", "/a/./b", "/a,b", "/a b", "/a\n", "/%x"]) {
    assert.throws(() => runtimeFolder(path), SiteError, JSON.stringify(path));
  }
});

Deno.test("grantsFor: a build with traces reads where they go, and gets no host more", () => {
  const site = { ...SITE, collector: "http://piha:4318" };
  const { env, net } = grantsFor(site, ["NO_COLOR"]);
  assert.deepEqual(env, [
    "NO_COLOR",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  ]);
  assert.deepEqual(net, grantsFor(SITE, []).net);
  assert.match(compileCommand(site), / --runtime-path \/opt\/homelab --otel http:\/\/piha:4318$/);
});

Deno.test("compileCommand: what to type, without a password", () => {
  assert.equal(
    compileCommand({
      redisUrl: "rediss://u:secret@h:6380",
      ollamaHosts: ["http://[::1]:1", "b"],
      runtimePath: "/srv/x",
    }, "aarch64"),
    "./scripts/deno task compile --target aarch64 --redis-url rediss://h:6380 " +
      "--ollama-host 'http://[::1]:1' --ollama-host b --runtime-path /srv/x",
  );
  assert.match(
    compileCommand({ ...SITE, runtimePath: "/a'b c" }),
    /--target all .* --runtime-path '\/a'\\''b c'$/,
  );
});
