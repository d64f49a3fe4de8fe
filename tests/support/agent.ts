import "./deadlines.ts";
import { join } from "node:path/posix";
import { TextLineStream } from "./text_lines.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..", "..");

/** Environment of a test's agent. */
export type Settings = Readonly<Record<string, string>>;

export interface AgentLine {
  readonly event: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

/** The agent as a process of its own, with the permissions that its build would have. */
export interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
  readonly lines: readonly AgentLine[];
  /** Standard error so far. */
  readonly errors: () => string;
  /** Resolves with the `nth` line of an event, past or future; rejects when the agent ends. */
  seen(event: string, nth?: number): Promise<AgentLine>;
  kill(signal: Deno.Signal): void;
  readonly status: Promise<Deno.CommandStatus>;
}

export function permissions(root: string): string[] {
  const writable = ["actions/pending", "events", "state"].map((path) => join(root, path));
  return [
    "--no-prompt",
    "--allow-net=127.0.0.1",
    `--allow-read=${root}`,
    `--allow-write=${writable.join()}`,
    "--allow-env",
  ];
}

/** What the installer makes. */
export function makeRuntime(root: string): void {
  const actions = [
    "pending",
    "approved",
    "running",
    "completed",
    "failed",
    "rejected",
    "cancelled",
  ];
  for (const folder of actions) Deno.mkdirSync(join(root, "actions", folder), { recursive: true });
  for (const folder of ["events", "state", "config"]) {
    Deno.mkdirSync(join(root, folder), { recursive: true });
  }
}

/** A command of the agent, its output in pipes. */
export function agentCommand(
  args: readonly string[],
  { root, settings = {}, stdin = "null" }: {
    root: string;
    settings?: Settings;
    stdin?: "null" | "piped";
  },
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", ...permissions(root), join(PROJECT, "main.ts"), ...args],
    env: { RUNTIME_PATH: root, ...settings },
    clearEnv: true,
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command of the agent to its end. */
export async function runAgent(
  args: readonly string[],
  { root, settings = {}, input = "" }: { root: string; settings?: Settings; input?: string },
): Promise<{ code: number; out: string; err: string }> {
  const child = agentCommand(args, { root, settings, stdin: "piped" }).spawn();
  // Read from the start: a command whose output nobody takes stops taking input.
  const output = child.output();
  const writer = child.stdin.getWriter();
  // A command that does not read its input ends first; that is not this test's failure.
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Starts `run`. */
export function startAgent(root: string, settings: Settings): AgentProcess {
  const child = agentCommand(["run"], { root, settings }).spawn();
  const lines: AgentLine[] = [];
  let errors = "";
  let ended = false;
  const changed = new Set<() => void>();
  const tell = () => changed.forEach((callback) => callback());

  const reading = (async () => {
    const stream = child.stdout.pipeThrough(new TextDecoderStream());
    for await (const line of stream.pipeThrough(new TextLineStream())) {
      lines.push(JSON.parse(line));
      tell();
    }
  })();
  const complaining = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) errors += text;
  })();
  const status = (async () => {
    const result = await child.status;
    await Promise.all([reading, complaining]);
    ended = true;
    tell();
    return result;
  })();

  return {
    pid: child.pid,
    lines,
    errors: () => errors,
    seen(event, nth = 1) {
      const { promise, resolve, reject } = Promise.withResolvers<AgentLine>();
      const look = () => {
        const found = lines.filter((line) => line.event === event)[nth - 1];
        if (found) resolve(found);
        else if (ended) reject(new Error(`the agent ended without ${nth} ${event}: ${errors}`));
        else return;
        changed.delete(look);
      };
      changed.add(look);
      look();
      return promise;
    },
    kill: (signal) => child.kill(signal),
    status,
    async [Symbol.asyncDispose]() {
      if (!ended) {
        try {
          child.kill("SIGKILL");
        } catch { /* it has ended meanwhile */ }
      }
      await status;
    },
  };
}
