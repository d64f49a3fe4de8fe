import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { PROJECT } from "./support/binary.ts";
import { access, EXECUTOR, idOf, image, NEEDS, SCRIPT, writeBuild } from "./support/image.ts";
import { program, systemTest } from "./support/requirement.ts";

/** Everything in the image, with times, so that any change shows. */
function snapshot(folder: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    const path = join(folder, entry.name);
    const { mode, uid, gid, mtime, ctime } = Deno.lstatSync(path);
    const line = `${path} ${mode} ${uid}:${gid} ${mtime?.getTime()} ${ctime?.getTime()}`;
    return entry.isDirectory ? [line, ...snapshot(path)] : [line];
  });
}

const DECIDED = ["approved", "running", "completed", "failed", "rejected", "cancelled"]
  .map((name) => `opt/homelab/actions/${name}`);

systemTest("install.sh: users, folders and files with their owners and modes", NEEDS, async () => {
  await using node = await image();
  const { code, err } = await node.install("--executor", "executor");
  assert.equal(code, 0, err);
  const agent = idOf(node, "passwd", "planner-agent");
  const group = idOf(node, "group", "homelab");
  assert.deepEqual(
    access(node, [
      "opt/homelab",
      "opt/homelab/actions",
      "opt/homelab/actions/pending",
      ...DECIDED,
      "opt/homelab/events",
      "opt/homelab/state",
      "opt/homelab/config",
      "usr/local/bin/planner-agent",
      "etc/systemd/system/planner-agent.service",
      "etc/systemd/system/planner-agent.service.d/10-site.conf",
      "etc/planner-agent/planner-agent.env",
    ]),
    [
      `755 0:${group} opt/homelab`,
      `750 0:${group} opt/homelab/actions`,
      `2770 ${agent}:${group} opt/homelab/actions/pending`,
      ...DECIDED.map((path) => `2750 ${EXECUTOR}:${group} ${path}`),
      `2770 ${agent}:${group} opt/homelab/events`,
      `2750 ${agent}:${group} opt/homelab/state`,
      `2750 0:${group} opt/homelab/config`,
      "755 0:0 usr/local/bin/planner-agent",
      "644 0:0 etc/systemd/system/planner-agent.service",
      "644 0:0 etc/systemd/system/planner-agent.service.d/10-site.conf",
      "640 0:0 etc/planner-agent/planner-agent.env",
    ],
  );
  assert.match(await Deno.readTextFile(node.at("etc/group")), /^homelab:x:\d+:executor$/m);
  assert.match(await Deno.readTextFile(node.at("etc/passwd")), /^planner-agent:.*nologin$/m);
  assert.deepEqual(
    (await Deno.readTextFile(node.at("etc/systemd/system/planner-agent.service.d/10-site.conf")))
      .split("\n").slice(1),
    [
      "[Service]",
      "IPAddressAllow=100.108.208.3",
      "Environment=REDIS_URL=redis://100.108.208.3:6379",
      "Environment=OLLAMA_HOST=http://100.108.208.3:11434",
      "",
    ],
  );
});

systemTest("install.sh: a second run changes nothing", NEEDS, async () => {
  await using node = await image();
  await node.install("--executor", "executor");
  const before = snapshot(node.root);
  for (const again of [["--executor", "executor"], []]) {
    const { code, out } = await node.install(...again);
    assert.equal(code, 0);
    assert.match(out, /^Nothing to do/m);
    assert.deepEqual(snapshot(node.root), before);
  }
});

systemTest("install.sh: a dry run says everything and does nothing", NEEDS, async () => {
  await using node = await image();
  const before = snapshot(node.root);
  const { code, out } = await node.install("--dry-run");
  assert.equal(code, 0);
  assert.match(out, /^useradd .* planner-agent$/m);
  assert.match(out, /actions\/approved/);
  assert.match(out, /nothing was changed/);
  assert.deepEqual(snapshot(node.root), before);
});

systemTest("install.sh: mends what has drifted", NEEDS, async () => {
  await using node = await image();
  await node.install();
  const paths = [
    "opt/homelab/actions/pending",
    "opt/homelab/state",
    "etc/planner-agent/planner-agent.env",
  ];
  const good = access(node, paths);
  for (const path of paths) {
    await Deno.chown(node.at(path), 77, 77);
    await Deno.chmod(node.at(path), 0o777);
  }
  assert.equal((await node.install()).code, 0);
  assert.deepEqual(access(node, paths), good);
});

