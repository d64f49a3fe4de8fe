import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createBridge } from "../../examples/ntfy/ntfy.ts";
import { announcement } from "../../lib/observe/announcement.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { sandbox } from "../support/sandbox.ts";
import { ntfyServer, press } from "./support/ntfy_server.ts";
import { actionFolders, proposed, steps } from "./support/proposals.ts";
import { unitCommand } from "./support/unit.ts";

/** The bridge as its unit runs it, with a Redis, folders, and an ntfy that answers as told. */
async function lab({ answers = [] as number[] } = {}) {
  const folder = sandbox();
  const root = folder.path;
  const state = `${root}/state`;
  Deno.mkdirSync(state);
  const redis = await startRedis({
    users: ["bridge on >pw resetchannels &proposals -@all +subscribe +ping"],
  });
  const ntfy = ntfyServer(answers);
  const port = freePort();
  function start() {
    const child = unitCommand("ntfy/planner-ntfy.service", {
      places: {
        "127.0.0.1:9712": `127.0.0.1:${port}`,
        "planner-redis:6379": `127.0.0.1:${redis.port}`,
        "planner-ntfy:80": `127.0.0.1:${ntfy.port}`,
        "/opt/homelab": root,
        "/var/lib/planner-ntfy": state,
        "/run/credentials/planner-ntfy.service": `${root}/credentials`,
      },
      env: {
        RUNTIME_PATH: root,
        REDIS_URL: redis.url("bridge:pw"),
        NTFY_URL: ntfy.url,
        PUBLIC_URL: `http://127.0.0.1:${port}/`,
        PORT: String(port),
        CREDENTIALS_DIRECTORY: `${root}/credentials`,
        STATE_DIRECTORY: state,
      },
    }).spawn();
    return {
      ended: child.status,
      stop: async () => {
        child.kill("SIGTERM");
        await child.output();
      },
    };
  }
  let running = start();
  return {
    ...actionFolders(root),
    root,
    ntfy,
    url: `http://127.0.0.1:${port}`,
    ready: () => redis.awaitSubscribed(["proposals"]),
    received: (count: number) => Promise.race([ntfy.received(count), running.ended]),
    announce: (text: string) => redis.publish("proposals", text),
    async restart() {
      await running.stop();
      running = start();
      await redis.awaitSubscribed(["proposals"]);
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await ntfy[Symbol.asyncDispose]();
      await redis.close();
      folder[Symbol.dispose]();
    },
  };
}

