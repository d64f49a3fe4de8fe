/**
 * The agent under measurement as a process.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { killProcess, processTree } from "./processes.ts";

export interface AgentProcess {
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly status: Promise<Deno.CommandStatus>;
  /**
   * The promise's value, unless the agent ends before.
   * @throws {AgentEndedError} when it does.
   */
  alive<T>(promise: Promise<T>): Promise<T>;
  /** SIGTERM, ten seconds later SIGKILL; children that are left are ended, too. */
  stop(): Promise<void>;
}

/** The agent is gone: nothing more can be measured. */
export class AgentEndedError extends Error {
  override readonly name = "AgentEndedError";
}

export interface StartOptions {
  readonly env: Record<string, string>;
  /** Takes what the agent writes to standard output and standard error. */
  readonly logFile: string;
  readonly clock: Clock;
}

async function lastOf(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.slice(-500).trim();
}

/** Starts `words` as a command, with its output in a file, as a service's would be. */
export function startAgent(words: readonly string[], options: StartOptions): AgentProcess {
  const { env, logFile, clock } = options;
  const command = new Deno.Command("/bin/sh", {
    // Deno.Command cannot write to a file; the shell opens it and becomes the agent.
    args: ["-c", 'log=$1; shift; exec "$@" >"$log" 2>&1', "sh", logFile, ...words],
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const child = command.spawn();
  let running = true;
  const ended = child.status.then(async ({ code, signal }) => {
    running = false;
    const how = signal ? `was ended by ${signal}` : `ended with status ${code}`;
    return new AgentEndedError(
      `the agent ${how}; its last output: ${await lastOf(logFile) || "none"}`,
    );
  });
  return {
    pid: child.pid,
    status: child.status,
    async alive(promise) {
      const first = await Promise.race([promise.then((value) => ({ value })), ended]);
      if (first instanceof AgentEndedError) {
        promise.catch(() => {}); // Its own deadline may still pass.
        throw first;
      }
      return first.value;
    },
    async stop() {
      const tree = processTree(child.pid);
      if (running) child.kill("SIGTERM");
      const done = new AbortController();
      await Promise.race([ended, sleep(clock, 10_000, done.signal)]);
      done.abort();
      tree.forEach(killProcess);
      await ended;
    },
  };
}

/** Whether the log of an agent says that it has started. */
export async function hasStarted(logFile: string): Promise<boolean> {
  const log = await Deno.readTextFile(logFile).catch(() => "");
  return log.includes('"planner_started"');
}
