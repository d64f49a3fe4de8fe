import assert from "node:assert/strict";
import { CHANNELS } from "../support/channels.ts";
import { granted, planner } from "../support/claims.ts";
import { HAS_REDIS } from "../support/redis.ts";
import { listener } from "../support/redis_listener.ts";
import { PRIMARY_NAME, type SentinelSite, startSentinels } from "../support/sentinels.ts";
import { add, awaitPending, streamReader } from "../support/stream_reader.ts";

const [HEALTH, WORLD] = CHANNELS;
/** Of the claims' link. */
const FIRST_BACKOFF_MS = 100;
const TARGET = { node: "piha", service: "mosquitto" };

function sentinelTest(name: string, run: (site: SentinelSite) => Promise<void>): void {
  Deno.test({
    name: HAS_REDIS ? name : `${name} (no redis-server here)`,
    ignore: !HAS_REDIS,
    async fn() {
      await using site = await startSentinels();
      await run(site);
    },
  });
}

sentinelTest("sentinels: when the primary is killed, pub/sub and claims follow", async (site) => {
  const { primary, replica, url } = site;
  const at = (redis: { readonly port: number }) => `127.0.0.1:${redis.port}`;
  await using heard = listener(url);
  await using claims = planner(url);
  assert.equal((await heard.log.seen("redis_subscribed")).host, at(primary));
  await primary.publish(HEALTH, "before");
  await heard.received(1);
  await granted(await claims.claim(TARGET)).release();

  const cutOff = claims.armed(FIRST_BACKOFF_MS);
  await site.failOver();
  const lost = await heard.log.seen("redis_lost");
  assert.deepEqual([lost.host, lost.reason], [at(primary), "closed"]);
  await heard.retry();
  assert.equal((await heard.log.seen("redis_subscribed", 2)).host, at(replica));
  await replica.publish(WORLD, "after");
  await heard.received(2);
  assert.deepEqual(heard.messages, [`${HEALTH} before`, `${WORLD} after`]);

  await cutOff;
  await claims.clock.advance(FIRST_BACKOFF_MS);
  const claim = granted(await claims.claim(TARGET));
  assert.equal(claim.shared, true);
  const keys = await replica.command("KEYS", "planner:claim:piha*");
  assert.ok(Array.isArray(keys) && keys.length === 1, String(keys));
  await claim.release();
});

sentinelTest(
  "sentinels: streams lose nothing that was accepted when the primary is killed",
  async (site) => {
    const { primary, replica, url } = site;
    await using reader = streamReader(url, {
      // The rest has no outcome yet when the primary goes.
      fate: ({ text }) => Number(text) % 3 === 0 ? "settled" : undefined,
    });
    await reader.log.seen("streams_reading");
    const accepted: string[] = [];
    for (let nth = 0; nth < 150; nth++) {
      await add(primary, nth % 2 === 0 ? HEALTH : WORLD, `${nth}`);
      if (await primary.command("WAIT", "1", "2000") === 1) accepted.push(`${nth}`);
    }
    assert.equal(accepted.length, 150);
    await reader.received(40);

    await site.failOver();
    assert.equal((await reader.log.seen("redis_lost")).host, `127.0.0.1:${primary.port}`);
    await reader.retry();
    const again = await reader.log.seen("streams_reading", 2);
    assert.equal(again.host, `127.0.0.1:${replica.port}`);
    for (let nth = 150; nth < 180; nth++) await add(replica, HEALTH, `${nth}`);
    await reader.received(180);
    assert.deepEqual(
      reader.texts().map(Number).sort((a, b) => a - b),
      Array.from({ length: 180 }, (_, nth) => nth),
    );
    for (const { settle } of reader.entries) settle("settled");
    for (const stream of CHANNELS) await awaitPending(replica, stream, 0);
  },
);

sentinelTest(
  "sentinels: a primary outside of nodes= is named and not connected to",
  async (site) => {
    const url = site.url.replace(/,127\.0\.0\.1:\d+$/, "");
    await using heard = listener(url);
    await heard.log.seen("redis_subscribed");
    await site.failOver();
    await heard.log.seen("redis_lost");
    await heard.retry();
    const failed = await heard.log.seen("redis_unavailable");
    assert.deepEqual([failed.level, failed.reason], ["error", "not_permitted"]);
    assert.match(
      String(failed.detail),
      new RegExp(
        `^Sentinel 127\\.0\\.0\\.1:\\d+: it names 127\\.0\\.0\\.1:${site.replica.port} as the ` +
          `primary of ${PRIMARY_NAME}, which is none of the nodes= in REDIS_URL`,
      ),
    );
    assert.match(String(failed.host), /^homelab of 127\.0\.0\.1:\d+,127/);
  },
);
