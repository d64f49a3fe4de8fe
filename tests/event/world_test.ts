import assert from "node:assert/strict";
import { join } from "node:path/posix";
import fc from "fast-check";
import { openWorld } from "../../lib/event/world.ts";
import { WORLD_FILES, worldEntries } from "../../lib/event/world_files.ts";
import { realFiles } from "../../lib/base/disk/files.ts";
import { fakeClock } from "../support/clock.ts";
import { recordingLog } from "../support/log.ts";
import { memoryFiles } from "../support/memory_files.ts";
import { plantLink } from "../support/plant_link.ts";
import { sandbox } from "../support/sandbox.ts";
import { systemError } from "../support/system_error.ts";

const AT = "2026-01-02T03:04:05Z";
const AT_MS = Date.parse(AT);
const MOSQUITTO = { node: "piha", service: "mosquitto" };

const DOCUMENTED = {
  incidents: [{
    id: "inc-1",
    ...MOSQUITTO,
    status: "active",
    severity: "error",
    trigger_type: "service_unhealthy",
    occurrence_count: 3,
    first_seen: AT,
  }],
  services: { "piha/grafana": { health: "unhealthy", active_incident: "inc-2", since: AT } },
  nodes: { "chelsty-ha": { availability: "offline", role: "ha", last_seen: AT }, piha: {} },
  deployments: { "dep-1": { ...MOSQUITTO, status: "completed", completed_at: AT } },
};

function observed() {
  const files = memoryFiles();
  const clock = fakeClock();
  const log = recordingLog();
  const world = openWorld({ root: "/r", files, clock, log });
  return {
    files,
    clock,
    log,
    world,
    async write(name: string, content: unknown, ageMs = 10_000) {
      const path = `/r/world/${name}.json`;
      files.put(path, typeof content === "string" ? content : JSON.stringify(content));
      await files.touch(path, clock.now() - ageMs);
      await world.look();
    },
    skipped: () => log.of("world_file_skipped").map(({ file, reason }) => [file, reason]),
  };
}

Deno.test("world: what the documented files say about targets and nodes", async () => {
  const { write, world, skipped } = observed();
  for (const [name, content] of Object.entries(DOCUMENTED)) await write(name, content);
  assert.deepEqual(world.about(MOSQUITTO), {
    occurrences: 3,
    badSinceMs: AT_MS,
    deployedMs: AT_MS,
    nodeAway: false,
  });
  assert.deepEqual(world.about({ node: "piha", service: "grafana" }), {
    badSinceMs: AT_MS,
    nodeAway: false,
  });
  assert.equal(world.about({ node: "chelsty-ha", service: "x" }).nodeAway, true);
  assert.deepEqual(world.about({ node: "vps", service: "x" }), { nodeAway: false });
  assert.deepEqual(skipped().map(([, reason]) => reason), [
    "it is missing",
    "it is missing",
    "it is missing",
  ]);
});

Deno.test("world: without the folder nothing is known, and nothing said", async () => {
  const { world, log } = observed();
  await world.look();
  assert.deepEqual([world.about(MOSQUITTO), log.lines], [{ nodeAway: false }, []]);
});

Deno.test("world: half a file, an old one and one of another shape say nothing, and are told once", async () => {
  const { write, world, skipped, clock } = observed();
  for (const name of WORLD_FILES) await write(name, []);
  const whole = JSON.stringify(DOCUMENTED.incidents);
  const before = skipped().length;
  await write("incidents", whole);
  await write("incidents", whole.slice(0, 50));
  await world.look();
  await write("incidents", whole.slice(0, 60), 9_000);
  assert.deepEqual(world.about(MOSQUITTO), { nodeAway: false });
  await write("incidents", "7", 8_000);
  await write("incidents", { a: 1 }, 7_000);
  await write("incidents", whole, 6_000);
  assert.equal(world.about(MOSQUITTO).occurrences, 3);
  await clock.advance(3_600_000);
  await world.look();
  assert.deepEqual(world.about(MOSQUITTO), { nodeAway: false });
  assert.deepEqual(
    skipped().slice(before).filter(([file]) => file === "world/incidents.json")
      .map(([, reason]) => String(reason).slice(0, 24)),
    ["it is no JSON, perhaps h", "it is not as documented", "it was written more than"],
  );
});

