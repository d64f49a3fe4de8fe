import type { Clock } from "../clock.ts";
import { SiteError } from "../host_port.ts";
import type { CreateRedisClient } from "./client.ts";
import {
  endpointAt,
  redisCredentials,
  redisDisplay,
  type RedisEndpoint,
  redisEndpoint,
  redisPlaceOf,
  redisSecrets,
} from "./endpoint.ts";
import { isReplyError, RedisReplicaError } from "./errors.ts";
import { NOT_IN_A_CLUSTER } from "./url.ts";

export interface RedisTargetOptions {
  readonly clock: Clock;
  /** Whether keys are used, beside channels; a cluster is no place for them. @default {false} */
  readonly keys?: boolean;
  readonly createClient?: CreateRedisClient | undefined;
  /** Whether this program may connect to a `host:port`; by default the runtime is asked. */
  readonly mayConnect?: (hostPort: string) => Promise<boolean>;
}

export interface LocateOptions {
  /** Of connecting to a sentinel and of each of its answers; milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a REDIS_URL leads to: one server, the primary that a sentinel names, or the next node of a
 * cluster. A failover ends the connection, and whoever had it asks here again.
 *
 * @throws SiteError for a URL that cannot be used, or a cluster where keys are.
 */
export function redisTarget(url: string, options: RedisTargetOptions) {
  const place = redisPlaceOf(url);
  if (place.kind === "cluster" && options.keys) throw new SiteError(NOT_IN_A_CLUSTER);
  const hosts = place.hosts.map((host) => endpointAt(host, place.tls));
  const credentials = redisCredentials(url);
  const secrets = redisSecrets(url);
  let turn = 0;

  return {
    /** What logs call it while it is not known where it is. */
    display: redisDisplay(url),
    /** For the server that `locate` names. */
    credentials,
    secrets,
    /**
     * Where to connect now. Each call begins with another host, so that a node that is gone, or a
     * sentinel that is behind the times, leads astray once.
     *
     * @throws {RedisNotLocatedError} when no sentinel names a primary that may be used; anything
     * when `signal` aborted.
     */
    async locate(how: LocateOptions): Promise<RedisEndpoint> {
      const first = turn++ % hosts.length;
      const inTurn = [...hosts.slice(first), ...hosts.slice(0, first)];
      if (place.kind !== "sentinel") return inTurn[0] ?? redisEndpoint(url);
      // Loaded only where it is used: memory is short on a node.
      const { askSentinels } = await import("./sentinel.ts");
      return await askSentinels({
        ...place,
        ...options,
        ...how,
        sentinels: inTurn,
        credentials,
        secrets,
      });
    },
  };
}

/**
 * Asks a server that a sentinel named whether it is the primary; of any other, nothing is asked.
 * What is published on a replica, or while it has lost its primary, reaches nobody else.
 *
 * @param role sends ROLE. A user that may not (NOPERM) is taken at the sentinel's word.
 * @throws {RedisReplicaError} when it is not the primary.
 */
export async function confirmPrimary(
  { primaryOf, display }: RedisEndpoint,
  role: () => Promise<unknown>,
): Promise<void> {
  if (primaryOf === undefined) return;
  let answer: unknown;
  try {
    answer = await role();
  } catch (error) {
    if (isReplyError(error)) return;
    throw error;
  }
  if (Array.isArray(answer) && answer[0] === "master") return;
  throw new RedisReplicaError(display, primaryOf);
}
