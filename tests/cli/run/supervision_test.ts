import assert from "node:assert/strict";
import { superviseBySystemd, watchdogMs } from "../../../lib/cli/run/supervision.ts";
import type { EnvironmentName } from "../../../lib/config/environment.ts";
import { fakeClock } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";
import { makeRuntime, startAgent } from "../../support/agent.ts";
import { startRedis } from "../../support/redis.ts";
import { sandbox } from "../../support/sandbox.ts";
import { statusRecord, THEN } from "../../support/status_record.ts";

const environment = (values: Partial<Record<EnvironmentName, string>>) => (name: EnvironmentName) =>
  values[name];

Deno.test("watchdogMs: half of what systemd wants, nothing without a watchdog", () => {
  const of = (usec?: string) =>
    watchdogMs(environment(usec === undefined ? {} : { WATCHDOG_USEC: usec }));
  assert.deepEqual(
    ["60000000", "2000000", "1", "0", "", "abc", "-5", "1e6"].map(of),
    [30_000, 1_000, 10, undefined, undefined, undefined, undefined, undefined],
  );
  assert.equal(of(), undefined);
});

Deno.test("superviseBySystemd: ready, status when it changes, watchdog at each tick", async () => {
  using folder = sandbox();
  Deno.mkdirSync(`${folder.path}/state`);
  const socketPath = `${folder.path}/notify`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: socketPath });
  let record = statusRecord({ last_proposal: null });
  const supervision = superviseBySystemd({
    env: environment({ NOTIFY_SOCKET: socketPath, WATCHDOG_USEC: "60000000" }),
    runtimePath: folder.path,
    record: () => record,
    clock: fakeClock(),
    log: recordingLog(),
  });
  const next = async () => new TextDecoder().decode((await socket.receive())[0]);
  const status = "STATUS=hears health_events, world_updates; 0 wait; no proposal yet";

  supervision.ready();
  const first = await next();
  // Both may come in one message or in two.
  assert.equal(
    first.includes("STATUS") ? first : `${first}\n${await next()}`,
    `READY=1\n${status}`,
  );
  record = { ...record, written: THEN + 3 };
  supervision.tick();
  assert.equal(await next(), "WATCHDOG=1");
  record = { ...record, queued: 2 };
  supervision.refresh();
  assert.equal(await next(), status.replace("0 wait", "2 wait"));
  supervision.stopping();
  await supervision.close();
  assert.equal(await next(), "STOPPING=1");
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/state`)], []);
  socket.close();
});

Deno.test("superviseBySystemd: outside systemd nothing is opened and no status is made", async () => {
  using folder = sandbox();
  const supervision = superviseBySystemd({
    env: environment({}),
    runtimePath: folder.path,
    record: () => assert.fail("asked for a record"),
    clock: fakeClock(),
    log: recordingLog(),
  });
  supervision.ready();
  supervision.tick();
  supervision.stopping();
  await supervision.close();
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("run: systemd is told at once that Redis is heard, not with the next tick", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const redis = await startRedis();
  const path = `${folder.path}/state/notify`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const settings = { REDIS_URL: redis.url(), LLM_CHAIN: "rules", NOTIFY_SOCKET: path };
  const agent = startAgent(folder.path, settings);
  await agent.seen("planner_started");
  agent.kill("SIGTERM");
  let said = "";
  while (!said.includes("STOPPING=1")) {
    said += `${new TextDecoder().decode((await socket.receive())[0])}\n`;
  }
  assert.match(said, /^STATUS=hears health_events, world_updates; 0 wait; no proposal yet$/m);
  await agent[Symbol.asyncDispose]();
  await redis.close();
  socket.close();
});
