import assert from "node:assert/strict";
import { systemClock } from "../../lib/base/clock.ts";
import { type ActionFile, actionFile, actionIdBase } from "../../lib/proposal/action_file.ts";
import { createProposalChannel } from "../../lib/observe/announce.ts";
import { announcement } from "../../lib/observe/announcement.ts";
import { fakeClock, settle } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { aclLine, changed, denied, grant, LOGIN, rightsOf } from "../support/docs_acl.ts";
import { startRedis } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { bulk, type Reply, respClient, RespError } from "../support/resp.ts";
import { respServer } from "../support/resp_server.ts";
import { redisTest } from "../support/stream_reader.ts";
import { waitingEvent } from "../support/waiting_event.ts";

const CHANNEL = "proposals";

function proposal(service: string): ActionFile {
  const event = waitingEvent({ service });
  return actionFile({
    actionId: actionIdBase(event),
    event,
    diagnosis: {
      action: "restart",
      node: event.node,
      service,
      reason: "container unhealthy, restart it",
      confidence: 0.9,
      requires_human: false,
    },
    changes: [],
    modelUsed: "rules",
    attempts: [],
    waitedMs: 0,
    writtenMs: event.timestamp * 1000,
  });
}

Deno.test("announcement: what a bridge needs, on one ASCII line", () => {
  assert.equal(
    announcement(proposal("mosquitto\u2028é")),
    '{"action_id":"plan-piha-mosquitto---1767323045","node":"piha",' +
      '"service":"mosquitto\\u2028\\u00e9","action":"restart","risk_level":"low",' +
      '"kind":"proposed","severity":"error","reason":"container unhealthy, restart it",' +
      '"requires_human":false,"confidence":0.9,"valid_until":"2026-01-02T03:34:05Z",' +
      '"digest":"910a8d7966e97fa6350bafd9588baec54a2ffb4acf4e9bccbd67caf79d783d77"}',
  );
});

Deno.test("announcement: where an event came from, where its message says so", () => {
  const file = proposal("mosquitto");
  const origin = { source: "watcher", correlation_id: "c-1", location_tag: "hut" };
  assert.ok(
    announcement({ ...file, payload: { ...file.payload, ...origin } })
      .endsWith('","source":"watcher","correlation_id":"c-1","location_tag":"hut"}'),
  );
});

