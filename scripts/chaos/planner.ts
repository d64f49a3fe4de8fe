/**
 * One of the planners: the real program, which can be killed and started again.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Clock } from "../../lib/base/clock.ts";
import { type AgentProcess, startAgent } from "../bench/agent_process.ts";
import { environment, fillIn, ownAgent } from "../bench/commands.ts";
import { FOLDERS } from "../bench/world.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { type EntryName, entryReader } from "./entry_reader.ts";

/** One process of a planner, from start to end. */
export interface Life {
  readonly logFile: string;
  /** Its end by this program. A life that ends in another way is a failure. */
  ending: "none" | "killed" | "stopped";
  /** Present when it has ended. */
  status?: Deno.CommandStatus;
}

export interface ChaosPlanner {
  /** NODE_NAME, and the consumer in the group. */
  readonly name: string;
  /** RUNTIME_PATH: each planner has a disk of its own. */
  readonly root: string;
  readonly proxy: Proxy;
  readonly lives: readonly Life[];
  /** What it asked to be handed once more. */
  readonly redeliveries: readonly EntryName[];
  /** What it acknowledged, and when, in milliseconds since 1970. */
  readonly acknowledged: readonly (EntryName & { readonly atMs: number })[];
  start(): void;
  kill(): Promise<void>;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** SIGTERM; waits for its end. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** All planners of a run have these settings. */
export interface ChaosSettings {
  readonly folder: string;
  readonly project: string;
  readonly redisPort: number;
  readonly ollamaPort: number;
  readonly cooldownSeconds: number;
  readonly claimSeconds: number;
  readonly clock: Clock;
}

/** Prepares a planner; its RUNTIME_PATH and its logs are in `settings.folder`. */
export async function openPlanner(name: string, settings: ChaosSettings): Promise<ChaosPlanner> {
  const { clock, folder, ollamaPort } = settings;
  const root = join(folder, name);
  for (const name of FOLDERS) await Deno.mkdir(join(root, name), { recursive: true });
  const redeliveries: EntryName[] = [];
  const acknowledged: (EntryName & { readonly atMs: number })[] = [];
  const proxy = startProxy(settings.redisPort, {
    watch: () =>
      entryReader({
        onRedelivery: (entry) => redeliveries.push(entry),
        onAcknowledged: (entry) => acknowledged.push({ ...entry, atMs: clock.now() }),
      }),
  });
  const places = { root, redisPort: proxy.port, ollamaPort };
  const words = fillIn(ownAgent(Deno.execPath(), settings.project), places);
  const env = {
    ...environment(Deno.env.toObject(), places),
    NODE_NAME: name,
    INTAKE: "streams",
    COORDINATION: "redis",
    STREAM_CLAIM_SECONDS: String(settings.claimSeconds),
    COOLDOWN_SECONDS: String(settings.cooldownSeconds),
    LLM_CHAIN: "qwen2.5:7b,rules",
    LLM_CONCURRENCY: "4",
    FLAP_CHANGES: "0",
    DIAGNOSES_PER_HOUR: "0",
    PROPOSALS_PER_DAY: "0",
  };
  const lives: Life[] = [];
  let closed = false;
  let current: { readonly life: Life; readonly process: AgentProcess } | undefined;

  return {
    name,
    root,
    proxy,
    lives,
    redeliveries,
    acknowledged,
    start() {
      if (closed) return;
      const logFile = join(folder, `${name}-${lives.length + 1}.log`);
      const life: Life = { logFile, ending: "none" };
      const process = startAgent(words, { env, logFile, clock });
      process.status.then((status) => life.status = status);
      lives.push(life);
      current = { life, process };
    },
    async kill() {
      if (!current) return;
      const { life, process } = current;
      if (!life.status) {
        life.ending = "killed";
        Deno.kill(process.pid, "SIGKILL");
      }
      await process.status;
    },
    signal(signal) {
      if (current && !current.life.status) Deno.kill(current.process.pid, signal);
    },
    async stop() {
      if (!current) return;
      const { life, process } = current;
      if (!life.status) life.ending = "stopped";
      await process.stop();
    },
    async close() {
      closed = true;
      if (current && !current.life.status) {
        Deno.kill(current.process.pid, "SIGKILL");
        await current.process.status;
      }
      await proxy.close();
    },
  };
}
