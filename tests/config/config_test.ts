import assert from "node:assert/strict";
import { ConfigError, heardOn, parseConfig } from "../../lib/config/config.ts";
import { ENVIRONMENT_NAMES, type EnvironmentName } from "../../lib/config/environment.ts";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig((name) => env[name]);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

Deno.test("parseConfig: RUNTIME_PATH without doubled or trailing slashes, and nothing can change it", () => {
  const path = (text: string) =>
    parseConfig((name) => name === "RUNTIME_PATH" ? text : undefined).runtimePath;
  assert.deepEqual(["/opt//x/../homelab/", "/opt/homelab//", "/"].map(path), [
    "/opt/homelab",
    "/opt/homelab",
    "/",
  ]);
  assert.ok(Object.isFrozen(parseConfig(() => undefined)));
});

Deno.test("parseConfig: the defaults are those of the docs", () => {
  assert.deepEqual(parseConfig(() => undefined), {
    runtimePath: "/opt/homelab",
    redisUrl: "redis://100.108.208.3:6379",
    ollamaHost: "http://100.108.208.3:11434",
    chain: [{
      kind: "ollama",
      name: "qwen2.5:7b",
      model: "qwen2.5:7b",
      host: "http://100.108.208.3:11434",
    }],
    apiKeys: new Map(),
    nodeName: "solaria",
    cooldownSeconds: 300,
    firstTokenSeconds: 300,
    idleSeconds: 60,
    timeoutSeconds: 600,
    attemptsPerLink: 2,
    contextTokens: 4096,
    keepAlive: undefined,
    concurrency: 1,
    promptPayloadBytes: 2048,
    queueLimit: 1000,
    eventTtlSeconds: 3600,
    maxPendingPerService: 0,
    outcomeRepeats: 3,
    outcomeWindowSeconds: 86_400,
    intake: "pubsub",
    channels: ["health_events", "world_updates"],
    streams: ["health_events", "world_updates"],
    streamGroup: "planner",
    streamClaimSeconds: 0,
    coordination: "off",
    inhibit: true,
    stormServices: 0,
    stormWindowSeconds: 60,
    stormHoldSeconds: 600,
    flapChanges: 6,
    flapWindowSeconds: 1800,
    startGraceSeconds: 0,
    diagnosesPerHour: 2000,
    proposalsPerDay: 2000,
    validSeconds: 1_800,
    notifyValidSeconds: 86_400,
    proposalChannel: "",
    logLevel: "info",
  });
});

Deno.test("parseConfig: what is unset is what the binary was built for", () => {
  const site = {
    redisUrl: "rediss://[fd7a::1]:7000",
    ollamaHosts: ["gpu.lan", "http://other:1"],
    runtimePath: "/srv/lab",
  };
  const plain = parseConfig((name) => name === "REDIS_URL" ? " " : undefined, site);
  assert.deepEqual(
    [plain.redisUrl, plain.ollamaHost, plain.runtimePath],
    ["rediss://[fd7a::1]:7000", "http://gpu.lan:11434", "/srv/lab"],
  );
  assert.deepEqual(plain.chain.map((link) => link.kind === "ollama" && link.host), [
    "http://gpu.lan:11434",
  ]);
  const values: Record<string, string> = {
    REDIS_URL: "redis://u:p@piha",
    OLLAMA_HOST: "piha",
    RUNTIME_PATH: "/opt/x",
  };
  const set = parseConfig((name) => values[name], site);
  assert.deepEqual(
    [set.redisUrl, set.ollamaHost, set.runtimePath],
    ["redis://u:p@piha", "http://piha:11434", "/opt/x"],
  );
});

Deno.test("parseConfig: an empty variable counts as unset, spaces around a value do not matter", () => {
  const config = parseConfig((name) => name === "COOLDOWN_SECONDS" ? " 7 " : "");
  assert.equal(config.cooldownSeconds, 7);
  assert.equal(config.nodeName, "solaria");
});

Deno.test("parseConfig: a node's name is a folder's, but not one of the two that lead elsewhere", () => {
  for (const name of [".", ".."]) assert.equal(problemsOf({ NODE_NAME: name }).length, 1, name);
  assert.deepEqual(problemsOf({ NODE_NAME: "..." }), []);
});

Deno.test("parseConfig: LOG_LEVEL in any case, and warn for warning", () => {
  const level = (text: string) => parseConfig((name) => name === "LOG_LEVEL" ? text : "").logLevel;
  assert.deepEqual(["DEBUG", "Warn", "warning"].map(level), ["debug", "warning", "warning"]);
});