/** A server that notes what is published, and a channel to it on a hand-moved clock. */
function lab(answers: (words: readonly string[]) => Reply | undefined = () => undefined) {
  const heard: string[][] = [];
  const watchers = new Set<() => void>();
  let disconnected = Promise.withResolvers<void>();
  const hanging: (() => void)[] = [];
  const serve = (port = 0) =>
    respServer({
      asked(words, connection) {
        heard.push([...words]);
        watchers.forEach((watch) => watch());
        const reply = answers(words) ?? (words[0] === "PUBLISH" ? 1 : "OK");
        if (reply === HANG) hanging.push(() => connection.send(1));
        else connection.send(reply);
      },
      closed: () => disconnected.resolve(),
    }, port);
  const server = serve();
  const clock = fakeClock();
  const log = recordingLog();
  const create = (login = "", url = `redis://${login}127.0.0.1:${server.port}`) =>
    createProposalChannel({
      url,
      channel: CHANNEL,
      clock,
      log,
      random: () => 0,
    });
  return {
    server,
    serve,
    clock,
    log,
    create,
    heard,
    /** Resolves when a connection has ended from now on. */
    disconnected() {
      disconnected = Promise.withResolvers();
      return disconnected.promise;
    },
    /** Gives the replies that were kept back. */
    replyNow: () => hanging.splice(0).forEach((reply) => reply()),
    published: () =>
      heard.filter(([command]) => command === "PUBLISH").map(([, channel, text = ""]) =>
        `${channel} ${JSON.parse(text).service}`
      ),
    /** Resolves when so many commands have come. */
    asked: (count: number) =>
      new Promise<void>((resolve) => {
        const watch = () => {
          if (heard.length >= count) resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
}

const HANG = Symbol("hang") as unknown as Reply;

Deno.test("proposal channel: a user with +publish on it alone announces, over its own connection", async () => {
  await using redis = await startRedis({
    users: ["bridge on >pw resetchannels &proposals -@all +publish"],
  });
  await using bridge = listener(redis.url(), { channels: [CHANNEL] });
  await redis.awaitSubscribed([CHANNEL]);
  const log = recordingLog();
  const channel = createProposalChannel({
    url: redis.url("bridge:pw"),
    channel: CHANNEL,
    clock: systemClock,
    log,
    random: () => 0,
  });
  channel.onProposed(proposal("mosquitto"));
  channel.onProposed(proposal("grafana"));
  await bridge.received(2);
  channel.onProposed(proposal("redis"));
  await bridge.received(3);
  await channel.close();
  assert.deepEqual(
    bridge.messages,
    ["mosquitto", "grafana", "redis"].map((service) =>
      `${CHANNEL} ${announcement(proposal(service))}`
    ),
  );
  assert.deepEqual(log.lines, []);
});

Deno.test("proposal channel: a connection is made when there is something to say, and closed", async () => {
  const it = lab();
  const channel = it.create();
  await settle();
  assert.equal(it.server.accepted, 0);
  channel.onProposed(proposal("mosquitto"));
  await it.asked(1);
  await channel.close();
  for (let turn = 0; turn < 100 && it.server.open.size > 0; turn++) await settle();
  assert.equal(it.server.open.size, 0);
  assert.deepEqual(it.heard.map(([command]) => command), ["PUBLISH"]);
  assert.equal(it.server.accepted, 1);
  assert.equal(it.clock.waiting, 0);
  await it.server.close();
});

Deno.test("proposal channel: AUTH as in REDIS_URL; a password that nobody asks for does no harm", async () => {
  const unused = new RespError(
    "ERR AUTH <password> called without any password configured for the default user.",
  );
  const it = lab(([command]) => command === "AUTH" ? unused : undefined);
  for (const login of ["user:p%40ss@", ":secret@"]) {
    const channel = it.create(login);
    channel.onProposed(proposal("mosquitto"));
    await it.asked(login.startsWith("user") ? 2 : 4);
    await channel.close();
  }
  const auth = it.heard.filter(([command]) => command === "AUTH");
  assert.deepEqual(auth, [["AUTH", "user", "p@ss"], ["AUTH", "secret"]]);
  assert.equal(it.published().length, 2);
  assert.deepEqual(it.log.lines, []);
  await it.server.close();
});

Deno.test("proposal channel: while Redis is away one line is logged, and the newest 100 wait", async () => {
  const it = lab();
  await it.server.close();
  const channel = it.create(":secret@");
  channel.onProposed(proposal("s0"));
  const line = await it.log.seen("proposal_publish_failed");
  assert.deepEqual([line.level, line.channel, line.reason, line.retry_in_seconds], [
    "warning",
    CHANNEL,
    "refused",
    5,
  ]);
  assert.ok(!JSON.stringify(line).includes("secret"));
  for (let i = 1; i < 130; i++) channel.onProposed(proposal(`s${i}`));
  for (let i = 0; i < 3; i++) await it.clock.advance(60_000);
  const again = it.serve(it.server.port);
  // A try takes as long as the network takes; the next one waits for the clock.
  while (it.log.of("proposal_published_again").length === 0) await it.clock.advance(60_000);
  const published = await it.log.seen("proposal_published_again");
  assert.deepEqual([published.level, published.dropped], ["info", 30]);
  // At least once: the hand-moved clock can run out while one is on its way.
  assert.deepEqual(
    [...new Set(it.published())],
    Array.from({ length: 100 }, (_, i) => `${CHANNEL} s${i + 30}`),
  );
  assert.equal(it.log.of("proposal_publish_failed").length, 1);
  await channel.close();
  await again.close();
});

Deno.test("proposal channel: what Redis refuses is told with its remedy", async () => {
  const refusal = new RespError("NOPERM this user has no permissions to run the 'publish' command");
  const it = lab(([command]) => command === "PUBLISH" ? refusal : undefined);
  const channel = it.create();
  channel.onProposed(proposal("mosquitto"));
  const line = await it.log.seen("proposal_publish_failed");
  assert.equal(line.reason, "no_permission");
  assert.equal(
    line.detail,
    "This user may not run publish (NOPERM). Grant it: ACL SETUSER ... +publish",
  );
  await channel.close();
  assert.equal(it.clock.waiting, 0);
  await it.server.close();
});

Deno.test("proposal channel: a replica that a sentinel named is told nothing, the primary is", async () => {
  let role: Reply = [bulk("slave"), bulk("127.0.0.1"), 6379, bulk("connected"), 0];
  const it = lab(([command]) => command === "ROLE" ? role : undefined);
  const sentinel = respServer({
    asked: (_, connection) => connection.send([bulk("127.0.0.1"), bulk(`${it.server.port}`)]),
  });
  const channel = createProposalChannel({
    url: `redis+sentinel://127.0.0.1:${sentinel.port}/homelab`,
    channel: CHANNEL,
    clock: it.clock,
    log: it.log,
    random: () => 0,
  });
  channel.onProposed(proposal("mosquitto"));
  await it.asked(1);
  assert.deepEqual(it.heard, [["ROLE"]]);
  assert.equal((await it.log.seen("proposal_publish_failed")).reason, "no_primary");
  role = [bulk("master"), 0, []];
  await it.clock.advance(5_000);
  await it.log.seen("proposal_published_again");
  assert.deepEqual(it.published(), [`${CHANNEL} mosquitto`]);
  await channel.close();
  await sentinel.close();
  await it.server.close();
});

redisTest(
  "proposal channel: the user of docs/redis.md, each of whose rights is needed and named",
  async (redis) => {
    const line = aclLine("PROPOSAL_CHANNEL=proposals");
    const pubsub = aclLine("INTAKE=pubsub");
    const announce = async () => {
      const log = recordingLog();
      const channel = createProposalChannel({
        url: redis.url(LOGIN),
        channel: CHANNEL,
        clock: systemClock,
        log,
        random: () => 0,
      });
      channel.onProposed(proposal("mosquitto"));
      await channel.close();
      return log.lines.map(({ reason, detail }) => [reason, detail]);
    };
    assert.deepEqual(rightsOf(line), ["&proposals", "+publish"]);
    await grant(redis, pubsub, line);
    assert.deepEqual(await announce(), []);
    assert.deepEqual(await denied(redis), []);
    const asked = "This user may not";
    const grants = "Grant it: ACL SETUSER ...";
    for (
      const [right, detail] of [
        ["&proposals", `${asked} publish on the channel proposals (NOPERM). ${grants} &proposals`],
        ["+publish", `${asked} run publish (NOPERM). ${grants} +publish`],
      ] as const
    ) {
      await grant(redis, pubsub, changed(line, right));
      assert.deepEqual(await announce(), [["no_permission", detail]]);
    }
    await grant(redis, pubsub, line);
    const client = await respClient(redis.port);
    await client.command("AUTH", ...LOGIN.split(":"));
    await assert.rejects(client.command("PUBLISH", "health_events", "forged"), /NOPERM/);
    client.close();
  },
);

Deno.test("proposal channel: a Redis that hangs is given up after 5 s, and stopping waits 1 s", async () => {
  const it = lab(([command]) => command === "PUBLISH" ? HANG : undefined);
  const channel = it.create();
  channel.onProposed(proposal("mosquitto"));
  await it.asked(1);
  await it.clock.advance(4_999);
  assert.deepEqual(it.log.lines, []);
  await it.clock.advance(1);
  assert.equal((await it.log.seen("proposal_publish_failed")).reason, "timeout");
  await it.clock.advance(5_000);
  await it.asked(2);
  let closed = false;
  const closing = channel.close().then(() => closed = true);
  await it.clock.advance(999);
  assert.equal(closed, false);
  await it.clock.advance(1);
  await closing;
  assert.equal(it.clock.waiting, 0);
  assert.equal(it.log.lines.length, 1);
  await it.server.close();
});

Deno.test("proposal channel: after a success the next failure is logged again, and tried again as soon", async () => {
  const refusal = new RespError("NOPERM this user has no permissions to run the 'publish' command");
  let refuses = false;
  const it = lab(([command]) => command === "PUBLISH" && refuses ? refusal : undefined);
  const channel = it.create();
  const outage = async (more: number) => {
    // While Redis takes what is said, nothing is logged.
    const before = it.disconnected();
    channel.onProposed(proposal("between"));
    await before;
    assert.deepEqual(it.log.lines, []);
    refuses = true;
    channel.onProposed(proposal("first"));
    const line = await it.log.seen("proposal_publish_failed");
    for (let i = 0; i < more; i++) channel.onProposed(proposal(`s${i}`));
    refuses = false;
    while (it.log.of("proposal_published_again").length === 0) await it.clock.advance(5_000);
    const { dropped } = await it.log.seen("proposal_published_again");
    it.log.lines.length = 0;
    return [line.retry_in_seconds, dropped];
  };
  assert.deepEqual([await outage(100), await outage(0)], [[5, 1], [5, 0]]);
  channel.onProposed(proposal("last"));
  await it.asked(it.heard.length + 1);
  await channel.close();
  assert.deepEqual(it.log.lines, []);
  await it.server.close();
});

Deno.test("proposal channel: a replica that a sentinel took for the primary is told nothing", async () => {
  let role: Reply = [bulk("slave"), bulk("127.0.0.1"), 6379, bulk("connected"), 0];
  const it = lab(([command]) => {
    if (command === "SENTINEL") return [bulk("127.0.0.1"), bulk(`${it.server.port}`)];
    return command === "ROLE" ? role : undefined;
  });
  const channel = it.create("", `redis+sentinel://127.0.0.1:${it.server.port}/homelab`);
  channel.onProposed(proposal("mosquitto"));
  await it.log.seen("proposal_publish_failed");
  assert.deepEqual(it.published(), []);
  role = [bulk("master"), 0, []];
  await it.clock.advance(5_000);
  await it.log.seen("proposal_published_again");
  assert.deepEqual(it.published(), ["proposals mosquitto"]);
  await channel.close();
  await it.server.close();
});

Deno.test("proposal channel: what is said while the last is ending goes over the next connection", async () => {
  const it = lab();
  const ended = it.disconnected();
  let more: (() => void) | undefined = () => channel.onProposed(proposal("second"));
  const info = (event: string) => {
    if (event === "proposal_published_again") more?.();
    more = undefined;
  };
  const channel = createProposalChannel({
    ...{ url: `redis://127.0.0.1:${it.server.port}`, channel: CHANNEL, clock: it.clock },
    ...{ log: { ...it.log, info }, random: () => 0 },
  });
  await it.server.close();
  channel.onProposed(proposal("first"));
  await it.log.seen("proposal_publish_failed");
  const again = it.serve(it.server.port);
  await it.clock.advance(5_000);
  await it.asked(2);
  assert.deepEqual(it.published(), ["proposals first", "proposals second"]);
  await ended;
  await channel.close();
  await again.close();
});

Deno.test("proposal channel: what a full queue dropped while it was on its way costs no other one", async () => {
  let hangs = true;
  const it = lab(([command]) => command === "PUBLISH" && hangs ? HANG : undefined);
  const channel = it.create();
  channel.onProposed(proposal("s0"));
  await it.asked(1);
  hangs = false;
  for (let i = 1; i <= 100; i++) channel.onProposed(proposal(`s${i}`));
  it.replyNow();
  // What waits is published before the end: the deadlines of both stand on the hand-moved clock.
  await channel.close();
  assert.deepEqual(it.published(), Array.from({ length: 101 }, (_, i) => `${CHANNEL} s${i}`));
  await it.server.close();
});
