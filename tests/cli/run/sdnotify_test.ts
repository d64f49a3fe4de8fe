import assert from "node:assert/strict";
import { openNotifier } from "../../../lib/cli/run/sdnotify.ts";
import { fakeClock, settle } from "../../support/clock.ts";
import { recordingLog } from "../../support/log.ts";
import { sandbox } from "../../support/sandbox.ts";

type Notifier = ReturnType<typeof openNotifier>;

type NotifierOptions = Parameters<typeof openNotifier>[0];

/** Stands for systemd, in a folder of its own. */
function systemd() {
  const { path: folder, [Symbol.dispose]: remove } = sandbox();
  const socketPath = `${folder}/notify`;
  const listen = () => Deno.listenDatagram({ transport: "unixpacket", path: socketPath });
  let socket = listen();
  const log = recordingLog();
  const clock = fakeClock();
  return {
    socketPath,
    ownSocketPath: `${folder}/own`,
    log,
    clock,
    open(changes: Partial<NotifierOptions> = {}): Notifier {
      return openNotifier({ socketPath, ownSocketPath: `${folder}/own`, log, clock, ...changes });
    },
    async receive(): Promise<string> {
      const [bytes] = await socket.receive();
      return new TextDecoder().decode(bytes);
    },
    stop() {
      socket.close();
      Deno.removeSync(socketPath);
    },
    start() {
      socket = listen();
    },
    files: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    close() {
      socket.close();
      remove();
    },
  };
}

Deno.test("openNotifier: what is said arrives at the socket", async () => {
  const world = systemd();
  const notifier = world.open();
  notifier.tell("READY");
  assert.equal(await world.receive(), "READY=1");
  notifier.tell("STATUS", "connected");
  assert.equal(await world.receive(), "STATUS=connected");
  notifier.tell("WATCHDOG");
  assert.equal(await world.receive(), "WATCHDOG=1");
  notifier.tell("STOPPING");
  await notifier.close();
  assert.equal(await world.receive(), "STOPPING=1");
  assert.deepEqual(world.log.lines, []);
  assert.deepEqual(world.files(), ["notify"]);
  world.close();
});

Deno.test("openNotifier: close sends what was said before it, and nothing is sent after", async () => {
  const world = systemd();
  const notifier = world.open();
  notifier.tell("STATUS", "one");
  notifier.tell("STATUS", "two");
  notifier.tell("STOPPING");
  await Promise.all([notifier.close(), notifier.close()]);
  notifier.tell("WATCHDOG");
  assert.equal(await world.receive(), "STATUS=one");
  assert.equal(await world.receive(), "STATUS=two\nSTOPPING=1");
  const next = world.open();
  next.tell("READY");
  assert.equal(await world.receive(), "READY=1");
  await next.close();
  world.close();
});

Deno.test("openNotifier: a status is one line, whatever it holds, and short", async () => {
  const world = systemd();
  const notifier = world.open();
  notifier.tell("STATUS", "held: a\nREADY=1\r\n\u001b[31mred\u0000");
  assert.equal(await world.receive(), "STATUS=held: a READY=1 red");
  notifier.tell("STATUS", "x".repeat(5_000));
  assert.equal(await world.receive(), `STATUS=${"x".repeat(200)}… (5000 characters)`);
  await notifier.close();
  world.close();
});

Deno.test("openNotifier: without NOTIFY_SOCKET no socket is made and nothing logged", async () => {
  const world = systemd();
  for (const socketPath of [undefined, ""]) {
    const notifier = world.open({ socketPath });
    notifier.tell("READY");
    notifier.tell("STATUS", "x");
    notifier.tell("WATCHDOG");
    notifier.tell("STOPPING");
    assert.deepEqual(world.files(), ["notify"]);
    await notifier.close();
  }
  assert.deepEqual(world.log.lines, []);
  world.close();
});

Deno.test("openNotifier: a socket without a path is one log line", async () => {
  const world = systemd();
  for (const socketPath of ["@/org/freedesktop/systemd1", "vsock:2:1234"]) {
    const notifier = world.open({ socketPath });
    notifier.tell("READY");
    notifier.tell("WATCHDOG");
    await notifier.close();
    assert.deepEqual(world.log.lines.splice(0), [{
      level: "warning",
      event: "sd_notify_failed",
      socket: socketPath,
      error: "only a socket with a path can be reached; let NOTIFY_SOCKET be one",
    }]);
  }
  assert.deepEqual(world.files(), ["notify"]);
  world.close();
});

Deno.test("openNotifier: a refused socket is one log line until something arrives again", async () => {
  const world = systemd();
  const notifier = world.open();
  world.stop();
  notifier.tell("READY");
  await world.log.seen("sd_notify_failed");
  notifier.tell("WATCHDOG");
  await settle();
  assert.equal(world.log.lines.length, 1);
  world.start();
  notifier.tell("WATCHDOG");
  assert.equal(await world.receive(), "WATCHDOG=1");
  world.stop();
  notifier.tell("WATCHDOG");
  await world.log.seen("sd_notify_failed", 2);
  await notifier.close();
  world.start();
  world.close();
});

Deno.test("openNotifier: a socket left by a killed run is replaced", async () => {
  const world = systemd();
  Deno.listenDatagram({ transport: "unixpacket", path: world.ownSocketPath }).close();
  assert.deepEqual(world.files(), ["notify", "own"]);
  const notifier = world.open();
  notifier.tell("READY");
  assert.equal(await world.receive(), "READY=1");
  await notifier.close();
  assert.deepEqual(world.files(), ["notify"]);
  world.close();
});

Deno.test("openNotifier: a file in the way is not removed, but one log line", async () => {
  const world = systemd();
  Deno.writeTextFileSync(world.ownSocketPath, "precious");
  const notifier = world.open();
  notifier.tell("READY");
  await notifier.close();
  assert.equal(world.log.of("sd_notify_failed").length, 1);
  assert.equal(Deno.readTextFileSync(world.ownSocketPath), "precious");
  world.close();
});

Deno.test("openNotifier: no folder for the own socket is one log line", async () => {
  const world = systemd();
  const notifier = world.open({ ownSocketPath: `${world.ownSocketPath}/missing/socket` });
  notifier.tell("READY");
  await notifier.close();
  assert.equal(world.log.of("sd_notify_failed").length, 1);
  world.close();
});

Deno.test("openNotifier: a systemd that does not read holds up nothing, and close for a second", async () => {
  const world = systemd();
  const notifier = world.open();
  // More than a socket's queue holds (net.unix.max_dgram_qlen: 10, or 512 under systemd). The
  // datagram to and fro lets the notifier's own be sent.
  const path = `${world.ownSocketPath}-pace`;
  const pace = Deno.listenDatagram({ transport: "unixpacket", path });
  for (let n = 0; n < 1_500; n++) {
    notifier.tell("STATUS", `${n}`);
    await pace.send(new Uint8Array(1), { transport: "unixpacket", path });
    await pace.receive();
  }
  pace.close();
  Deno.removeSync(path);
  notifier.tell("STOPPING");
  let closed = false;
  const done = notifier.close().then(() => closed = true);
  await world.clock.advance(999);
  assert.equal(closed, false);
  await world.clock.advance(1);
  await done;
  assert.deepEqual(world.log.lines, []);
  assert.deepEqual(world.files(), ["notify"]);
  world.close();
});