systemTest("install.sh: gives the agent what a command run as root left", NEEDS, async () => {
  await using node = await image();
  await node.install();
  const agent = idOf(node, "passwd", "planner-agent");
  const group = idOf(node, "group", "homelab");
  const owned = ["state/history", "state/history/history-1.ndjson", "state/planner-agent.lock"];
  const days = ["events/2026-01-02", "events/2026-01-02/piha"];
  for (const path of ["state/history", ...days]) await Deno.mkdir(node.at(`opt/homelab/${path}`));
  const others = ["events/2026-01-02/piha/evt-1.json", "actions/pending/plan-1.json"];
  for (const path of [...owned.slice(1), ...others]) {
    await Deno.writeTextFile(node.at(`opt/homelab/${path}`), "");
  }
  const outside = node.at("etc/outside");
  await Deno.writeTextFile(outside, "");
  await Deno.symlink(outside, node.at("opt/homelab/state/link"));
  // Without fs.protected_hardlinks the agent's user can make one of any file.
  await Deno.link(outside, node.at("opt/homelab/state/hardlink"));
  assert.match((await node.install("--dry-run")).out, /^find .*state .* chown -h/m);
  assert.equal((await node.install()).code, 0);
  const owners = (paths: string[]) =>
    paths.map((path) => {
      const { uid, gid } = Deno.lstatSync(node.at(path));
      return `${uid}:${gid}`;
    });
  const ours = [...owned, ...days].map((path) => `opt/homelab/${path}`);
  assert.deepEqual(new Set(owners(ours)), new Set([`${agent}:${group}`]));
  // A link is not followed, and files that the group may have put there stay whose they are.
  const uids = owners(["etc/outside", ...others.map((path) => `opt/homelab/${path}`)]);
  assert.deepEqual(uids.map((owner) => owner.split(":")[0]), ["0", "0", "0"]);
  const { out } = await node.install();
  assert.match(out, /^Nothing to do/m);
});

systemTest(
  "install.sh: refuses a folder for approvals that the agent could write",
  NEEDS,
  async () => {
    await using node = await image();
    await node.install();
    const group = idOf(node, "group", "homelab");
    const agent = idOf(node, "passwd", "planner-agent");
    const approved = "opt/homelab/actions/approved";
    for (
      const [uid, gid, mode] of [[0, group, 0o2770], [agent, 0, 0o755], [0, 0, 0o777]] as const
    ) {
      await Deno.chown(node.at(approved), uid, gid);
      await Deno.chmod(node.at(approved), mode);
      const { code, err } = await node.install();
      assert.equal(code, 1);
      assert.match(err, /approved could be written by planner-agent .*--executor USER/);
    }
    // An owner that is none of ours is left alone; one that is named gets the folder.
    await Deno.chown(node.at(approved), 4242, 4242);
    await Deno.chmod(node.at(approved), 0o2770);
    const kept = await node.install();
    assert.equal(kept.code, 0);
    assert.match(
      kept.err,
      /^install\.sh: .*approved belongs to user 4242, who is not in the group/,
    );
    assert.deepEqual(access(node, [approved]), [`2770 4242:4242 ${approved}`]);
    await Deno.chown(node.at(approved), EXECUTOR, EXECUTOR);
    assert.match((await node.install()).err, /approved belongs to user 1500/);
    const groups = await Deno.readTextFile(node.at("etc/group"));
    await Deno.writeTextFile(
      node.at("etc/group"),
      groups.replace(/^(homelab:.*)$/m, "$1executor"),
    );
    assert.equal((await node.install()).err, "");
    assert.equal((await node.install("--executor", "executor")).code, 0);
    assert.deepEqual(access(node, [approved]), [`2750 ${EXECUTOR}:${group} ${approved}`]);
  },
);

systemTest("install.sh: an upgrade keeps settings and the binary before", NEEDS, async () => {
  await using node = await image();
  await node.install();
  await Deno.writeTextFile(node.at("etc/planner-agent/planner-agent.env"), "NODE_NAME=piha\n");
  await writeBuild(node.binary, "second", { grants: { net: ["10.0.0.1:6379", "localhost:1"] } });
  const { code, out } = await node.install();
  assert.equal(code, 0);
  assert.match(out, /Back again: mv .*planner-agent\.previous/);
  const bin = node.at("usr/local/bin/planner-agent");
  assert.equal(await Deno.readTextFile(bin), "second");
  assert.equal(await Deno.readTextFile(`${bin}.previous`), "first");
  assert.equal(
    await Deno.readTextFile(node.at("etc/planner-agent/planner-agent.env")),
    "NODE_NAME=piha\n",
  );
  const site = node.at("etc/systemd/system/planner-agent.service.d/10-site.conf");
  assert.match(await Deno.readTextFile(site), /\[Service\]\nIPAddressAllow=10\.0\.0\.1\nEnv/);
});

