import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { agentCommand, makeRuntime, runAgent, type Settings } from "../support/agent.ts";
import { HAS_REDIS, type TestRedis } from "../support/redis.ts";
import { bulk, type Reply } from "../support/resp.ts";
import { sandbox } from "../support/sandbox.ts";
import { scriptedRedis } from "../support/scripted_redis.ts";
import { startSentinels } from "../support/sentinels.ts";
import { redisTest } from "../support/stream_reader.ts";

const STREAM = "health_events";
const MINUTE = 60_000;

interface Proposal {
  readonly action_id: string;
  readonly node: string;
  readonly service: string;
  readonly timestamp: number;
  readonly payload: {
    readonly action: string;
    readonly audit: { readonly event: { readonly channel: string } };
  };
}

const event = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: "service_unhealthy",
    node: "piha",
    service: "mosquitto",
    severity: "error",
    ...changes,
  });

function homelab() {
  const folder = sandbox();
  makeRuntime(folder.path);
  const pending = join(folder.path, "actions/pending");
  return {
    root: folder.path,
    files: () => filesIn(folder.path),
    pending: () =>
      [...Deno.readDirSync(pending)].map(({ name }): Proposal =>
        JSON.parse(Deno.readTextFileSync(join(pending, name)))
      ).sort((a, b) => a.service < b.service ? -1 : 1),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [join(folder, name)]
  );
}

/** Adds an entry as if so many minutes ago; returns its moment in milliseconds. */
async function added(
  redis: Pick<TestRedis, "command">,
  { minutesAgo, data = event(), stream = STREAM }: {
    minutesAgo: number;
    data?: string;
    stream?: string;
  },
): Promise<number> {
  const atMs = Date.now() - minutesAgo * MINUTE;
  await redis.command("XADD", stream, `${atMs}-*`, "data", data);
  return atMs;
}

const settingsFor = (url: string, more: Settings = {}): Settings => ({
  REDIS_URL: url,
  LLM_CHAIN: "rules",
  ...more,
});

const jsonLines = (text: string) =>
  text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));

const services = (proposals: readonly Proposal[]) => proposals.map(({ service }) => service);
const outcomes = (text: string) =>
  jsonLines(text).map(({ outcome, service }) => `${outcome} ${service}`).sort();

redisTest(
  "planner-agent replay --from-stream: all of the span is looked at, and nothing is written",
  async (redis) => {
    using lab = homelab();
    await added(redis, { minutesAgo: 130, data: event({ service: "before" }) });
    for (const minutesAgo of [115, 61, 59, 3]) {
      await added(redis, { minutesAgo, data: event({ service: `s${minutesAgo}` }) });
    }
    await redis.command("XADD", STREAM, "*", "type", "service_unhealthy", "node", "flat");
    await redis.command("XADD", STREAM, "*", "data", "no event");
    const length = await redis.command("XLEN", STREAM);
    // Far older than that: an event's life begins when it is read.
    const settings = settingsFor(redis.url("agent:pw"), { EVENT_TTL_SECONDS: "60" });
    const ask = (...args: readonly string[]) =>
      runAgent(["replay", "--from-stream", STREAM, ...args], { root: lab.root, settings });
    const [twoHours, oneHour, people] = await Promise.all([
      ask("--since", "2h", "--json"),
      ask("--json", "--dry-run"),
      ask("--since", "10m"),
    ]);
    assert.deepEqual([twoHours.code, oneHour.code, people.code], [0, 0, 0]);
    assert.deepEqual(services(jsonLines(twoHours.out)).sort(), [
      "flat",
      "s115",
      "s3",
      "s59",
      "s61",
    ]);
    assert.deepEqual(services(jsonLines(oneHour.out)).sort(), ["flat", "s3", "s59"]);
    assert.match(people.err, /\n3 received: 1 malformed, 2 proposed\n$/);
    assert.deepEqual(lab.files(), []);
    assert.equal(await redis.command("XLEN", STREAM), length);
    assert.deepEqual(await redis.command("XINFO", "GROUPS", STREAM), []);
  },
  { users: [`agent on >pw resetkeys resetchannels ~${STREAM} -@all +xrange`] },
);

redisTest(
  "planner-agent replay --from-stream: --write writes, an event without a time has its entry's",
  async (redis) => {
    using lab = homelab();
    const atMs = await added(redis, { minutesAgo: 100 });
    const sent = Math.floor(Date.now() / 1000) - 7_000;
    await added(redis, { minutesAgo: 90, data: event({ service: "dated", timestamp: sent }) });
    await added(redis, { minutesAgo: 2, data: event({ service: "young" }) });
    const args = ["replay", "--from-stream", STREAM, "--since", "2h", "--write"];
    const settings = settingsFor(redis.url());
    const { code, out, err } = await runAgent(args, { root: lab.root, settings });
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /\n3 received: 3 proposed\n$/);
    const [dated, mosquitto] = lab.pending();
    assert.deepEqual([dated?.timestamp, mosquitto?.timestamp], [sent, atMs / 1000]);
    assert.equal(mosquitto?.action_id, `plan-piha-mosquitto-${Math.floor(atMs / 1000)}`);
    // What was seen so long ago is no reason to restart anything now.
    const list = await runAgent(["pending", "--json"], { root: lab.root });
    const stale = JSON.parse(list.out).pending.map((
      { service, stale }: { service: string; stale: boolean },
    ) => `${service} ${stale}`);
    assert.deepEqual(stale.sort(), ["dated true", "mosquitto true", "young false"]);
  },
);

