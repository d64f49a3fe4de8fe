import type { Clock } from "../clock.ts";
import { SiteError } from "../host_port.ts";
import type { CreateRedisClient } from "./client.ts";
import {
  endpointAt,
  NOT_IN_A_CLUSTER,
  redisAddress,
  type RedisCredentials,
  type RedisEndpoint,
} from "./address.ts";

/** A server, and what a connection to it and the words for its failure take. */
export interface RedisServer {
  readonly endpoint: RedisEndpoint;
  readonly credentials: RedisCredentials | null;
  /** Texts that must not be shown. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  /** Deadline of each step until the server can be used, and of each reply of a sentinel; ms. */
  readonly connectTimeoutMs: number;
  readonly createClient?: CreateRedisClient | undefined;
  /** There are credentials, and this Redis asks for none. */
  readonly onPasswordUnused?: (() => void) | undefined;
}

export interface RedisTargetOptions
  extends Omit<RedisServer, "endpoint" | "credentials" | "secrets"> {
  /** Whether keys are used, beside channels; a cluster is no place for them. @default {false} */
  readonly keys?: boolean;
  /** Whether this program may connect to a `host:port`; by default the runtime is asked. */
  readonly mayConnect?: (hostPort: string) => Promise<boolean>;
}

/**
 * What a REDIS_URL leads to: one server, the primary that a sentinel names, or the next node of a
 * cluster. A failover ends the connection, and whoever had it asks here again.
 *
 * @throws SiteError for a URL that cannot be used, or a cluster where keys are.
 */
export function redisTarget(url: string, options: RedisTargetOptions) {
  const { keys = false, mayConnect, ...use } = options;
  const { place, endpoint: first, display, credentials, secrets } = redisAddress(url);
  if (place.kind === "cluster" && keys) throw new SiteError(NOT_IN_A_CLUSTER);
  const serverAt = (endpoint: RedisEndpoint): RedisServer => ({
    endpoint,
    credentials,
    secrets,
    ...use,
  });
  let server = serverAt(first);
  let turn = 0;

  return {
    /** What logs call it while it is not known where it is. */
    display,
    /** The server that was located last; before that, the first one of the URL. */
    get server(): RedisServer {
      return server;
    },
    /**
     * Where to connect now. Each call begins with another host, so that a node that is gone, or a
     * sentinel that is behind the times, leads astray once. @throws {RedisUnusableError} when no
     * sentinel names a primary that may be used; anything when `signal` aborted.
     */
    async locate(signal?: AbortSignal): Promise<RedisServer> {
      const at = turn++ % place.hosts.length;
      const hosts = [...place.hosts.slice(at), ...place.hosts.slice(0, at)];
      const inTurn = hosts.map((host) => serverAt(endpointAt(host, place.tls)));
      if (place.kind !== "sentinel") return server = inTurn[0] ?? server;
      // Loaded only where it is used: memory is short on a node.
      const { askSentinels } = await import("./sentinel.ts");
      return server = serverAt(await askSentinels(inTurn, { ...place, mayConnect, signal }));
    },
  };
}
