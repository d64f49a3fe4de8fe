/**
 * The surroundings of one run: a Redis, an Ollama, a runtime path, and the agent among them.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { type AgentProcess, startAgent } from "./agent_process.ts";
import { environment, fillIn } from "./commands.ts";
import { CHANNELS } from "./events.ts";
import { type ChatReply, type FakeOllama, startOllama } from "./ollama.ts";
import { type PendingFiles, TimedOutError, watchPending } from "./pending_files.ts";
import { startRedis } from "./redis_server.ts";
import type { RedisConnection } from "./resp.ts";

export interface World {
  readonly agent: AgentProcess;
  readonly redis: RedisConnection;
  readonly ollama: FakeOllama;
  readonly pending: PendingFiles;
  readonly clock: Clock;
  /** The agent's RUNTIME_PATH. */
  readonly root: string;
  /** What the agent wrote to standard output and standard error. */
  readonly logFile: string;
  /** From the start of the process until both channels were subscribed. */
  readonly startMs: number;
}

export interface WorldOptions {
  /** Collects how to end and remove everything; the caller disposes it. */
  readonly stack: AsyncDisposableStack;
  readonly clock: Clock;
  readonly redisPort: number | undefined;
  readonly ollamaPort: number | undefined;
  /** A fixed runtime path; undefined is a temporary one. */
  readonly root: string | undefined;
  /** Added to the agent's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the runtime path before the agent starts. */
  readonly prepare?: ((root: string) => Promise<void>) | undefined;
  readonly chat?: ChatReply;
}

/** What a RUNTIME_PATH holds before its agent starts. */
export const FOLDERS = [
  ...["pending", "approved", "running", "completed", "failed", "rejected", "cancelled"]
    .map((name) => `actions/${name}`),
  "events",
  "state",
  "config",
];

/** Marks a folder that a run may empty. */
const MARK = ".planner-agent-bench";

/** Empties a fixed runtime path, but only one that is new, empty or a former run's. */
async function claim(root: string): Promise<void> {
  await Deno.mkdir(root, { recursive: true });
  const names = [...Deno.readDirSync(root)].map((entry) => entry.name);
  if (names.length > 0 && !names.includes(MARK)) {
    throw new Error(`--root ${root} holds files that no benchmark made: name an empty folder`);
  }
  for (const name of names) await Deno.remove(`${root}/${name}`, { recursive: true });
  await Deno.writeTextFile(`${root}/${MARK}`, "This folder is emptied by the benchmark.\n");
}

async function subscribed(redis: RedisConnection, clock: Clock): Promise<void> {
  const end = clock.monotonic() + 60_000;
  for (;;) {
    const counts = await redis.command("PUBSUB", "NUMSUB", ...CHANNELS);
    if (Array.isArray(counts) && Number(counts[1]) > 0 && Number(counts[3]) > 0) return;
    if (clock.monotonic() > end) throw new TimedOutError("not subscribed to both channels in 60 s");
    await sleep(clock, 2);
  }
}

/** Has `end` called with the rest, at once when the rest has ended already (an interrupt). */
async function own(stack: AsyncDisposableStack, end: () => void | Promise<void>): Promise<void> {
  if (!stack.disposed) return stack.defer(end);
  await end();
  throw new Error("interrupted");
}

/** Starts everything and waits until the agent has subscribed. */
export async function openWorld(command: readonly string[], options: WorldOptions): Promise<World> {
  const { stack, clock } = options;
  const temporary = await Deno.makeTempDir({ prefix: "planner-agent-bench-" });
  await own(stack, () => Deno.remove(temporary, { recursive: true }));
  const root = options.root ?? `${temporary}/runtime`;
  if (options.root !== undefined) await claim(root);
  for (const folder of FOLDERS) await Deno.mkdir(`${root}/${folder}`, { recursive: true });

  const redis = await startRedis(temporary, { port: options.redisPort, clock });
  await own(stack, () => redis.close());
  const ollama = startOllama(options.ollamaPort ?? 0, options.chat);
  await own(stack, () => ollama.close());
  const pending = watchPending(`${root}/actions/pending`, clock);
  await own(stack, () => pending.close());

  const places = { root, redisPort: redis.port, ollamaPort: ollama.port };
  const logFile = `${temporary}/agent.log`;
  await options.prepare?.(root);
  const begin = clock.monotonic();
  const agent = startAgent(fillIn(command, places), {
    env: { ...environment(Deno.env.toObject(), places), ...options.env },
    logFile,
    clock,
  });
  await own(stack, () => agent.stop());
  await agent.alive(subscribed(redis.connection, clock));
  const startMs = clock.monotonic() - begin;
  return { agent, redis: redis.connection, ollama, pending, clock, root, logFile, startMs };
}