systemTest("install.sh: uninstalling keeps the data", NEEDS, async () => {
  await using node = await image();
  await node.install();
  await Deno.writeTextFile(node.at("opt/homelab/actions/pending/x.json"), "{}");
  assert.equal((await node.install("--uninstall")).code, 0);
  const gone = ["usr/local/bin/planner-agent", "etc/systemd/system/planner-agent.service"];
  for (const path of [...gone, "etc/systemd/system/planner-agent.service.d"]) {
    assert.throws(() => Deno.lstatSync(node.at(path)), Deno.errors.NotFound);
  }
  assert.equal(await Deno.readTextFile(node.at("opt/homelab/actions/pending/x.json")), "{}");
  assert.equal(Deno.lstatSync(node.at("etc/planner-agent/planner-agent.env")).isFile, true);
  assert.equal((await node.install("--uninstall")).code, 0);
  assert.equal((await node.install()).code, 0);
});

systemTest("install.sh: another folder, group and addresses", NEEDS, async () => {
  await using node = await image({
    redis_url: "rediss://[fd7a::1]:6379",
    ollama_hosts: ["http://[::1]:11434"],
    runtime_path: "/srv/lab/homelab",
    grants: { net: ["[fd7a::1]:6379", "[::1]:11434", "127.0.0.1:1", "10.0.0.2:1", "10.0.0.2:2"] },
  });
  const { code, err } = await node.install("--group", "lab");
  assert.equal(code, 0, err);
  const lines = (await Deno.readTextFile(
    node.at("etc/systemd/system/planner-agent.service.d/10-site.conf"),
  )).split("\n");
  assert.deepEqual(lines.slice(1, 11), [
    "[Service]",
    "IPAddressAllow=10.0.0.2",
    "IPAddressAllow=fd7a::1",
    "Environment=REDIS_URL=rediss://[fd7a::1]:6379",
    "Environment=OLLAMA_HOST=http://[::1]:11434",
    "Environment=RUNTIME_PATH=/srv/lab/homelab",
    "ReadWritePaths=",
    "ReadWritePaths=/srv/lab/homelab/actions/pending /srv/lab/homelab/events /srv/lab/homelab/state",
    "ReadOnlyPaths=",
    "ReadOnlyPaths=/srv/lab/homelab",
  ]);
  assert(lines.includes("InaccessiblePaths=-/mnt"));
  assert.equal(lines.includes("InaccessiblePaths=-/srv"), false);
  const unit = await Deno.readTextFile(node.at("etc/systemd/system/planner-agent.service"));
  assert.match(unit, /^Group=lab$/m);
  assert.deepEqual(access(node, ["srv/lab/homelab/state"]), [
    `2750 ${idOf(node, "passwd", "planner-agent")}:${
      idOf(node, "group", "lab")
    } srv/lab/homelab/state`,
  ]);
});

systemTest(
  "install.sh: a build with traces may reach its collector, and is told of it",
  NEEDS,
  async () => {
    const site = async (otel_endpoint: string) => {
      await using node = await image({ otel_endpoint });
      const { code, err } = await node.install();
      assert.equal(code, 0, err);
      const path = node.at("etc/systemd/system/planner-agent.service.d/10-site.conf");
      return (await Deno.readTextFile(path)).trimEnd().split("\n").slice(2);
    };
    const usual = [
      "Environment=REDIS_URL=redis://100.108.208.3:6379",
      "Environment=OLLAMA_HOST=http://100.108.208.3:11434",
    ];
    assert.deepEqual(await site("http://10.0.0.9:4318"), [
      "IPAddressAllow=10.0.0.9",
      "IPAddressAllow=100.108.208.3",
      ...usual,
      "Environment=OTEL_EXPORTER_OTLP_ENDPOINT=http://10.0.0.9:4318",
      "Environment=OTEL_SERVICE_NAME=planner-agent",
      "Environment=OTEL_BSP_EXPORT_TIMEOUT=3000",
    ]);
    for (const url of ["https://[fd7a::2]/otlp", "https://[fd7a::2]:4318"]) {
      assert.deepEqual(await site(url), [
        "IPAddressAllow=100.108.208.3",
        "IPAddressAllow=fd7a::2",
        ...usual,
        `Environment=OTEL_EXPORTER_OTLP_ENDPOINT=${url}`,
        "Environment=OTEL_SERVICE_NAME=planner-agent",
        "Environment=OTEL_BSP_EXPORT_TIMEOUT=3000",
      ]);
    }
    assert.equal((await site("http://127.0.0.1"))[0], "IPAddressAllow=100.108.208.3");
  },
);

