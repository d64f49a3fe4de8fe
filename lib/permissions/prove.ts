import { join } from "node:path/posix";
import { type Clock, sleep } from "../base/clock.ts";
import { NotAFileError, openOwn, realFiles } from "../base/disk/files.ts";
import { ownFolders } from "../base/disk/own_folders.ts";
import { NotAFolderError } from "../base/disk/store.ts";
import { grantsFor, redisEndpoints, runtimeFolder, type Site } from "./grants.ts";

/**
 * Something that a planner-agent must never be able to do. It is tried for real and throws when it
 * is stopped; where it succeeds it is harmless and undone.
 */
export interface Act {
  readonly name: string;
  readonly attempt: () => unknown;
}

/** Longest wait for a connection that the runtime did not refuse, in milliseconds. */
const CONNECT_MS = 3_000;

/** The environment hides a name rather than throwing; this makes the two look alike. */
class HiddenNameError extends Error {
  override readonly name = "HiddenNameError";
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

/** Not clock time, which two runs may share: a file that is there already is not ours to remove. */
const FILE = `.planner-agent-prove-${Deno.pid}`;

/** Every act that is refused to a binary built for `site`. */
export function forbiddenActs(site: Site, clock: Clock): Act[] {
  const root = runtimeFolder(site.runtimePath);
  const granted = grantsFor(site, []).net;
  const [redis = ""] = redisEndpoints(site.redisUrl);
  const colon = redis.lastIndexOf(":");
  const at = redis.slice(0, colon);
  const redisHost = at.replace(/^\[|\]$/g, "");
  const redisPort = Number(redis.slice(colon + 1));
  let otherPort = redisPort;
  while (granted.includes(`${at}:${otherPort}`)) otherPort = otherPort % 65_535 + 1;
  const otherHost = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    .find((host) => !granted.some((entry) => entry.startsWith(`${host}:`))) ?? "127.0.0.5";
  const symlink = `${root}/state/${FILE}`;
  const [pending, approved] = [`${root}/actions/pending`, `${root}/actions/approved`];
  const act = (name: string, attempt: Act["attempt"]): Act => ({ name, attempt });
  const write = (folder: string) =>
    act(`write ${folder}/${FILE}`, async () => {
      const path = `${folder}/${FILE}`;
      (await Deno.open(path, { write: true, createNew: true })).close();
      await Deno.remove(path);
    });
  const read = (path: string) => act(`read ${path}`, () => Deno.readFile(path));
  const reach = (host: string, port: number) =>
    act(`connect to ${host} port ${port}`, () => connect(host, port, clock));
  return [
    write(approved),
    write(`${root}/actions/running`),
    write(root),
    write("/etc"),
    act(
      `rename a file from ${pending} to approved`,
      () => Deno.rename(`${pending}/${FILE}`, `${approved}/${FILE}`),
    ),
    act(`symbolic link ${symlink}`, async () => {
      await Deno.symlink(approved, symlink);
      await Deno.remove(symlink);
    }),
    read("/etc/passwd"),
    read(`${root}/state/../../../../../../../../etc/passwd`),
    read("/proc/self/environ"),
    reach(redisHost, otherPort),
    reach(otherHost, redisPort),
    act("listen on a port", () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close()),
    act("run /bin/true", () => new Deno.Command("/bin/true").output()),
    act("load a library", () => Deno.dlopen("libc.so.6", {}).close()),
    act("ask for the host's name", () => Deno.hostname()),
    ...["PATH", "HOME"].map((name) => act(`read the variable ${name}`, () => readVariable(name))),
  ];
}

/** Tries every act, one after the other. Only those that the runtime stopped are as they should be. */
export async function prove(acts: readonly Act[]) {
  const tried = [];
  for (const { name: act, attempt } of acts) {
    try {
      await attempt();
      tried.push({ act, stoppedBy: "nothing", detail: "it succeeded" } as const);
    } catch (error) {
      const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const isRuntime = error instanceof Deno.errors.NotCapable || error instanceof HiddenNameError;
      const stoppedBy = isRuntime ? "runtime" : "operating system";
      tried.push({ act, stoppedBy, detail } as const);
    }
  }
  return tried;
}

const OWN = [
  ["actions", "folder"],
  ["actions/pending", "folder"],
  ["events", "folder"],
  ["state", "folder"],
  ["state/planner-agent.heartbeat", "file"],
  ["state/planner-agent.lock", "file"],
] as const;

/**
 * Tries to write through what lies in the place of the agent's own folders and files; a symlink,
 * FIFO or device is planted by hand. The runtime compares paths as they are written, so it is the
 * program that must not follow them: only `nothing` is a fault.
 */
export async function tryPlanted(site: Site) {
  const root = runtimeFolder(site.runtimePath);
  const files = ownFolders(realFiles, root);
  const tried = [];
  for (const [name, expected] of OWN) {
    const path = join(root, name);
    try {
      const kind = await realFiles.kind(path);
      if (kind === expected || kind === "none") {
        tried.push({ path, stoppedBy: "not tried", detail: "no link is planted there" } as const);
        continue;
      }
      if (expected === "file") {
        (await openOwn(path)).close();
      } else {
        const inside = join(path, FILE);
        await files.writeUnsynced(inside, "");
        await files.remove(inside);
      }
      tried.push({ path, stoppedBy: "nothing", detail: "it was written through" } as const);
    } catch (error) {
      const isOurs = error instanceof NotAFolderError || error instanceof NotAFileError;
      const stoppedBy = isOurs ? "program" : "operating system";
      const detail = error instanceof Error ? error.message : String(error);
      tried.push({ path, stoppedBy, detail } as const);
    }
  }
  return tried;
}
