import { AlreadyRunningError } from "../agent.ts";
import { type Config, ConfigError, siteOf } from "../config/config.ts";
import type { Build } from "../permissions/grants.ts";
import { SiteError } from "../base/host_port.ts";
import { type Query, type Uncovered, uncovered } from "../permissions/permissions.ts";
import { NOT_IN_A_CLUSTER, redisAddress } from "../base/redis/address.ts";
import { NotAFolderError } from "../base/disk/store.ts";
import { explainWriteFailure, isSystemFailure } from "../base/disk/write_failure.ts";
import { fail, type Io } from "./io.ts";

interface CoverOptions {
  /** What this run needs; a replay of a file needs no Redis. */
  readonly needs: readonly Uncovered["variable"][];
  /** Whether keys of Redis are used, which a cluster is no place for. */
  readonly keys?: boolean;
  readonly build?: Build | null;
  readonly query?: Query;
}

/** Whether the permissions cover the settings; prints what they do not cover. */
export async function isCovered(
  io: Pick<Io, "err">,
  config: Config,
  options: CoverOptions,
): Promise<boolean> {
  const messages = (await uncovered(siteOf(config), options)).map(({ message }) => message);
  if (messages.length === 0 && options.needs.includes("REDIS_URL")) {
    try {
      // A URL that reads well may still name no Redis that can be connected to.
      const { kind } = redisAddress(config.redisUrl).place;
      if (options.keys === true && kind === "cluster") messages.push(NOT_IN_A_CLUSTER);
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      messages.push(error.message);
    }
  }
  for (const message of messages) fail(io, message);
  return messages.length === 0;
}

/** What `open` opens, or undefined when RUNTIME_PATH does not allow it; the reason is printed. */
export async function opened<T>(
  io: Pick<Io, "err">,
  { config, hint = "", open }: {
    readonly config: Config;
    /** What else a person can do when another agent runs there. */
    readonly hint?: string;
    readonly open: () => Promise<T>;
  },
): Promise<T | undefined> {
  const refused = (message: string) => void fail(io, message);
  try {
    return await open();
  } catch (error) {
    if (error instanceof AlreadyRunningError) return refused(`${error.message}${hint}`);
    if (error instanceof NotAFolderError) return refused(error.message);
    // It quotes the system's words.
    if (error instanceof ConfigError) throw error;
    if (!isSystemFailure(error)) throw error;
    const { error: said, remedy } = explainWriteFailure(error);
    return refused(`cannot use RUNTIME_PATH ${config.runtimePath}: ${said}. ${remedy}`);
  }
}
