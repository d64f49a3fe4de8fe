/**
 * One of several planners under measurement: the program itself, with a disk of its own.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { type AgentProcess, hasStarted, startAgent } from "../bench/agent_process.ts";
import { environment, fillIn, ownAgent } from "../bench/commands.ts";
import { TimedOutError } from "../bench/pending_files.ts";
import { FOLDERS } from "../bench/world.ts";
import type { Intake } from "./arguments.ts";

export interface GrowPlanner {
  readonly name: string;
  readonly process: AgentProcess;
  /** Its RUNTIME_PATH. */
  readonly root: string;
  readonly logFile: string;
  /** Targets of the proposals that it made, with repetitions. */
  proposed(): Promise<string[]>;
}

export interface GrowPlannerOptions {
  readonly folder: string;
  readonly project: string;
  readonly redisPort: number;
  readonly ollamaPort: number;
  readonly intake: Intake;
  readonly group: string;
  readonly clock: Clock;
}

const STARTED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 25;

/** Starts a planner; it may still be connecting. */
export async function startPlanner(
  name: string,
  options: GrowPlannerOptions,
): Promise<GrowPlanner> {
  const { clock, folder } = options;
  const root = join(folder, name);
  for (const path of FOLDERS) await Deno.mkdir(join(root, path), { recursive: true });
  const places = { ...options, root };
  const logFile = join(folder, `${name}.log`);
  const env = {
    ...environment(Deno.env.toObject(), places),
    NODE_NAME: name,
    INTAKE: options.intake,
    STREAM_GROUP: options.group,
    COORDINATION: "redis",
    // One cooldown lasts longer than any run, and budgets must not end it early.
    COOLDOWN_SECONDS: "3600",
    DIAGNOSES_PER_HOUR: "0",
    PROPOSALS_PER_DAY: "0",
  };
  const words = fillIn(ownAgent(Deno.execPath(), options.project), places);
  return {
    name,
    root,
    process: startAgent(words, { env, logFile, clock }),
    logFile,
    async proposed() {
      const targets: string[] = [];
      for await (const { name } of Deno.readDir(join(root, "actions", "pending"))) {
        if (!name.endsWith(".json")) continue;
        // The id without its time: two proposals for one target differ in no more than that.
        targets.push(name.replace(/-\d{10}(-\d+)?\.json$/, ""));
      }
      return targets;
    },
  };
}

/** Resolves when it hears its channels. */
export async function untilStarted({ name, process, logFile }: GrowPlanner, clock: Clock) {
  const end = clock.monotonic() + STARTED_WITHIN_MS;
  for (;;) {
    if (await hasStarted(logFile)) return;
    if (clock.monotonic() > end) throw new TimedOutError(`${name} did not start: see ${logFile}`);
    await process.alive(sleep(clock, LOOK_EVERY_MS));
  }
}
