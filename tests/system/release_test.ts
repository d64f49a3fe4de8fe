import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { GENERIC_SITE } from "../../lib/permissions/grants.ts";
import { sha256 } from "../../scripts/compile/release.ts";
import { makeDeb, makeTar } from "../../scripts/release/packages.ts";
import { PROJECT, requirements, run } from "./support/binary.ts";
import { program, root, systemTest } from "./support/requirement.ts";
import { until } from "./support/shell.ts";

const ARCH = Deno.build.arch;
const NEEDS = [root, ...requirements(ARCH), program("dpkg-deb"), program("useradd")];
const PACKING = [program("dpkg-deb"), program("tar"), program("gzip")];
const VERSION = (JSON.parse(Deno.readTextFileSync(join(PROJECT, "deno.json"))) as {
  version: string;
}).version;
const DEB = `planner-agent_${VERSION}_${ARCH === "x86_64" ? "amd64" : "arm64"}.deb`;
const TAR = `planner-agent-${VERSION}-${ARCH}.tar.gz`;
const OPT = "opt/homelab";

let built: Promise<string> | undefined;

/** The folder of a release of this machine's architecture, built once. */
function release(): Promise<string> {
  return built ??= (async () => {
    const out = await Deno.makeTempDir({ prefix: "planner-agent-release-test-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(out, { recursive: true }));
    const base = (await run(join(PROJECT, ".ci/base-binaries.sh"), [ARCH])).trim();
    await run(
      Deno.execPath(),
      ["run", "--quiet", "--frozen", "--allow-all", "scripts/release.ts"].concat(
        ["--target", ARCH, "--out", out],
      ),
      { DENORT_BIN: base },
    );
    return out;
  })();
}

/** An image with an empty dpkg, as far as the package needs one. */
async function image() {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-deb-" });
  const root = join(folder, "image");
  for (const path of ["etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log"]) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  for (const name of ["status", "available"]) {
    await Deno.writeTextFile(join(root, "var/lib/dpkg", name), "");
  }
  await Deno.writeTextFile(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
  await Deno.writeTextFile(join(root, "etc/group"), "root:x:0:\nhomelab:x:950:\n");
  await Deno.writeTextFile(join(root, "etc/shadow"), "");
  const exists = (path: string) => {
    try {
      Deno.lstatSync(join(root, path));
      return true;
    } catch {
      return false;
    }
  };
  return {
    root,
    at: (path: string) => join(root, path),
    exists,
    /** dpkg on the image; the package's scripts run outside of it and are told where it is. */
    dpkg: (...args: string[]) =>
      run("dpkg", [
        `--root=${root}`,
        "--force-script-chrootless,depends,confold,not-root",
        "--log=/dev/null",
        ...args,
      ]),
    /** dpkg's letters for what state it is in, such as `ii`. */
    state: async () => {
      const text = await Deno.readTextFile(join(root, "var/lib/dpkg/status"));
      return /^Status: (.*)$/m.exec(text)?.[1] ?? "unknown";
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

systemTest("release: checksums fit, and the record names the base binary", NEEDS, async () => {
  const out = await release();
  await run("sh", ["-c", 'cd "$1" && sha256sum --check --quiet SHA256SUMS', "sh", out]);
  const sums = await Deno.readTextFile(join(out, "SHA256SUMS"));
  assert.deepEqual(
    sums.trim().split("\n").map((line) => line.slice(66)),
    [
      `planner-agent-${VERSION}-${ARCH}.cdx.json`,
      TAR,
      `planner-agent-${VERSION}.json`,
      DEB,
    ],
  );
  const record = JSON.parse(await Deno.readTextFile(join(out, `planner-agent-${VERSION}.json`)));
  assert.deepEqual(record.site, GENERIC_SITE);
  assert.match(record.builds[0].base.sha256, /^[0-9a-f]{64}$/);
});

systemTest(
  "release: the bill of materials has what the binary imports, with hashes",
  NEEDS,
  async () => {
    const out = await release();
    const bom = JSON.parse(
      await Deno.readTextFile(join(out, `planner-agent-${VERSION}-${ARCH}.cdx.json`)),
    ) as {
      bomFormat: string;
      specVersion: string;
      serialNumber: string;
      components: { name: string; purl: string; hashes: { alg: string; content: string }[] }[];
    };
    assert.deepEqual([bom.bomFormat, bom.specVersion], ["CycloneDX", "1.5"]);
    assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-/);
    const names = bom.components.map(({ name }) => name);
    for (const name of ["deno", "ioredis", "ajv"]) assert.ok(names.includes(name), name);
    assert.ok(!names.includes("fast-check"));
    for (const { name, hashes } of bom.components) {
      assert.match(hashes[0]?.content ?? "", /^[0-9a-f]{64,128}$/, name);
    }
  },
);

systemTest(
  "release: the tar holds all that install.sh takes, with docs and examples",
  NEEDS,
  async () => {
    const out = await release();
    const names = (await run("tar", ["--list", "--file", join(out, TAR)])).split("\n");
    const folder = `planner-agent-${VERSION}-${ARCH}`;
    for (
      const file of [
        `planner-agent-${ARCH}`,
        `planner-agent-${ARCH}.json`,
        "install.sh",
        "planner-agent.service",
        "sbom.cdx.json",
        "docs/install.md",
        "examples/executor/executor.ts",
        "LICENSE",
      ]
    ) assert.ok(names.includes(`${folder}/${file}`), file);
  },
);

systemTest(
  "release: the same commit makes the same bytes, whenever and by whom",
  PACKING,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-packing-" });
    try {
      const sums: string[][] = [];
      for (const umask of [0o022, 0o077]) {
        const built = await Deno.makeTempDir({ dir: folder });
        for (
          const file of [`planner-agent-${ARCH}`, `planner-agent-${ARCH}.json`, "sbom.cdx.json"]
        ) {
          await Deno.writeTextFile(join(built, file), "text");
        }
        const before = Deno.umask(umask);
        try {
          const work = await Deno.makeTempDir({ dir: folder });
          const parts = {
            root: PROJECT,
            built,
            arch: ARCH,
            version: VERSION,
            epoch: 1_700_000_000,
            work,
            out: built,
          };
          const made = [await makeTar(parts), await makeDeb(parts)];
          sums.push(await Promise.all(made.map(async (path) => sha256(await Deno.readFile(path)))));
        } finally {
          Deno.umask(before);
        }
      }
      assert.deepEqual(sums[0], sums[1]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

systemTest(
  "release: everything in the packages has the commit's time and is root's",
  NEEDS,
  async () => {
    const out = await release();
    const listing = await run("tar", [
      "--list",
      "--verbose",
      "--full-time",
      "--file",
      join(out, TAR),
    ]);
    const contents = await run("dpkg-deb", ["--contents", join(out, DEB)]);
    const times = (text: string) => new Set(text.match(/\d{4}-\d\d-\d\d \d\d:\d\d/g));
    assert.equal(times(listing).size, 1);
    assert.equal(times(contents).size, 1);
    const owners = new Set(contents.trim().split("\n").map((line) => line.split(/\s+/)[1]));
    assert.deepEqual([...owners], ["root/root"]);
  },
);

systemTest(
  "deb: installs, upgrades, removes and purges as Debian's policy has it",
  NEEDS,
  async () => {
    const deb = join(await release(), DEB);
    await using it = await image();
    const settings = "etc/planner-agent/planner-agent.env";
    const site = "etc/systemd/system/planner-agent.service.d/10-site.conf";
    const mode = (path: string) => ((Deno.statSync(it.at(path)).mode ?? 0) & 0o7777).toString(8);
    await it.dpkg("--install", deb);
    assert.equal(await it.state(), "install ok installed");
    const unit = await Deno.readTextFile(it.at("usr/lib/systemd/system/planner-agent.service"));
    assert.match(unit, /^ExecStart=\/usr\/bin\/planner-agent run$/m);
    assert.doesNotMatch(unit, /\/usr\/local/);
    const drop = await Deno.readTextFile(it.at(site));
    assert.match(drop, /^Environment=REDIS_URL=redis:\/\/planner-redis:6379$/m);
    assert.equal(mode(settings), "640");
    const user = (await Deno.readTextFile(it.at("etc/passwd"))).split("\n")
      .find((line) => line.startsWith("planner-agent:"))?.split(":");
    assert.equal(user?.[3], "950");
    assert.deepEqual(
      ["actions/pending", "actions/approved", "state", "config"].map((path) =>
        mode(`${OPT}/${path}`)
      ),
      ["2770", "2750", "2750", "2750"],
    );
    assert.equal(String(Deno.statSync(it.at(`${OPT}/actions/pending`)).uid), user?.[2]);

    // An upgrade keeps what the operator wrote and what lies in the folders.
    await Deno.writeTextFile(it.at(settings), "NODE_NAME=piha\n");
    await Deno.writeTextFile(it.at(`${OPT}/actions/pending/plan-a-b-1.json`), "{}");
    await it.dpkg("--install", deb);
    assert.equal(await Deno.readTextFile(it.at(settings)), "NODE_NAME=piha\n");

    await it.dpkg("--remove", "planner-agent");
    assert.equal(await it.state(), "deinstall ok config-files");
    assert.deepEqual(
      ["usr/bin/planner-agent", site, settings, `${OPT}/actions/pending/plan-a-b-1.json`]
        .map(it.exists),
      [false, false, true, true],
    );
    await it.dpkg("--purge", "planner-agent");
    assert.equal((await Deno.readTextFile(it.at("var/lib/dpkg/status"))).trim(), "");
    assert.deepEqual(
      ["etc/planner-agent", `${OPT}/state`, `${OPT}/actions/pending/plan-a-b-1.json`].map(
        it.exists,
      ),
      [false, false, true],
    );
    assert.ok(!it.exists("usr/share/doc/planner-agent"));
  },
);

systemTest("deb: an earlier installation is told of, with all that takes it away", [], async () => {
  const root = await Deno.makeTempDir({ prefix: "planner-agent-earlier-" });
  try {
    for (const path of ["usr/lib/planner-agent", "etc/systemd/system"]) {
      await Deno.mkdir(join(root, path), { recursive: true });
    }
    await Deno.writeTextFile(join(root, "usr/lib/planner-agent/install.sh"), "");
    const unit = join(root, "etc/systemd/system/planner-agent.service");
    const told = async () => {
      const { code, stderr } = await new Deno.Command("sh", {
        args: [join(PROJECT, "scripts/release/debian/postinst"), "configure", "0.0.9"],
        env: { DPKG_ROOT: root },
      }).output();
      assert.equal(code, 0);
      return new TextDecoder().decode(stderr);
    };
    assert.equal(await told(), "");
    await Deno.writeTextFile(unit, "");
    assert.equal(
      await told(),
      "planner-agent: /etc/systemd/system/planner-agent.service goes before the package's unit; " +
        "take the earlier installation away with its install.sh --uninstall, then run " +
        "dpkg-reconfigure planner-agent and systemctl enable --now planner-agent\n",
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

systemTest("deb: the binary says that it is the generic build", NEEDS, async () => {
  const deb = join(await release(), DEB);
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-deb-" });
  try {
    await run("dpkg-deb", ["--extract", deb, folder]);
    const said = await run(join(folder, "usr/bin/planner-agent"), ["permissions"]);
    assert.match(said, /^a generic build: /m);
    assert.match(said, /^may +connect to +planner-redis:6379$/m);
    assert.match(said, /^may not +connect to +any host$/m);
    const json = JSON.parse(
      await run(join(folder, "usr/bin/planner-agent"), ["permissions", "--json"]),
    );
    assert.equal(json.generic, true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

systemTest("deb: installed, it finds Redis by its name and proposes", [
  ...NEEDS,
  program("unshare"),
  program("redis-server"),
  program("redis-cli"),
], async () => {
  const deb = join(await release(), DEB);
  await using it = await image();
  await it.dpkg("--install", deb);
  // An address of this machine's loopback that no other Redis has.
  const address = `127.66.${Deno.pid >> 8 & 255}.${Deno.pid & 255 | 1}`;
  await Deno.writeTextFile(it.at("etc/hosts"), `${address} planner-redis planner-ollama\n`);
  const redis = new Deno.Command("redis-server", {
    args: ["--bind", address, "--port", "6379", "--save", "", "--protected-mode", "no"],
    stdout: "null",
  }).spawn();
  const mounts =
    'mount --bind "$0/opt" /opt && mount --bind "$0/etc/hosts" /etc/hosts && exec "$@"';
  const agent = new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", mounts, it.root, it.at("usr/bin/planner-agent"), "run"],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", NODE_NAME: "piha", LLM_CHAIN: "rules" },
    stdout: "piped",
  }).spawn();
  let said = "";
  const reading = agent.stdout.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: (text) => void (said += text) }));
  try {
    await until(() => said.includes('"event":"planner_started"'));
    const event =
      '{"type":"service_unhealthy","node":"vps","service":"traefik","severity":"error"}';
    assert.equal(
      await run("redis-cli", ["-h", address, "publish", "health_events", event]),
      "1\n",
    );
    const pending = it.at(`${OPT}/actions/pending`);
    await until(() => [...Deno.readDirSync(pending)].some(({ name }) => /^plan-vps-/.test(name)));
  } finally {
    agent.kill("SIGTERM");
    await Promise.all([agent.status, reading]);
    redis.kill("SIGTERM");
    await redis.status;
  }
});