systemTest(
  "install.sh: refuses what it cannot trust, before it changes anything",
  NEEDS,
  async () => {
    const refuses = async (change: Record<string, unknown>, args: string[], message: RegExp) => {
      await using node = await image(change);
      const before = snapshot(node.root);
      const { code, err } = await node.install(...args);
      assert.notEqual(code, 0);
      assert.match(err, message);
      assert.deepEqual(snapshot(node.root), before);
    };
    await refuses({ sha256: "00" }, [], /does not have the checksum/);
    await refuses({ runtime_path: "/home/me/lab" }, [], /the unit hides that part/);
    await refuses({ runtime_path: "/a b" }, [], /needs a unit of its own/);
    await refuses({ runtime_path: undefined }, [], /no runtime_path/);
    await refuses({ redis_url: "redis://h/%n" }, [], /cannot take this redis_url/);
    await refuses({ ollama_hosts: [] }, [], /cannot take this redis_url or ollama_hosts: ''/);
    await refuses({ grants: { net: [] } }, [], /no hosts/);
    await refuses({ otel_endpoint: "ftp://h" }, [], /cannot take this otel_endpoint: 'ftp:/);
    await refuses({ otel_endpoint: "http://h/%n" }, [], /cannot take this otel_endpoint/);
    await refuses({}, ["--group", "a b"], /not a user or group name/);
    await refuses({}, ["--executor", "planner-agent"], /must not own/);
    await refuses({}, ["--wrong"], /unknown option --wrong/);
    await refuses({}, ["--executor"], /--executor needs a value/);
    await refuses({}, ["--binary", "/nowhere"], /no such file/);
  },
);

systemTest("install.sh: a folder replaced by a symbolic link is not followed", NEEDS, async () => {
  await using node = await image();
  await node.install();
  await Deno.remove(node.at("opt/homelab/state"));
  await Deno.symlink("/etc", node.at("opt/homelab/state"));
  const { code, err } = await node.install();
  assert.equal(code, 1);
  assert.match(err, /state is a symbolic link/);
});

systemTest("install.sh: a folder where the binary belongs is no success", NEEDS, async () => {
  await using node = await image();
  await Deno.mkdir(node.at("usr/local/bin/planner-agent"), { recursive: true });
  const { code, err } = await node.install();
  assert.equal(code, 1);
  assert.match(err, /planner-agent is no file of its own/);
  assert.deepEqual([...Deno.readDirSync(node.at("usr/local/bin/planner-agent"))], []);
});

systemTest(
  "install.sh: a folder in the place of a file that it keeps is no success",
  NEEDS,
  async () => {
    await using node = await image();
    await Deno.mkdir(node.at("etc/planner-agent/planner-agent.env"), { recursive: true });
    const settings = await node.install();
    assert.equal(settings.code, 1);
    assert.match(settings.err, /planner-agent\.env is no file: move it out of the way/);
    await Deno.remove(node.at("etc/planner-agent/planner-agent.env"));
    await Deno.mkdir(node.at("usr/local/bin/planner-agent.previous"));
    await writeBuild(node.binary, "second");
    const { code, err } = await node.install();
    assert.equal(code, 1);
    assert.match(err, /planner-agent\.previous/);
    assert.equal(await Deno.readTextFile(node.at("usr/local/bin/planner-agent")), "first");
  },
);

systemTest(
  "install.sh: an executor under another name of the agent's user is refused",
  NEEDS,
  async () => {
    await using node = await image();
    const passwd = node.at("etc/passwd");
    await Deno.writeTextFile(
      passwd,
      `${await Deno.readTextFile(
        passwd,
      )}planner-agent:x:1000:1000::/:/bin/sh\npi:x:1000:1000::/:/bin/sh\n`,
    );
    const { code, err } = await node.install("--executor", "pi");
    assert.equal(code, 1);
    assert.match(err, /--executor pi and planner-agent are the same user \(id 1000\)/);
  },
);

systemTest("install.sh: shellcheck has nothing to say", [program("shellcheck")], async () => {
  const scripts = [
    ".ci/base-binaries.sh",
    ".ci/run",
    "scripts/boot/guest.sh",
    "scripts/boot_test.sh",
    "scripts/deno",
    "scripts/install.sh",
    "scripts/release/debian/postinst",
    "scripts/release/debian/prerm",
    "scripts/release/debian/postrm",
    "examples/systemd/planner-publish",
  ];
  for (const script of scripts) {
    const { code, stdout } = await new Deno.Command("shellcheck", { args: [join(PROJECT, script)] })
      .output();
    assert.equal(code, 0, new TextDecoder().decode(stdout));
  }
});

systemTest(
  "install.sh: a folder that is no system image is refused before anything",
  [],
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-no-image-" });
    try {
      for (const more of [[], ["--dry-run"]]) {
        const { code, stdout, stderr } = await new Deno.Command("sh", {
          args: [SCRIPT, "--root", folder, ...more],
        }).output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        assert.deepEqual([code, text(stdout)], [1, ""]);
        assert.match(
          text(stderr),
          /it has no etc\/passwd, so no user can be made there; is it a system/,
        );
      }
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