redisTest(
  "planner-agent replay --from-stream: the newest of each service counts, once all is read",
  async (redis) => {
    using lab = homelab();
    const say = (minutesAgo: number, changes: Record<string, unknown>) =>
      added(redis, { minutesAgo, data: event(changes) });
    await say(100, { service: "well" });
    for (let n = 0; n < 10; n++) {
      await say(90 - n, { service: "restless" });
      if (n < 9) await say(89.5 - n, { service: "restless", type: "service_recovered" });
    }
    await say(70, { node: "hut", service: "hut", type: "node_offline", severity: "critical" });
    await say(69, { node: "hut", service: "zigbee2mqtt" });
    await say(60, { node: "hut", service: "hut", type: "node_online", severity: "info" });
    await say(50, { service: "well", type: "service_recovered" });
    const { code, out, err } = await runAgent(
      ["replay", "--from-stream", STREAM, "--since", "2h", "--write", "--json"],
      { root: lab.root, settings: settingsFor(redis.url()) },
    );
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(
      outcomes(out).filter((line) => !/^benign/.test(line)),
      [
        "proposed restless",
        "proposed zigbee2mqtt",
        "recovered hut",
        ...Array.from({ length: 9 }, () => "recovered restless"),
        "recovered well",
      ],
    );
    // Changes that lie hours apart are no flapping, though they are read within a second.
    const [restless] = lab.pending();
    assert.deepEqual([restless?.service, restless?.payload.action], ["restless", "restart"]);
  },
);

redisTest(
  "planner-agent replay --from-stream: 300 services through a queue of ten, none lost",
  async (redis) => {
    using lab = homelab();
    const atMs = Date.now() - MINUTE;
    for (let n = 0; n < 300; n++) {
      await redis.command("XADD", STREAM, `${atMs}-*`, "data", event({ service: `s${n}` }));
    }
    const { code, out, err } = await runAgent(["replay", "--from-stream", STREAM, "--json"], {
      root: lab.root,
      settings: settingsFor(redis.url(), { QUEUE_LIMIT: "10" }),
    });
    assert.deepEqual([code, err], [0, ""]);
    assert.equal(new Set(services(jsonLines(out))).size, 300);
  },
);

redisTest("planner-agent replay --from-stream: the channel, and an empty stream", async (redis) => {
  using lab = homelab();
  for (const stream of ["world_updates", "archive"]) await added(redis, { minutesAgo: 1, stream });
  const settings = settingsFor(redis.url());
  const ask = async (...args: readonly string[]) => {
    const result = await runAgent(["replay", "--json", ...args], { root: lab.root, settings });
    assert.equal(result.code, 0, result.err);
    return result;
  };
  const [world, archive, named, none] = await Promise.all([
    ask("--from-stream", "world_updates"),
    ask("--from-stream", "archive"),
    ask("--from-stream", "archive", "--channel", "world_updates"),
    ask("--from-stream", STREAM, "--since", "30m"),
  ]);
  const channels = [world, archive, named].map(({ out }) =>
    jsonLines(out).map(({ payload }: Proposal) => payload.audit.event.channel)
  );
  assert.deepEqual(channels, [["world_updates"], ["health_events"], ["world_updates"]]);
  assert.deepEqual([none.out, none.err], [
    "",
    "planner-agent: the stream health_events holds nothing of the last 30m. Is that its name, " +
    "and are events added to it (XADD) or only published?\n",
  ]);
});

redisTest(
  "planner-agent replay --from-stream: --write goes by the claims that planners share",
  async (redis) => {
    using first = homelab();
    using second = homelab();
    await added(redis, { minutesAgo: 5 });
    const settings = settingsFor(redis.url(), { COORDINATION: "redis" });
    const args = ["replay", "--from-stream", STREAM, "--write", "--json"];
    const one = await runAgent(args, { root: first.root, settings });
    const other = await runAgent(args, { root: second.root, settings });
    assert.deepEqual([one.code, other.code], [0, 0], one.err + other.err);
    assert.deepEqual([one, other].map(({ out }) => outcomes(out)), [
      ["proposed mosquitto"],
      ["cooldown mosquitto"],
    ]);
    assert.deepEqual(second.pending(), []);
  },
);