Deno.test("heardOn: streams where those are read, else channels", () => {
  const heard = (intake: string) => {
    const values: Record<string, string> = { INTAKE: intake, CHANNELS: "c", STREAMS: "s,t" };
    return heardOn(parseConfig((name) => values[name]));
  };
  assert.deepEqual([heard("pubsub"), heard("streams")], [["c"], ["s", "t"]]);
});

Deno.test("parseConfig: every wrong value is named with what it takes, all at once", () => {
  assert.deepEqual(
    problemsOf({
      COOLDOWN_SECONDS: "soon",
      QUEUE_LIMIT: "0",
      LLM_CONCURRENCY: "1.5",
      RUNTIME_PATH: "homelab",
      NODE_NAME: "../x",
      LOG_LEVEL: "loud",
      LLM_KEEP_ALIVE: "long",
    }),
    [
      'RUNTIME_PATH is "homelab"; it takes an absolute path, such as /opt/homelab',
      'NODE_NAME is "../x"; it takes 1 to 64 letters, digits, dots, dashes or underscores: it names a folder',
      'COOLDOWN_SECONDS is "soon"; it takes a whole number from 0 to 2678400 (default 300)',
      'LLM_KEEP_ALIVE is "long"; it takes a time as Ollama takes it: 5m, 1h, 0 or -1',
      'LLM_CONCURRENCY is "1.5"; it takes a whole number from 1 to 64 (default 1)',
      'QUEUE_LIMIT is "0"; it takes a whole number from 1 to 100000 (default 1000)',
      'LOG_LEVEL is "loud"; it takes one of debug, info, warning, error (default info)',
    ],
  );
});

Deno.test("parseConfig: no problem shows a password", () => {
  const urls = [
    "redis://user:hunter2@",
    "redis://user:hun/ter2@host:99999",
    "http://user:hunter2@host",
    "user:hunter2@host",
    "redis://:hunter2@host:6379/not-a-number",
    "redis://u:hunter2%@host",
  ];
  for (const REDIS_URL of urls) {
    const [problem] = problemsOf({ REDIS_URL });
    assert.match(problem ?? "", /^REDIS_URL is /);
    assert.doesNotMatch(problem ?? "", /hun|ter2/);
  }
  for (const OLLAMA_HOST of ["http://user:hunter2@host", "ftp://user:hunter2@host"]) {
    const problems = problemsOf({ OLLAMA_HOST });
    assert.notEqual(problems.length, 0);
    assert.doesNotMatch(problems.join(), /hunter2/);
  }
  const problems = problemsOf({ LLM_CHAIN: "m@http://user:hunter2@host" });
  assert.notEqual(problems.length, 0);
  assert.doesNotMatch(problems.join(), /hunter2/);
});

Deno.test("parseConfig: no problem shows the password of an address that stands in the wrong place", () => {
  const url = "redis://u:hunter2@h:6379";
  assert.deepEqual(
    problemsOf({
      NODE_NAME: url,
      OLLAMA_MODEL: `m@${url}`,
      QUEUE_LIMIT: "u:hunter2@h",
      LLM_CHAIN: "qwen2.5:7b,http://u:hunter2@h:1",
    }).map((problem) => problem.split("; it takes")[0]),
    [
      'OLLAMA_MODEL is "h:6379"',
      'LLM_CHAIN: expected a model name such as qwen2.5:7b, got "***@h:1"',
      'NODE_NAME is "redis://h:6379"',
      'QUEUE_LIMIT is "h"',
    ],
  );
  assert.deepEqual(
    problemsOf({
      REDIS_URL: "redis://h/?password=hunter2",
      OLLAMA_HOST: "http://h/?token=hunter2hunter2",
      LLM_CHAIN: "m@http://h/?token=hunter2hunter2",
    }).map((problem) => problem.split("; it takes")[0]),
    [
      'REDIS_URL is "redis://h/?password=[redacted]"',
      'OLLAMA_HOST is "http://h/?token=[redacted]"',
      'LLM_CHAIN: a host takes no path and no query, got "http://h/?token=[redacted]"',
    ],
  );
  assert.deepEqual(
    problemsOf({ LLM_CHAIN: "//u:hunter2@h" }),
    ['LLM_CHAIN: expected a model name such as qwen2.5:7b, got "***@h"'],
  );
});

