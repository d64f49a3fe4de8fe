/**
 * llama.cpp's server with a real model, or with a tiny random one where none can be had.
 *
 * @module
 */
import { join } from "node:path/posix";
import { tinyGguf } from "../../support/tiny_gguf.ts";
import { lineStream } from "../../system/support/lines.ts";

const PROJECT = join(import.meta.dirname ?? ".", "..", "..", "..");
const REQUIRED = Deno.env.get("REQUIRE_MODEL") === "1";

/** Where the server and the model are; undefined where there is no server. */
export interface Installed {
  /** A folder to chroot into. */
  readonly root: string;
  /** The real model's path in it. */
  readonly model: string | undefined;
}

/** Gets both, at first from the network. A plain line says what it became. */
export async function install(): Promise<Installed | undefined> {
  const { success, stdout, stderr } = await new Deno.Command(
    join(PROJECT, ".ci/model-server.sh"),
    { stdout: "piped", stderr: "piped" },
  ).output();
  const [root, model] = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  const installed = success && root !== undefined ? { root, model } : undefined;
  if (REQUIRED && installed?.model === undefined) {
    const why = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join("\n");
    throw new Error(`REQUIRE_MODEL=1 and there is no ${installed ? "model" : "server"}:\n${why}`);
  }
  return installed;
}

export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Resolves with the next line of its log, past ones left out, that fits. */
  logged(line: RegExp): Promise<string>;
  /** Stops and continues its process. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
}

/** Starts it with a model of the folder, or with a tiny one of `seed`. */
export async function startServer(
  { root }: Installed,
  { model, seed = 1 }: { readonly model?: string | undefined; readonly seed?: number },
): Promise<ModelServer> {
  const tiny = `/models/tiny-${seed}-${Deno.pid}.gguf`;
  if (model === undefined) await Deno.writeFile(join(root, tiny), tinyGguf(seed));
  const port = freePort();
  const process = new Deno.Command("chroot", {
    args: [
      root,
      "llama-server",
      ...["-m", model ?? tiny, "--host", "127.0.0.1", "--port", String(port)],
      ...["-c", "8192", "-np", "1", "--reasoning-format", "none", "--poll", "0"],
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const waiting = new Set<{ line: RegExp; resolve: (line: string) => void }>();
  const tail: string[] = [];
  const ended = (async () => {
    const lines = process.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream());
    for await (const line of lines) {
      tail.push(line);
      if (tail.length > 20) tail.shift();
      for (const each of waiting) if (each.line.test(line)) each.resolve(line);
    }
  })();
  const url = `http://127.0.0.1:${port}`;
  const server: ModelServer = {
    url,
    async logged(line) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const wait = { line, resolve };
      waiting.add(wait);
      try {
        return await promise;
      } finally {
        waiting.delete(wait);
      }
    },
    signal: (signal) => process.kill(signal),
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await ended;
      if (model === undefined) await Deno.remove(join(root, tiny));
    },
  };
  let running = true;
  const over = process.status.then(() => void (running = false));
  while (running && !await isReady(url)) {
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  if (!running) {
    await ended;
    throw new Error(`llama-server ended:\n${tail.join("\n")}`);
  }
  return server;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/health`);
    await reply.body?.cancel();
    return reply.status === 200;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
