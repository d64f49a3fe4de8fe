/**
 * What a running agent meets: a real Redis, a server that speaks Ollama's API, and its own log.
 *
 * @module
 */
import { lineStream } from "./lines.ts";

/** A redis-server on a given port. */
export async function startRedis(port: number) {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-redis-" });
  const process = new Deno.Command("redis-server", {
    args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream());
  const ready = Promise.withResolvers<void>();
  const drained = (async () => {
    for await (const line of lines) if (line.includes("Ready to accept")) ready.resolve();
    ready.reject(new Error("redis-server ended before it was ready"));
  })();
  ready.promise.catch(() => {});
  await ready.promise;
  return {
    /** Publishes a message on a channel; resolves once Redis has it. */
    async publish(channel: string, message: string) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const words = ["PUBLISH", channel, message];
      const bytes = (word: string) => new TextEncoder().encode(word).length;
      const command = `*3\r\n${words.map((w) => `$${bytes(w)}\r\n${w}\r\n`).join("")}`;
      await connection.write(new TextEncoder().encode(command));
      await connection.read(new Uint8Array(64));
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await drained;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Answers every chat with the same diagnosis, whole, and counts them. */
export function startOllama(port: number) {
  let chats = 0;
  const content = JSON.stringify({
    reason: "the container is unhealthy, a restart is the usual remedy",
    action: "restart",
    confidence: 0.9,
    requires_human: false,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      await request.body?.cancel();
      if (!request.url.endsWith("/api/chat")) {
        return Response.json({
          version: "0.12.0",
          models: [],
        });
      }
      chats++;
      const message = { role: "assistant", content };
      return Response.json({ model: "qwen2.5:7b", message, done: true, done_reason: "stop" });
    },
  );
  return {
    chats: () => chats,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A started process whose standard output is JSON log lines. */
export function startLogging(
  command: readonly [string, ...string[]],
  args: readonly string[],
  env: Record<string, string>,
) {
  const [program, ...first] = command;
  const process = new Deno.Command(program, {
    args: [...first, ...args],
    clearEnv: true,
    env,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: LogLine[] = [];
  const waiting = new Set<
    { event: string; nth: number; resolve: (line: LogLine) => void; reject: (error: Error) => void }
  >();
  const drained = (async () => {
    const text = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream());
    for await (const line of text) {
      const parsed = JSON.parse(line) as LogLine;
      lines.push(parsed);
      const count = lines.filter(({ event }) => event === parsed.event).length;
      for (const waiter of waiting) {
        if (waiter.event === parsed.event && waiter.nth === count) {
          waiting.delete(waiter);
          waiter.resolve(parsed);
        }
      }
    }
    for (const { event, reject } of waiting) {
      reject(new Error(`the process ended without ${event}:\n${JSON.stringify(lines, null, 1)}`));
    }
  })();
  return {
    pid: process.pid,
    lines,
    /** Resolves with the nth line of an event, past or future; rejects when the process ends. */
    async seen(event: string, nth = 1): Promise<LogLine> {
      const past = lines.filter((line) => line.event === event)[nth - 1];
      if (past !== undefined) return past;
      return await new Promise((resolve, reject) => waiting.add({ event, nth, resolve, reject }));
    },
    kill: (signal: Deno.Signal) => process.kill(signal),
    /** The exit status, once all output is read. */
    async ended(): Promise<Deno.CommandStatus> {
      const status = await process.status;
      await drained;
      return status;
    },
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await process.status;
      await drained;
    },
  };
}