Deno.test("world: a file that changes within the same tick of its disk's clock is read again", async () => {
  const { write, world } = observed();
  const incident = (occurrence_count: number) => [{ ...MOSQUITTO, occurrence_count }];
  await write("incidents", incident(2), 100);
  await write("incidents", incident(5), 100);
  assert.equal(world.about(MOSQUITTO).occurrences, 5);
});

Deno.test("world: names in any letter case; of two entries the worse counts, and 0 times is no count", async () => {
  const { write, world } = observed();
  const later = "2026-01-02T03:04:06Z";
  await write("incidents", [
    { node: "PiHA", service: "Mosquitto", occurrence_count: 4, first_seen: later },
    { ...MOSQUITTO, occurrence_count: 2, first_seen: AT },
    { node: "piha", service: "grafana", occurrence_count: 0 },
  ]);
  assert.deepEqual(world.about(MOSQUITTO), {
    occurrences: 4,
    badSinceMs: AT_MS,
    nodeAway: false,
  });
  assert.deepEqual(world.about({ node: "piha", service: "grafana" }), { nodeAway: false });
});

Deno.test("world: a resolved incident and a healthy service are no trouble", () => {
  const resolved = [{ ...MOSQUITTO, status: "resolved", occurrence_count: 3 }];
  assert.equal(worldEntries("incidents", resolved)?.size, 0);
  const services = { "piha/x": { health: "healthy", since: AT } };
  assert.equal(worldEntries("services", services)?.size, 0);
});

Deno.test("world: where the folder may not be looked at, each file says so", async () => {
  const { files, world, skipped } = observed();
  files.fate = ({ path }) => path.startsWith("/r/world") ? systemError("EACCES", path) : "works";
  await world.look();
  await world.look();
  assert.deepEqual(
    skipped(),
    WORLD_FILES.map((name) => [
      `world/${name}.json`,
      `it cannot be read: Permission denied (os error 13): '/r/world/${name}.json'`,
    ]),
  );
});

Deno.test("world: no link is followed, neither of a file nor of the folder", async () => {
  using folder = sandbox();
  const root = join(folder.path, "homelab");
  const outside = join(folder.path, "outside");
  Deno.mkdirSync(root);
  Deno.mkdirSync(outside);
  const path = join(outside, "incidents.json");
  Deno.writeTextFileSync(path, JSON.stringify(DOCUMENTED.incidents));
  const clock = { now: () => Date.now() };
  const about = async () => {
    const world = openWorld({ root, files: realFiles, clock, log: recordingLog() });
    await world.look();
    return world.about(MOSQUITTO);
  };
  plantLink(outside, join(root, "world"));
  assert.deepEqual(await about(), { nodeAway: false });
  Deno.removeSync(join(root, "world"));
  Deno.mkdirSync(join(root, "world"));
  plantLink(path, join(root, "world/incidents.json"));
  assert.deepEqual(await about(), { nodeAway: false });
  Deno.removeSync(join(root, "world/incidents.json"));
  Deno.copyFileSync(path, join(root, "world/incidents.json"));
  assert.equal((await about()).occurrences, 3);
});

Deno.test("worldEntries: any JSON is read without an error, and bounded", () => {
  fc.assert(fc.property(fc.constantFrom(...WORLD_FILES), fc.jsonValue(), (file, content) => {
    worldEntries(file, content);
  }));
  const many = Array.from({ length: 6_000 }, (_, i) => ({ node: `n${i}`, service: "x" }));
  const entries = worldEntries("incidents", many);
  assert.equal(entries?.size, 5_000);
});
