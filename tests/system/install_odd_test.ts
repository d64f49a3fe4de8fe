/** install.sh where users, links and paths are not as on a fresh machine. @module */
import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path/posix";
import { access, EXECUTOR, idOf, image, NEEDS, SCRIPT, writeBuild } from "./support/image.ts";
import { systemTest } from "./support/requirement.ts";

/** Runs install.sh in a folder, with a PATH of its own. */
async function installFrom(cwd: string, args: readonly string[], path = "") {
  const { code, stderr } = await new Deno.Command("sh", {
    args: [SCRIPT, ...args],
    cwd,
    env: { PATH: path + (Deno.env.get("PATH") ?? "") },
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

systemTest("install.sh: relative paths, blanks and leading dashes", NEEDS, async () => {
  await using node = await image();
  const folder = dirname(node.root);
  await writeBuild(join(folder, "-of mine"), "mine");
  const args = ["--root", `${basename(node.root)}//`, "--binary", "-of mine"];
  assert.deepEqual(await installFrom(folder, args), { code: 0, err: "" });
  assert.equal(await Deno.readTextFile(node.at("usr/local/bin/planner-agent")), "mine");
});

systemTest("install.sh: no link leads it out of an image", NEEDS, async () => {
  for (const path of ["opt", "usr/local", "etc/systemd", "etc/planner-agent", "etc/group"]) {
    await using node = await image();
    const elsewhere = join(dirname(node.root), "elsewhere");
    if (path === "etc/group") await Deno.rename(node.at(path), elsewhere);
    else await Deno.mkdir(elsewhere);
    await Deno.mkdir(dirname(node.at(path)), { recursive: true });
    await Deno.symlink(elsewhere, node.at(path));
    const before = Deno.statSync(elsewhere).mtime;
    const { code, err, out } = await node.install();
    assert.deepEqual([code, out], [1, ""], path);
    assert.match(
      err,
      /^install\.sh: \S+ leads to \S+\/elsewhere\S*, out of --root, by a link: make /,
    );
    assert.deepEqual(Deno.statSync(elsewhere).mtime, before);
  }
  await using node = await image();
  await Deno.mkdir(node.at("var/opt"), { recursive: true });
  await Deno.symlink("var/opt", node.at("opt"));
  assert.equal((await node.install()).code, 0);
  assert.ok(Deno.statSync(node.at("var/opt/homelab/state")).isDirectory);
});

systemTest("install.sh: no group lets the agent into what was approved", NEEDS, async () => {
  await using node = await image();
  assert.match(
    (await node.install("--group", "root")).err,
    /^install\.sh: --group root has the id 0: the agent must not be in root's group$/m,
  );
  await node.install("--executor", "executor");
  const approved = "opt/homelab/actions/approved";
  await Deno.writeTextFile(node.at("etc/group"), "ops:x:4000:planner-agent-2\n", { append: true });
  await Deno.chown(node.at(approved), EXECUTOR, 4000);
  await Deno.chmod(node.at(approved), 0o2770);
  assert.deepEqual([(await node.install()).code, (await node.install()).err], [0, ""]);
  const groups = await Deno.readTextFile(node.at("etc/group"));
  await Deno.writeTextFile(node.at("etc/group"), groups.replace("agent-2", "agent,x"));
  const { code, err } = await node.install();
  assert.equal(code, 1);
  assert.match(
    err,
    /approved could be written by planner-agent \(owner 1500, group 4000, mode 2770/,
  );
});

systemTest("install.sh: executors by the names that machines have", NEEDS, async () => {
  await using node = await image();
  const passwd = await Deno.readTextFile(node.at("etc/passwd"));
  await Deno.writeTextFile(node.at("etc/passwd"), `${passwd}Max.M:x:1600:1600::/:/bin/sh\n`);
  await Deno.writeTextFile(node.at("etc/group"), "maxxm:x:1700:MaxxM\n", { append: true });
  assert.equal((await node.install("--executor", "Max.M")).code, 0);
  const group = idOf(node, "group", "homelab");
  const approved = "opt/homelab/actions/approved";
  assert.deepEqual(access(node, [approved]), [`2750 1600:${group} ${approved}`]);
  assert.match(await Deno.readTextFile(node.at("etc/group")), /^homelab:x:\d+:Max\.M$/m);
  assert.match((await node.install("--executor", "Max.M")).out, /^Nothing to do/);
  for (const option of ["--executor", "--group"]) {
    const { code, err } = await node.install(option, "1500");
    assert.equal(code, 2);
    assert.match(err, /^install\.sh: not a user or group name: 1500\n/);
  }
});

systemTest("install.sh: a user who cannot be put into the group here", NEEDS, async () => {
  await using node = await image();
  const bin = join(dirname(node.root), "bin");
  await Deno.mkdir(bin);
  await Deno.writeTextFile(join(bin, "usermod"), "#!/bin/sh\nexit 6\n", { mode: 0o755 });
  const args = ["--root", node.root, "--binary", node.binary, "--executor", "executor"];
  assert.deepEqual(await installFrom("/", args, `${bin}:`), {
    code: 1,
    err: "install.sh: executor is not in the group homelab yet: make it a member where this " +
      "machine's users come from, and run this again\n",
  });
  const groups = await Deno.readTextFile(node.at("etc/group"));
  await Deno.writeTextFile(node.at("etc/group"), groups.replace(/^(homelab:.*)$/m, "$1executor"));
  assert.deepEqual(await installFrom("/", args, `${bin}:`), { code: 0, err: "" });
});

systemTest("install.sh: nobody but root may say how the agent runs", NEEDS, async () => {
  await using node = await image();
  await node.install();
  const folders = ["etc/planner-agent", "etc/systemd/system/planner-agent.service.d"];
  for (const path of folders) {
    await Deno.chown(node.at(path), EXECUTOR, EXECUTOR);
    await Deno.chmod(node.at(path), 0o770);
  }
  assert.equal((await node.install()).code, 0);
  assert.deepEqual(access(node, folders), folders.map((path) => `750 0:0 ${path}`));
  assert.match((await node.install()).out, /^Nothing to do/);
});

systemTest("install.sh: what an interrupted run left is no binary", NEEDS, async () => {
  await using node = await image();
  await Deno.mkdir(node.at("usr/local/bin/planner-agent.new"), { recursive: true });
  const { code, err } = await node.install();
  assert.equal(code, 1);
  assert.match(err, /planner-agent\.new/);
  assert.deepEqual([...Deno.readDirSync(node.at("usr/local/bin/planner-agent.new"))], []);
});

systemTest(
  "install.sh: settings that are a link keep it, uninstalling takes links",
  NEEDS,
  async () => {
    await using node = await image();
    await node.install();
    const settings = node.at("etc/planner-agent/planner-agent.env");
    await Deno.rename(settings, node.at("etc/planner-agent/mine.env"));
    await Deno.symlink("mine.env", settings);
    assert.match((await node.install()).out, /^Nothing to do/);
    const binary = node.at("usr/local/bin/planner-agent.previous");
    await Deno.symlink("gone", binary);
    await node.install("--uninstall");
    assert.throws(() => Deno.lstatSync(binary), Deno.errors.NotFound);
  },
);
