/**
 * The agent of this process, on a real disk and a hand-moved clock; the built-in rules answer.
 *
 * @module
 */
import { dirname, join } from "node:path/posix";
import { openAgent } from "../../lib/agent.ts";
import { type Files, realFiles } from "../../lib/base/disk/files.ts";
import { parseConfig } from "../../lib/config/config.ts";
import type { Coordination } from "../../lib/coordination/coordination.ts";
import type { Decided, Ending } from "../../lib/observe/ending.ts";
import type { StateRecord } from "../../lib/queue/state.ts";
import { encodeHeader, encodeRecord } from "../../lib/queue/state_lines.ts";
import { svcKey } from "../../lib/event/target.ts";
import { createMetrics } from "../../lib/observe/metrics.ts";
import { makeRuntime } from "./agent.ts";
import { fakeClock, settle } from "./clock.ts";
import { recordingLog } from "./log.ts";
import { sandbox } from "./sandbox.ts";

interface Others {
  readonly coordination?: Coordination;
  /** Files below RUNTIME_PATH that were written ten hours before the start. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** What an earlier run remembered. */
  readonly state?: readonly StateRecord[];
  /**
   * Told when a folder's names or a file are read, which waits for it, or what was appended to a file
   * is to be on the disk.
   */
  readonly watch?: (op: "names" | "read" | "sync", path: string) => Promise<void> | void;
  readonly clock?: ReturnType<typeof fakeClock>;
  readonly more?: Partial<
    Pick<Parameters<typeof openAgent>[0], "onTick" | "tickMs" | "startsLater">
  >;
}

/** Files that tell how many operations are under way. */
function counted(files: Files) {
  let underWay = 0;
  const operations = Object.entries(files).map(([name, operation]) => [
    name,
    (...given: unknown[]) => {
      const done = Reflect.apply(operation, files, given);
      if (done instanceof Promise) {
        underWay++;
        done.catch(() => {}).finally(() => underWay--);
      }
      return done;
    },
  ]);
  return { files: Object.fromEntries(operations) as Files, underWay: () => underWay };
}

/** Events end within moments; a busy machine gets more. */
const LONGEST_WAIT_MS = 20_000;

/** Opens an agent with these settings, as the environment has them. */
export async function liveAgent(
  settings: Readonly<Record<string, string>> = {},
  { coordination, files = {}, state = [], watch = () => {}, clock = fakeClock(), more }: Others =
    {},
) {
  const folder = sandbox();
  makeRuntime(folder.path);
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder.path, path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, JSON.stringify(content));
    const then = new Date(clock.now() - 36_000_000);
    Deno.utimeSync(file, then, then);
  }
  if (state.length > 0) {
    const path = join(folder.path, "state", "planner-agent.state");
    Deno.writeTextFileSync(path, encodeHeader() + state.map(encodeRecord).join(""));
  }
  const disk = counted({
    ...realFiles,
    openAppend(path) {
      const file = realFiles.openAppend(path);
      const sync = () => (watch("sync", path), file.sync());
      return { append: file.append, sync, close: file.close };
    },
    async read(path, ...rest) {
      await watch("read", path);
      return await realFiles.read(path, ...rest);
    },
    async eachName(path, ...rest) {
      await watch("names", path);
      return await realFiles.eachName(path, ...rest);
    },
  });
  const log = recordingLog();
  const endings: Ending[] = [];
  const decided: Decided[] = [];
  const environment: Readonly<Record<string, string>> = {
    RUNTIME_PATH: folder.path,
    LLM_CHAIN: "rules",
    ...settings,
  };
  const ended = new Set<() => void>();
  let nonces = 0x1000_0000;
  const agent = await openAgent({
    config: parseConfig((name) => environment[name]),
    clock,
    log,
    files: disk.files,
    random: () => 0,
    nonce: () => (nonces++).toString(16),
    metrics: createMetrics({ clock, build: {}, channels: [], links: [] }),
    observers: [{
      onDecided: (told) => void decided.push(told),
      onEnding(ending) {
        endings.push(ending);
        for (const look of ended) look();
      },
    }],
    ...more,
    ...coordination && { openCoordination: () => coordination },
  });
  return {
    ...agent,
    root: folder.path,
    clock,
    log,
    endings,
    /** What people decided, as observers are told. */
    decided,
    /** An event about `piha/mosquitto`, or as changed. */
    publish(changes: Record<string, unknown> = {}) {
      const event = {
        type: "service_unhealthy",
        node: "piha",
        service: "mosquitto",
        severity: "error",
        payload: { exit_code: 137 },
        ...changes,
      };
      const bytes = new TextEncoder().encode(JSON.stringify(event));
      agent.planner.receive(bytes, "health_events");
    },
    /** Resolves when so many events have ended; with how, and whose they are. */
    async ended(count: number): Promise<string[]> {
      await new Promise<void>((resolve, reject) => {
        const tooFew = () => reject(new Error(`${endings.length} of ${count} events have ended`));
        const timer = setTimeout(tooFew, LONGEST_WAIT_MS);
        const look = () => {
          if (endings.length < count) return;
          clearTimeout(timer);
          ended.delete(look);
          resolve();
        };
        ended.add(look);
        look();
      });
      return endings.map(({ outcome, event }) => `${outcome} ${event ? svcKey(event) : "-"}`);
    },
    /** The proposals that wait for a person, by name. */
    proposals() {
      const pending = join(folder.path, "actions", "pending");
      return [...Deno.readDirSync(pending)].map(({ name }) => name).sort()
        .map((name) => JSON.parse(Deno.readTextFileSync(join(pending, name))));
    },
    async [Symbol.asyncDispose]() {
      await agent.stop();
      // What a notice tells of is written without anybody waiting for it.
      do await settle(); while (disk.underWay() > 0);
      folder[Symbol.dispose]();
    },
  };
}
