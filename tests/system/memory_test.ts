import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { respClient } from "../support/resp.ts";
import { type Binary, binary, environment, freshRuntime, requirements } from "./support/binary.ts";
import { program, systemTest } from "./support/requirement.ts";
import { startLogging, startOllama, startRedis } from "./support/surroundings.ts";

const MIB = 1_048_576;
/** What the unit allows (MemoryMax), and what the agent keeps below. */
const LIMIT = 256 * MIB;
const MOST = 192 * MIB;
const CGROUP = "/sys/fs/cgroup/memory/planner-agent-test";

/** The command under the unit's limit: systemd's, a cgroup's, or none where the machine has neither. */
async function limited([...command]: Binary["command"]): Promise<Binary["command"]> {
  const scope = ["--quiet", "--scope", "-p", `MemoryMax=${LIMIT}`, "-p", "MemorySwapMax=0", "--"];
  const isLive = await Deno.stat("/run/systemd/system").then(() => true, () => false);
  if (isLive) return ["systemd-run", ...scope, ...command];
  try {
    await Deno.mkdir(CGROUP, { recursive: true });
    await Deno.writeTextFile(join(CGROUP, "memory.limit_in_bytes"), String(LIMIT));
  } catch {
    return [command[0] ?? "", ...command.slice(1)];
  }
  return ["sh", "-c", `echo $$ >${CGROUP}/cgroup.procs; exec "$@"`, "sh", ...command];
}

/** The most memory that the process ever had resident, in bytes. */
async function peak(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

systemTest(
  "x86_64: whatever lies in a stream, memory stays below the unit's limit",
  [...requirements("x86_64"), program("redis-server")],
  async () => {
    const agent = await binary("x86_64");
    await freshRuntime(agent);
    await using _redis = await startRedis(agent.redisPort);
    await using _ollama = startOllama(agent.ollamaPort);
    const client = await respClient(agent.redisPort);
    const add = (size: number, times = 1) =>
      Promise.all(Array.from({ length: times }, () => "y".repeat(size))).then(async (bodies) => {
        for (const data of bodies) await client.command("XADD", "health_events", "*", "data", data);
      });
    await using started = startLogging(await limited(agent.command), ["run"], {
      ...environment(agent),
      INTAKE: "streams",
      COORDINATION: "off",
      DIAGNOSES_PER_HOUR: "0",
    });
    await started.seen("planner_started");
    // As many as one reply holds; larger ones than are looked at; the largest that is taken; more.
    await add(MIB - 100, 60);
    await add(4 * MIB, 14);
    await add(63 * MIB);
    await add(100 * MIB);
    const event = { type: "service_unhealthy", node: "piha", service: "behind", severity: "error" };
    await client.command("XADD", "health_events", "*", "data", JSON.stringify(event));
    await started.seen("action_proposed");
    assert.equal(await client.command("XLEN", "health_events:dead"), 1);
    client.close();
    const most = await peak(started.pid);
    assert.ok(most < MOST, `${Math.round(most / MIB)} MiB`);
    started.kill("SIGTERM");
    assert.equal((await started.ended()).code, 0);
  },
);