Deno.test("parseConfig: redis URLs with credentials, TLS, IPv6 and a database number are taken", () => {
  const urls = [
    "redis://h",
    "rediss://h:6380",
    "redis://user:p%40ss@h:6379/0",
    "redis://:pw@[::1]:6379",
    "redis://[fd7a::1]",
  ];
  for (const REDIS_URL of urls) {
    assert.equal(parseConfig((n) => n === "REDIS_URL" ? REDIS_URL : undefined).redisUrl, REDIS_URL);
  }
});

Deno.test("parseConfig: REDIS_URL of sentinels or a cluster, and what is wrong with one", () => {
  const urls = [
    "redis+sentinel://s1,s2:26380/homelab",
    "rediss+sentinel://agent:p%40ss@[::1]/lab.1?nodes=h1,h2:6380",
    "redis+cluster://:pw@h1:7000,h2",
  ];
  for (const REDIS_URL of urls) {
    assert.equal(parseConfig((n) => n === "REDIS_URL" ? REDIS_URL : undefined).redisUrl, REDIS_URL);
  }
  const wrong = [
    ["redis+sentinel://u:hunter2@s1,s2", /it takes redis\+sentinel:\/\/.*\/NAME/],
    ["redis+sentinel://u:hun/ter2@s1/homelab", /write @ as %40, \/ as %2F/],
    ["redis+sentinel://s1/homelab?node=hunter2", /\[\?nodes=HOST\[:PORT\],\.\.\.\]/],
    ["redis+cluster://u:hunter2@h1/0", /it takes redis\+cluster:\/\//],
    ["redis+cluster://u:hunter2%@h1", /a % in the user or password is written %25/],
  ] as const;
  for (const [REDIS_URL, takes] of wrong) {
    const [problem = ""] = problemsOf({ REDIS_URL });
    assert.match(problem, /^REDIS_URL is /);
    assert.match(problem, takes);
    if (!REDIS_URL.includes("node=")) assert.doesNotMatch(problem, /hun|ter2/);
  }
});

Deno.test("parseConfig: streams are shared by claims unless they are turned off", () => {
  const coordination = (env: Record<string, string>) =>
    parseConfig((name) => env[name]).coordination;
  assert.equal(coordination({ INTAKE: "streams" }), "redis");
  assert.equal(coordination({ INTAKE: "streams", COORDINATION: "off" }), "off");
  assert.equal(coordination({ COORDINATION: "redis" }), "redis");
});

Deno.test("parseConfig: streams and claims are refused for a cluster", () => {
  const overTls = { REDIS_URL: "REDISS+cluster://h1,h2", COORDINATION: "redis" };
  assert.equal(problemsOf(overTls).length, 1);
  const REDIS_URL = "redis+cluster://h1,h2";
  assert.deepEqual(problemsOf({ REDIS_URL }), []);
  assert.equal(problemsOf({ REDIS_URL, INTAKE: "streams" }).length, 1);
  const problems = problemsOf({ REDIS_URL, INTAKE: "streams", COORDINATION: "redis" });
  assert.deepEqual(problems.map((problem) => problem.split("; REDIS_URL is of a cluster")[0]), [
    'INTAKE is "streams"',
    'COORDINATION is "redis"',
  ]);
});

Deno.test("parseConfig: LLM_CHAIN names the links in order, on other hosts and offline", () => {
  const env: Record<string, string> = {
    OLLAMA_HOST: "piha:11434/",
    LLM_CHAIN: "qwen2.5:7b, llama3.2:3b@http://solaria:11434,rules",
  };
  assert.deepEqual(
    parseConfig((name) => env[name]).chain.map((link) =>
      link.kind === "ollama" ? [link.model, link.host] : link.name
    ),
    [
      ["qwen2.5:7b", "http://piha:11434"],
      ["llama3.2:3b", "http://solaria:11434"],
      "rules",
    ],
  );
});

Deno.test("parseConfig: the keys of TLS connections are written nowhere", () => {
  assert.throws(() => parseConfig((name) => name === "SSLKEYLOGFILE" ? "/tmp/keys" : undefined), {
    problems: [
      "SSLKEYLOGFILE is set: the keys of TLS connections would be written there; unset it",
    ],
  });
});

Deno.test("ENVIRONMENT_NAMES: every variable that is read is on the list", () => {
  const read = new Set<string>();
  parseConfig((name) => {
    read.add(name);
    return undefined;
  });
  for (const name of read) assert.ok((ENVIRONMENT_NAMES as readonly string[]).includes(name), name);
  assert.equal(new Set(ENVIRONMENT_NAMES).size, ENVIRONMENT_NAMES.length);
});

Deno.test("parseConfig: the names of channels and streams, apart from what the agent announces", () => {
  const names = (settings: Record<string, string>) => {
    const { channels, streams, intake } = parseConfig((name) => settings[name]);
    return { channels, streams, intake };
  };
  const usual = ["health_events", "world_updates"];
  assert.deepEqual(names({}), { channels: usual, streams: usual, intake: "pubsub" });
  assert.deepEqual(names({ CHANNELS: "a", STREAMS: "health_events, homelab:events" }), {
    channels: ["a"],
    streams: ["health_events", "homelab:events"],
    intake: "pubsub",
  });
  const refused = (settings: Record<string, string>) => {
    try {
      parseConfig((name) => settings[name]);
    } catch (error) {
      return error instanceof ConfigError ? error.problems.length : error;
    }
    return 0;
  };
  assert.deepEqual(
    [
      refused({ CHANNELS: "a,a" }),
      refused({ CHANNELS: "a,,b" }),
      refused({ CHANNELS: "a b" }),
      refused({ CHANNELS: Array.from({ length: 17 }, (_, i) => `c${i}`).join() }),
      refused({ CHANNELS: Array.from({ length: 16 }, (_, i) => `c${i}`).join() }),
      refused({ STREAMS: "a,a:dead" }),
      refused({ CHANNELS: "a,proposals", PROPOSAL_CHANNEL: "proposals" }),
      refused({ CHANNELS: "a", PROPOSAL_CHANNEL: "health_events" }),
    ],
    [1, 1, 1, 1, 0, 1, 1, 0],
  );
});

/** Default, least and most of every setting that is a whole number. */
const WHOLE_NUMBERS: Readonly<Partial<Record<EnvironmentName, readonly number[]>>> = {
  COOLDOWN_SECONDS: [300, 0, 2_678_400],
  LLM_FIRST_TOKEN_SECONDS: [300, 1, 86_400],
  LLM_IDLE_SECONDS: [60, 1, 86_400],
  LLM_TIMEOUT_SECONDS: [600, 1, 86_400],
  LLM_ATTEMPTS: [2, 1, 10],
  LLM_CONTEXT_TOKENS: [4_096, 1_024, 1_048_576],
  LLM_CONCURRENCY: [1, 1, 64],
  PROMPT_PAYLOAD_BYTES: [2_048, 0, 65_536],
  QUEUE_LIMIT: [1_000, 1, 100_000],
  EVENT_TTL_SECONDS: [3_600, 1, 2_678_400],
  MAX_PENDING_PER_SERVICE: [0, 0, 100_000],
  OUTCOME_REPEATS: [3, 0, 30],
  OUTCOME_WINDOW_SECONDS: [86_400, 0, 2_678_400],
  STREAM_CLAIM_SECONDS: [0, 0, 2_678_400],
  FLAP_CHANGES: [6, 0, 1_000],
  FLAP_WINDOW_SECONDS: [1_800, 1, 86_400],
  STORM_SERVICES: [0, 0, 1_000],
  STORM_WINDOW_SECONDS: [60, 1, 86_400],
  STORM_HOLD_SECONDS: [600, 1, 86_400],
  START_GRACE_SECONDS: [0, 0, 86_400],
  DIAGNOSES_PER_HOUR: [2_000, 0, 100_000],
  PROPOSALS_PER_DAY: [2_000, 0, 100_000],
  VALID_SECONDS: [1_800, 1, 2_678_400],
  NOTIFY_VALID_SECONDS: [86_400, 1, 31_622_400],
};

Deno.test("parseConfig: every whole number has its default and its bounds", () => {
  for (const [name, [fallback, least = 0, most = 0]] of Object.entries(WHOLE_NUMBERS)) {
    const given = (value: number) => parseConfig((each) => each === name ? `${value}` : undefined);
    given(least);
    given(most);
    for (const wrong of least > 0 ? [least - 1, most + 1] : [most + 1]) {
      const takes = `a whole number from ${least} to ${most} (default ${fallback})`;
      assert.throws(() => given(wrong), { message: `${name} is "${wrong}"; it takes ${takes}` });
    }
  }
});
