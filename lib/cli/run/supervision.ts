import { join } from "node:path/posix";
import type { Clock } from "../../base/clock.ts";
import type { Environment } from "../../config/environment.ts";
import type { Log } from "../../base/log/log.ts";
import { openNotifier } from "./sdnotify.ts";
import { statusLine, type StatusRecord } from "../../observe/status/record.ts";

/** A short name: the path of a socket has 107 bytes at most. */
const OWN_SOCKET = ".notify";
const SHORTEST_TICK_MS = 10;

/** How often a watchdog wants to be told: half of WATCHDOG_USEC (`man sd_notify`), where it is set. */
export function watchdogMs(env: Environment): number | undefined {
  const text = env("WATCHDOG_USEC") ?? "";
  if (!/^\d{1,15}$/.test(text) || Number(text) === 0) return undefined;
  return Math.max(SHORTEST_TICK_MS, Number(text) / 2_000);
}

/** Tells systemd, where it listens: ready, alive, and in one line how the agent does. */
export function superviseBySystemd(
  { env, runtimePath, record, clock, log }: {
    readonly env: Environment;
    readonly runtimePath: string;
    readonly record: () => StatusRecord;
    readonly clock: Clock;
    readonly log: Log;
  },
) {
  const socketPath = env("NOTIFY_SOCKET");
  const watched = watchdogMs(env) !== undefined;
  const ownSocketPath = join(runtimePath, "state", OWN_SOCKET);
  const { tell, close } = openNotifier({ socketPath, ownSocketPath, log, clock });
  let told = "";

  /** Something may have changed, and this is why. */
  function refresh(why?: "READY" | "WATCHDOG" | "STOPPING") {
    if (why) tell(why);
    const line = socketPath ? statusLine(record()) : told;
    if (line === told) return;
    told = line;
    tell("STATUS", line);
  }

  return {
    /** Configuration, permissions and folders are good, and the agent listens or tries to. */
    ready: () => refresh("READY"),
    /** The agent's loop has made progress. */
    tick: () => refresh(watched ? "WATCHDOG" : undefined),
    refresh: () => refresh(),
    stopping: () => refresh("STOPPING"),
    close,
  };
}
