/**
 * Acts that a planner-agent must never be able to do, tried for real. Each is harmless where it
 * succeeds and is undone.
 *
 * @module
 */
import { type Clock, sleep } from "../base/clock.ts";
import { grantsFor, redisEndpoints, runtimeFolder, type Site } from "./grants.ts";

/** One forbidden act. It throws when it is stopped. */
export interface Act {
  readonly name: string;
  readonly attempt: () => void | Promise<void>;
}

/** What became of an act. Only `runtime` is as it should be: the others let it pass. */
export interface Verdict {
  readonly act: string;
  readonly stoppedBy: "runtime" | "operating system" | "nothing";
  readonly detail: string;
}

/** Longest wait for a connection that the runtime did not refuse, in milliseconds. */
const CONNECT_MS = 3_000;

/** The environment hides a name rather than throwing; this makes the two look alike. */
class HiddenNameError extends Error {
  override readonly name = "HiddenNameError";
}

async function createAndRemove(path: string): Promise<void> {
  const file = await Deno.open(path, { write: true, createNew: true });
  file.close();
  await Deno.remove(path);
}

async function connect(hostname: string, port: number, clock: Clock): Promise<void> {
  const opened = Deno.connect({ hostname, port }).then((connection) => connection.close());
  // A connection that hangs was not refused by the runtime; it may fail later, unheard.
  opened.catch(() => {});
  const answered = new AbortController();
  try {
    await Promise.race([opened, sleep(clock, CONNECT_MS, answered.signal)]);
  } finally {
    answered.abort();
  }
}

async function readVariable(name: string): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "env", variable: name });
  const value = Deno.env.get(name);
  if (value === undefined && state !== "granted") throw new HiddenNameError("reads as unset");
}

/** Every act that is refused to a binary built for `site`. */
export function forbiddenActs(site: Site, clock: Clock): Act[] {
  const root = runtimeFolder(site.runtimePath);
  const granted = grantsFor(site, []).net;
  const [redis = ""] = redisEndpoints(site.redisUrl);
  const colon = redis.lastIndexOf(":");
  const redisHost = redis.slice(0, colon).replace(/^\[|\]$/g, "");
  const redisPort = Number(redis.slice(colon + 1));
  const at = redis.slice(0, colon);
  let otherPort = redisPort;
  while (granted.includes(`${at}:${otherPort}`)) otherPort = otherPort % 65_535 + 1;
  const otherHost = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    .find((host) => !granted.some((entry) => entry.startsWith(`${host}:`))) ?? "127.0.0.5";
  // Not clock time, which two runs may share: a file that is there already is not ours to remove.
  const file = `.planner-agent-prove-${Deno.pid}`;
  const write = (folder: string): Act => ({
    name: `write ${folder}/${file}`,
    attempt: () => createAndRemove(`${folder}/${file}`),
  });
  const read = (path: string): Act => ({
    name: `read ${path}`,
    attempt: async () => {
      await Deno.readFile(path);
    },
  });
  const symlink = `${root}/state/${file}`;
  return [
    write(`${root}/actions/approved`),
    write(`${root}/actions/running`),
    write(root),
    write("/etc"),
    {
      name: `rename a file from ${root}/actions/pending to approved`,
      attempt: () =>
        Deno.rename(`${root}/actions/pending/${file}`, `${root}/actions/approved/${file}`),
    },
    {
      name: `symbolic link ${symlink}`,
      attempt: async () => {
        await Deno.symlink(`${root}/actions/approved`, symlink);
        await Deno.remove(symlink);
      },
    },
    read("/etc/passwd"),
    read(`${root}/state/../../../../../../../../etc/passwd`),
    read("/proc/self/environ"),
    {
      name: `connect to ${redisHost} port ${otherPort}`,
      attempt: () => connect(redisHost, otherPort, clock),
    },
    {
      name: `connect to ${otherHost} port ${redisPort}`,
      attempt: () => connect(otherHost, redisPort, clock),
    },
    {
      name: "listen on a port",
      attempt: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
    },
    {
      name: "run /bin/true",
      attempt: async () => {
        await new Deno.Command("/bin/true").output();
      },
    },
    {
      name: "load a library",
      attempt: () => Deno.dlopen("libc.so.6", {}).close(),
    },
    {
      name: "ask for the host's name",
      attempt: () => {
        Deno.hostname();
      },
    },
    { name: "read the variable PATH", attempt: () => readVariable("PATH") },
    { name: "read the variable HOME", attempt: () => readVariable("HOME") },
  ];
}

function verdict(act: string, error: unknown): Verdict {
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const runtime = error instanceof Deno.errors.NotCapable || error instanceof HiddenNameError;
  return { act, stoppedBy: runtime ? "runtime" : "operating system", detail };
}

/** Tries every act, one after the other. */
export async function prove(acts: readonly Act[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, attempt } of acts) {
    try {
      await attempt();
      verdicts.push({ act: name, stoppedBy: "nothing", detail: "it succeeded" });
    } catch (error) {
      verdicts.push(verdict(name, error));
    }
  }
  return verdicts;
}
