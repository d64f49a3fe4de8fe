import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { dockerArguments } from "../../examples/executor/executor.ts";
import { parseSettings, SettingsError } from "../../examples/executor/settings.ts";
import { sandbox } from "../support/sandbox.ts";
import { actionFolders, proposed, steps } from "./support/proposals.ts";
import { EXAMPLES, outputOf, unitCommand } from "./support/unit.ts";

/** A RUNTIME_PATH with the seven folders, an executor.json, and a docker that notes what it is asked. */
function lab(settings: Record<string, unknown> = {}, docker = "exit 0") {
  const folder = sandbox();
  const root = folder.path;
  const target = {
    project: "house",
    service: "web",
    file: "/srv/house/compose.yaml",
    allow: ["restart", "redeploy"],
  };
  const config = `${root}/executor.json`;
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      runtime_path: root,
      targets: {
        "piha/grafana": target,
        "piha/traefik": { project: "edge", service: "traefik", host: "ssh://deploy@vps:22" },
      },
      ...settings,
    }),
  );
  Deno.mkdirSync(`${root}/bin`);
  Deno.writeTextFileSync(
    `${root}/bin/docker`,
    `#!/bin/sh\nprintf '%s|' "$@" >>'${root}/asked'; echo >>'${root}/asked'\n${docker}\n`,
    { mode: 0o755 },
  );
  return {
    root,
    ...actionFolders(root),
    run: () =>
      outputOf(unitCommand("executor/planner-executor.service", {
        places: { "/opt/homelab": root, "/etc/planner-executor/executor.json": config },
        env: { PATH: `${root}/bin:${Deno.env.get("PATH")}` },
        further: ["--once"],
      })),
    asked: () => {
      try {
        return Deno.readTextFileSync(`${root}/asked`).trim().split("\n");
      } catch {
        return [];
      }
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

Deno.test("executor: an approved restart is run once and completed, with its times and its history", async () => {
  using it = lab();
  const proposal = proposed("grafana");
  it.put("approved", proposal);
  assert.equal((await it.run()).code, 0);
  assert.deepEqual(it.asked(), [
    "compose|--project-name|house|--file|/srv/house/compose.yaml|restart|web|",
  ]);
  assert.deepEqual(it.files(), [`completed/${proposal.actionId}.json`]);
  const done = it.read(it.files()[0] ?? "");
  const { status, approved_at, executed_at, completed_at, transition_history, ...rest } = done;
  assert.equal(status, "completed");
  for (const time of [approved_at, executed_at, completed_at]) assert.match(String(time), TIME);
  assert.deepEqual(steps({ transition_history }), [
    "approved running executor",
    "running completed executor",
  ]);
  // Everything else is as the agent wrote it.
  const { status: _, ...written } = JSON.parse(proposal.text);
  assert.deepEqual(rest, written);
  await it.run();
  assert.equal(it.asked().length, 1);
});

Deno.test("executor: a redeploy makes a new container; another host's Docker is reached over ssh", async () => {
  using it = lab();
  it.put("approved", proposed("grafana", { action: "redeploy" }));
  it.put("approved", proposed("traefik"));
  await it.run();
  assert.deepEqual(it.asked().sort(), [
    "--host|ssh://deploy@vps:22|compose|--project-name|edge|restart|traefik|",
    "compose|--project-name|house|--file|/srv/house/compose.yaml|up|--detach|--no-deps|" +
    "--force-recreate|web|",
  ]);
});

Deno.test("executor: what docker could not do is failed, with its words", async () => {
  using it = lab({}, "echo 'no such service: web' >&2; exit 1");
  const proposal = proposed("grafana");
  it.put("approved", proposal);
  await it.run();
  const failed = it.read(`failed/${proposal.actionId}.json`);
  assert.equal(failed.failure, "docker ended with status 1: no such service: web");
  assert.match(String(failed.failed_at), TIME);
  assert.equal(failed.completed_at, undefined);
});

Deno.test("executor: a docker that hangs is ended after timeout_seconds", async () => {
  using it = lab({ timeout_seconds: 1 }, "exec sleep 60");
  const proposal = proposed("grafana");
  it.put("approved", proposal);
  await it.run();
  assert.equal(
    it.read(`failed/${proposal.actionId}.json`).failure,
    "docker did not end within 1 s",
  );
});

Deno.test("executor: one of a fold is run, the rest is cancelled, also what still waits", async () => {
  using it = lab();
  const [newest, older, oldest] = [30, 60, 90].map((ago) => proposed("grafana", { ago }));
  const [redeploy, other] = [proposed("grafana", { action: "redeploy", ago: 45 }), proposed("nas")];
  assert.ok(newest && older && oldest);
  it.put("approved", older);
  it.put("approved", newest);
  for (const waits of [oldest, redeploy, other]) it.put("pending", waits);
  await it.run();
  assert.equal(it.asked().length, 1);
  assert.deepEqual(
    it.files(),
    [
      `cancelled/${older.actionId}.json`,
      `cancelled/${oldest.actionId}.json`,
      `completed/${newest.actionId}.json`,
      `pending/${other.actionId}.json`,
      `pending/${redeploy.actionId}.json`,
    ].sort(),
  );
  const cancelled = it.read(`cancelled/${oldest.actionId}.json`);
  assert.equal(cancelled.cancelled_because, `${newest.actionId} was executed after its event`);
  assert.deepEqual(steps(cancelled), ["pending cancelled executor"]);
  // Approved a minute later, it is of the same outage still.
  const late = proposed("grafana", { ago: 120 });
  it.put("approved", late);
  await it.run();
  assert.equal(it.asked().length, 1);
  assert.ok(it.files().includes(`cancelled/${late.actionId}.json`));
});

Deno.test("executor: what is stale, altered, unknown or not allowed is cancelled and not run", async () => {
  using it = lab();
  const stale = proposed("grafana", { ago: 3_600 });
  const altered = proposed("web2");
  altered.text = altered.text.replace('"service": "web2"', '"service": "grafana"');
  const unknown = proposed("nas");
  const forbidden = proposed("traefik", { action: "redeploy" });
  for (const proposal of [stale, altered, unknown, forbidden]) it.put("approved", proposal);
  await it.run();
  assert.deepEqual(it.asked(), []);
  const why = (proposal: { actionId: string }) =>
    it.read(`cancelled/${proposal.actionId}.json`).cancelled_because;
  assert.deepEqual([stale, altered, unknown, forbidden].map(why), [
    "it is past its valid_until",
    "its digest is not that of its content: it was altered",
    "executor.json does not have this service",
    "executor.json does not allow redeploy here",
  ]);
});

Deno.test("executor: files of other programs stay where they are, and are told once", async () => {
  using it = lab();
  it.put("approved", { actionId: "3f1d", text: '{"action_id": "3f1d", "service": "grafana"}' });
  it.put("approved", { actionId: "half", text: '{"action_id": "half' });
  Deno.symlinkSync("/etc/passwd", `${it.root}/actions/approved/link.json`);
  const { lines } = await it.run();
  assert.deepEqual(it.files(), ["approved/3f1d.json", "approved/half.json", "approved/link.json"]);
  assert.deepEqual(
    lines.filter(({ event }) => event === "not_executed").map(({ action_id, why }) => [
      action_id,
      why,
    ]),
    [
      ["3f1d", "node, service, type or payload.action is no text"],
      ["half", "it is not a JSON object"],
    ],
  );
});

Deno.test("executor: a notify that a person approved is completed, and nothing is run", async () => {
  using it = lab();
  const notify = proposed("anything", { action: "notify" });
  it.put("approved", notify);
  await it.run();
  assert.deepEqual(it.asked(), []);
  assert.deepEqual(it.files(), [`completed/${notify.actionId}.json`]);
});

Deno.test("executor: without a person nothing runs, unless its own setting says so", async () => {
  const unrequired = proposed("grafana", { human: false });
  const required = proposed("traefik");
  for (const [approve_unrequired, asked] of [[undefined, 0], [false, 0], [true, 1]] as const) {
    using it = lab(approve_unrequired === undefined ? {} : { approve_unrequired });
    it.put("pending", unrequired);
    it.put("pending", required);
    await it.run();
    assert.equal(it.asked().length, asked);
    assert.ok(it.files().includes(`pending/${required.actionId}.json`));
    if (asked === 0) continue;
    const done = it.read(`completed/${unrequired.actionId}.json`);
    assert.deepEqual(
      steps(done),
      [
        "pending approved executor",
        "approved running executor",
        "running completed executor",
      ],
    );
  }
});

Deno.test("executor: what was running when it ended is failed, and never run again", async () => {
  using it = lab();
  const mine = proposed("grafana");
  const history = [{ from: "approved", to: "running", timestamp: "", by: "executor" }];
  const theirs = proposed("traefik");
  it.put("running", {
    ...mine,
    text: JSON.stringify({ ...mine.file, transition_history: history }),
  });
  it.put("running", {
    ...theirs,
    text: JSON.stringify({
      ...theirs.file,
      transition_history: [{ ...history[0], by: "executor-2" }],
    }),
  });
  await it.run();
  assert.deepEqual(it.asked(), []);
  assert.deepEqual(it.files(), [
    `failed/${mine.actionId}.json`,
    `running/${theirs.actionId}.json`,
  ]);
  assert.match(String(it.read(`failed/${mine.actionId}.json`).failure), /may be done/);
});

Deno.test("executor: a file of the same name in the next folder stops it, and neither is lost", async () => {
  using it = lab();
  const proposal = proposed("grafana");
  it.put("approved", proposal);
  it.put("running", { ...proposal, text: "{}" });
  const { lines } = await it.run();
  assert.deepEqual(it.asked(), []);
  assert.deepEqual(it.files(), [
    `approved/${proposal.actionId}.json`,
    `running/${proposal.actionId}.json`,
  ]);
  assert.ok(lines.some(({ event }) => event === "file_in_the_way"));
});

Deno.test("executor: a wrong executor.json is named, and names that docker could read as options refused", () => {
  const targets = (target: unknown) => JSON.stringify({ targets: { "a/b": target } });
  const good = { project: "p", service: "s" };
  for (
    const [text, why] of [
      ["[]", /not a JSON object/],
      ["{}", /^targets/],
      ['{"targets": {}, "dry": 1}', /"dry": it takes runtime_path/],
      [
        '{"targets": {}, "approve_unrequired": "no"}',
        /^approve_unrequired: it takes true or false/,
      ],
      [targets({ ...good, service: "--help" }), /^a\/b: service cannot be "--help"/],
      [targets({ ...good, service: "a b" }), /service cannot be/],
      [targets({ ...good, host: "ssh://-oProxyCommand=x" }), /host cannot be/],
      [targets({ ...good, host: "tcp://vps:2375" }), /host cannot be/],
      [targets({ ...good, file: "compose.yaml" }), /file cannot be/],
      [targets({ ...good, file: "/srv/../etc/x.yaml" }), /file cannot be/],
      [targets({ ...good, allow: ["redeploy"] }), /needs the compose file/],
      [targets({ ...good, allow: ["exec"] }), /allow cannot be/],
      [targets({ project: "p" }), /project and service are needed/],
      [targets({ ...good, shell: "sh" }), /shell cannot be/],
    ] as const
  ) {
    assert.throws(() => parseSettings(text), (error) => {
      assert.ok(error instanceof SettingsError);
      assert.match(error.message, why);
      return true;
    });
  }
});

Deno.test("executor: the executor.json that is shipped is right, and careful", () => {
  const settings = parseSettings(Deno.readTextFileSync(join(EXAMPLES, "executor/executor.json")));
  assert.equal(settings.approveUnrequired, false);
  assert.deepEqual(
    [...settings.targets].map(([, target]) => dockerArguments(target, "restart").join(" ")),
    [
      "compose --project-name monitoring --file /srv/compose/monitoring/compose.yaml restart grafana",
      "--host ssh://deploy@vps compose --project-name edge restart traefik",
    ],
  );
});
