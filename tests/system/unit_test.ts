import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { PROJECT } from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";

const UNIT = join(PROJECT, "scripts/planner-agent.service");
const NEEDS = [program("systemd-analyze")];

async function analyze(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
    args: ["--no-pager", ...args],
    env: { SYSTEMD_LOG_COLOR: "0" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

systemTest("planner-agent.service: systemd finds no fault in it", NEEDS, async () => {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-unit-" });
  try {
    // The binary is not installed here; everything else is as shipped.
    const text = await Deno.readTextFile(UNIT);
    assert.match(text, /^ExecStart=\/usr\/local\/bin\/planner-agent run$/m);
    const path = join(folder, "planner-agent.service");
    await Deno.writeTextFile(path, text.replace(/^ExecStart=\S+/m, "ExecStart=/usr/bin/true"));
    const { code, err } = await analyze("verify", path);
    // The steps of the restart delay are systemd 254's; before, it skips them and says so.
    const faults = err.split("\n").filter((line) =>
      line !== "" && !/Unknown key '(RestartSteps|RestartMaxDelaySec)'/.test(line)
    );
    assert.deepEqual(faults, []);
    assert.equal(code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

systemTest(
  "planner-agent.service: exposure at most 1.2, with a site's addresses too",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "planner-agent-unit-" });
    try {
      const path = join(folder, "planner-agent.service");
      const text = await Deno.readTextFile(UNIT);
      await Deno.writeTextFile(
        path,
        text.replace("IPAddressAllow=", "IPAddressAllow=100.108.208.3 "),
      );
      for (const unit of [UNIT, path]) {
        const { code, out } = await analyze("security", "--offline=true", "--threshold=12", unit);
        assert.equal(code, 0, out);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("planner-agent.service: no shell, and the bounds that matter", async () => {
  const settings = new Map<string, string[]>();
  for (const line of (await Deno.readTextFile(UNIT)).split("\n")) {
    const at = line.indexOf("=");
    if (line.startsWith("#") || at < 0) continue;
    const name = line.slice(0, at);
    settings.set(name, [...settings.get(name) ?? [], line.slice(at + 1)]);
  }
  assert.deepEqual([...settings.keys()].filter((name) => name.startsWith("Exec")), [
    "ExecStart",
    "ExecPaths",
  ]);
  const expected = {
    Type: "notify",
    NotifyAccess: "main",
    ExecStart: "/usr/local/bin/planner-agent run",
    ReadWritePaths: "/opt/homelab/actions/pending /opt/homelab/events /opt/homelab/state",
    ProtectSystem: "strict",
    MemoryDenyWriteExecute: "yes",
    NoNewPrivileges: "yes",
    CapabilityBoundingSet: "",
    IPAddressDeny: "any",
    UMask: "0007",
    Restart: "always",
    RestartPreventExitStatus: "2",
    StartLimitIntervalSec: "0",
    UnsetEnvironment: "SSLKEYLOGFILE",
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(settings.get(name), [value], name);
  }
});