Deno.test({
  name: "planner-agent replay --from-stream: from the primary that the sentinels name" +
    (HAS_REDIS ? "" : " (no redis-server here)"),
  ignore: !HAS_REDIS,
  async fn() {
    using lab = homelab();
    await using site = await startSentinels();
    await added(site.primary, { minutesAgo: 30 });
    const { code, out, err } = await runAgent(["replay", "--from-stream", STREAM, "--json"], {
      root: lab.root,
      settings: settingsFor(site.url),
    });
    assert.equal(code, 0, err);
    assert.deepEqual(services(jsonLines(out)), ["mosquitto"]);
  },
});

/** The first page of a stream's history: 100 services, a minute ago. */
function firstPage(): Reply {
  const atMs = Date.now() - MINUTE;
  return Array.from({ length: 100 }, (_, n): Reply => [
    bulk(`${atMs}-${n}`),
    [bulk("data"), bulk(event({ service: `s${n}` }))],
  ]);
}

Deno.test("planner-agent replay --from-stream: Redis goes away, what was read is done", async () => {
  using lab = homelab();
  let pages = 0;
  const server = scriptedRedis((words, connection) => {
    if (words[0] !== "XRANGE") return "OK";
    if (pages++ > 0) return void connection.close();
    return firstPage();
  });
  const args = ["replay", "--from-stream", STREAM];
  const settings = settingsFor(`redis://127.0.0.1:${server.port}`);
  const cut = await runAgent(args, { root: lab.root, settings });
  assert.equal(cut.code, 1);
  assert.match(
    cut.err,
    /^planner-agent: Cannot read the stream health_events \(behind entry \d+-99\): .* closed/,
  );
  assert.match(cut.err, /\n100 received: 100 proposed\n$/);
  assert.equal(cut.out.match(/"action_id"/g)?.length, 100);
  await server.close();

  const gone = await runAgent(args, { root: lab.root, settings });
  assert.equal(gone.code, 1);
  assert.match(
    gone.err,
    /^planner-agent: Cannot read the stream health_events: Nothing listens on 127[^\n]*\n0 received: nothing\n$/,
  );
});

Deno.test("planner-agent replay --from-stream: SIGINT ends it, what it had read is kept", async () => {
  using lab = homelab();
  let pages = 0;
  const server = scriptedRedis((words) => {
    if (words[0] !== "XRANGE") return "OK";
    // The second page never comes: only the signal can end it.
    return pages++ > 0 ? undefined : firstPage();
  });
  const child = agentCommand(["replay", "--from-stream", STREAM, "--write"], {
    root: lab.root,
    settings: settingsFor(`redis://127.0.0.1:${server.port}`),
  }).spawn();
  await server.seen("XRANGE", 2);
  child.kill("SIGINT");
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.deepEqual([code, text(stderr), text(stdout)], [
    0,
    "",
    "100 received: 100 waiting for another try\n",
  ]);
  await server.close();
  assert.deepEqual(lab.pending(), []);

  const next = await runAgent(["replay", "-"], {
    root: lab.root,
    settings: { LLM_CHAIN: "rules" },
  });
  assert.equal(next.code, 0, next.err);
  assert.equal(lab.pending().length, 100);
});

Deno.test("planner-agent replay --from-stream: what it cannot do is told before it begins", async () => {
  using lab = homelab();
  const ask = (url: string, ...args: readonly string[]) =>
    runAgent(["replay", "--from-stream", STREAM, ...args], {
      root: lab.root,
      settings: settingsFor(url),
    });
  const here = "redis://127.0.0.1:1";
  const [span, both, elsewhere, cluster] = await Promise.all([
    ask(here, "--since", "2hours"),
    ask(here, "-"),
    ask("redis://10.0.0.1:6379"),
    ask("redis+cluster://127.0.0.1:1,127.0.0.1:2"),
  ]);
  for (const { code, out } of [span, both, elsewhere, cluster]) {
    assert.deepEqual([code, out], [2, ""]);
  }
  assert.match(span.err, /^planner-agent: replay: --since is "2hours"; it takes a whole number/);
  assert.match(both.err, /^planner-agent: replay: it takes a FILE or --from-stream NAME, not both/);
  assert.match(elsewhere.err, /^planner-agent: REDIS_URL redis:\/\/10\.0\.0\.1:6379: /);
  assert.match(cluster.err, /^planner-agent: REDIS_URL is of a cluster /);
});

redisTest(
  "planner-agent replay --from-stream: beside a running agent it reads, and does not write",
  async (redis) => {
    using lab = homelab();
    await added(redis, { minutesAgo: 1 });
    const lock = join(lab.root, "state/planner-agent.lock");
    using file = await Deno.open(lock, { create: true, write: true });
    await file.lock(true);
    const settings = settingsFor(redis.url());
    const args = ["replay", "--from-stream", STREAM];
    const [dry, wet] = await Promise.all([
      runAgent(args, { root: lab.root, settings }),
      runAgent([...args, "--write"], { root: lab.root, settings }),
    ]);
    assert.deepEqual([dry.code, wet.code], [0, 1]);
    assert.match(wet.err, /another planner-agent runs .*\. Stop it, or leave --write out\.\n$/);
  },
);
