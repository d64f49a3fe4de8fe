import assert from "node:assert/strict";
import { normalType } from "../../lib/event/type.ts";

const FORMS: Readonly<Record<string, readonly string[]>> = {
  container_died: [
    "container_died",
    "ContainerDied",
    "containerDied",
    "CONTAINER-DIED",
    "container.died",
    " container  died ",
    "Container: died!",
  ],
  crash_loop_back_off: ["CrashLoopBackOff", "crash-loop-back-off"],
  oom_killed: ["OOMKilled", "OOM_KILLED", "oom killed"],
  node_raid_disk_failure: ["NodeRAIDDiskFailure"],
  disk_usage93: ["DiskUsage93%", "disk-usage93"],
  dienst_gestört: ["Dienst gestört", "DIENST_GESTÖRT"],
  disk: ["\uff44\uff49\uff53\uff4b"],
  "": ["", "---", "!"],
};

for (const [form, types] of Object.entries(FORMS)) {
  Deno.test(`normalType: ${form || "nothing"}`, () => {
    assert.deepEqual(types.map(normalType), types.map(() => form));
  });
}