Deno.test("ntfy: a proposal comes with buttons, and Approve moves the file, once", async () => {
  await using it = await lab();
  await it.ready();
  const proposal = proposed("grafana");
  it.put("pending", proposal);
  await it.announce(announcement(proposal.file));
  await it.received(1);
  const [message] = it.ntfy.published;
  assert.deepEqual([message?.topic, message?.title, message?.priority], [
    "planner",
    "restart grafana on piha?",
    4,
  ]);
  assert.match(
    message?.message ?? "",
    /^it is unhealthy\nerror, confidence 0\.9, valid until .*Z\nplan-piha-grafana-\d+$/,
  );
  const [approve, reject] = message?.actions ?? [];
  assert.deepEqual([approve?.label, reject?.label], ["Approve", "Reject"]);
  assert.equal(await press(approve), `200 approved: ${proposal.actionId}`);
  assert.deepEqual(it.files(), [`approved/${proposal.actionId}.json`]);
  const approved = it.read(it.files()[0] ?? "");
  assert.equal(approved.status, "approved");
  assert.match(String(approved.approved_at), /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
  assert.deepEqual(steps(approved), ["pending approved ntfy"]);
  // Both buttons have one token, and it is used up; also where the file comes back.
  it.put("pending", proposal);
  for (const button of [approve, reject]) {
    assert.equal(await press(button), "403 this button is unknown, or was pressed before");
  }
  // What is in approved is no file that the agent still owns.
  assert.notEqual(
    Deno.statSync(`${it.root}/actions/approved/${proposal.actionId}.json`).ino,
    Deno.statSync(`${it.root}/actions/pending/${proposal.actionId}.json`).ino,
  );
});

Deno.test("ntfy: Reject moves the file to rejected", async () => {
  await using it = await lab();
  await it.ready();
  const proposal = proposed("grafana");
  it.put("pending", proposal);
  await it.announce(announcement(proposal.file));
  await it.received(1);
  assert.equal(
    await press(it.ntfy.published[0]?.actions?.[1]),
    `200 rejected: ${proposal.actionId}`,
  );
  assert.match(String(it.read(`rejected/${proposal.actionId}.json`).rejected_at), /Z$/);
});

Deno.test("ntfy: nothing is decided by a guess, a preview, or for a proposal that was changed", async () => {
  await using it = await lab();
  await it.ready();
  const proposal = proposed("grafana");
  it.put("pending", proposal);
  await it.announce(announcement(proposal.file));
  await it.received(1);
  const [approve] = it.ntfy.published[0]?.actions ?? [];
  assert.ok(approve);
  const get = await fetch(approve.url, { headers: approve.headers });
  assert.equal(get.status, 404);
  await get.body?.cancel();
  for (const Authorization of ["", "Bearer ", "Bearer 00", `Bearer ${"0".repeat(64)}`]) {
    assert.match(await press({ ...approve, headers: { Authorization } }), /^403 /);
  }
  const web = await fetch(approve.url, { method: "OPTIONS" });
  assert.equal(web.headers.get("access-control-allow-headers"), "authorization");
  await web.body?.cancel();
  // Another target, with a digest that fits it: not what was announced.
  const other = proposed("vaultwarden");
  const { payload, service, ...rest } = proposal.file;
  const altered = { ...rest, service: `${service}2`, payload };
  it.put("pending", { ...proposal, text: JSON.stringify(altered) });
  assert.match(await press(approve), /^409 .*altered/);
  assert.deepEqual(it.files(), [`pending/${proposal.actionId}.json`]);
  it.put("pending", other);
  await it.announce(
    announcement({ ...other.file, payload: { ...other.file.payload, digest: "0" } }),
  );
  await it.announce(announcement(proposed("web").file));
  const last = proposed("last");
  it.put("pending", last);
  await it.announce(announcement(last.file));
  await it.received(2);
  // Neither the one whose digest differs nor the one that is not there was offered.
  assert.match(it.ntfy.published[1]?.title ?? "", /last/);
});

Deno.test("ntfy: what is past its time is not offered, and its button decides nothing", async () => {
  using folder = sandbox();
  const root = folder.path;
  const { put, files } = actionFolders(root);
  const stale = proposed("grafana", { ago: 3_600 });
  put("pending", stale);
  const token = "ab".repeat(32);
  const hash = createHash("sha256").update(token).digest("hex");
  const { digest, valid_until } = stale.file.payload;
  const expiresMs = Date.parse(valid_until);
  const state = `${root}/offers.json`;
  Deno.writeTextFileSync(
    state,
    JSON.stringify({ [hash]: { actionId: stale.actionId, digest, expiresMs } }),
  );
  const lines: object[] = [];
  const nowhere = `http://127.0.0.1:${freePort()}/`;
  const bridge = await createBridge(
    {
      runtimePath: root,
      redisUrl: "",
      channel: "proposals",
      ntfyUrl: nowhere,
      topic: "planner",
      ntfyToken: "",
      publicUrl: nowhere,
      by: "ntfy",
    },
    state,
    (line) => lines.push(line),
  );
  const response = await bridge.handle(
    new Request(`${nowhere}approve`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    }),
  );
  assert.equal(
    `${response.status} ${await response.text()}`,
    `410 ${stale.actionId} is past its time\n`,
  );
  await bridge.offer(proposed("web", { ago: 4_000 }).actionId);
  await bridge.offer(stale.actionId);
  assert.deepEqual(files(), [`pending/${stale.actionId}.json`]);
  assert.ok(!lines.some((line) => "event" in line && line.event === "offered"));
});

Deno.test("ntfy: a restart forgets no button and sends none twice; what was missed is offered", async () => {
  await using it = await lab();
  await it.ready();
  const [first, missed] = [proposed("grafana"), proposed("traefik")];
  it.put("pending", first);
  await it.announce(announcement(first.file));
  await it.received(1);
  it.put("pending", missed);
  await it.restart();
  await it.received(2);
  assert.match(it.ntfy.published[1]?.title ?? "", /traefik/);
  assert.equal(
    await press(it.ntfy.published[0]?.actions?.[0]),
    `200 approved: ${first.actionId}`,
  );
  // The file with the tokens holds none that could be pressed.
  const token = it.ntfy.published[1]?.actions?.[0]?.headers.Authorization?.replace("Bearer ", "");
  assert.ok(token && !Deno.readTextFileSync(`${it.root}/state/offers.json`).includes(token));
});

Deno.test("ntfy: a message that ntfy refuses at first is sent again", async () => {
  await using it = await lab({ answers: [503] });
  await it.ready();
  const proposal = proposed("grafana", { action: "notify" });
  it.put("pending", proposal);
  await it.announce(announcement(proposal.file));
  await it.received(1);
  assert.deepEqual(it.ntfy.published[0]?.actions?.map(({ label }) => label), ["Seen", "Dismiss"]);
});

Deno.test("ntfy: what became of a proposal is told without buttons; noise on the channel does no harm", async () => {
  await using it = await lab();
  await it.ready();
  for (const noise of ["", "{", "[]", "7", '{"action_id":7}', '{"action_id":"../../etc/passwd"}']) {
    await it.announce(noise);
  }
  const { action_id, node, service } = proposed("grafana").file;
  await it.announce(
    JSON.stringify({ action_id, node, service, action: "restart", kind: "recovered" }),
  );
  await it.received(1);
  const [{ title = "", actions } = {}] = it.ntfy.published;
  assert.equal(title, "restart grafana on piha: is well again");
  assert.equal(actions, undefined);
});
