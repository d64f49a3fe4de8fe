/**
 * Where to connect for a REDIS_URL, asked anew before every connection: to one server, to the
 * primary that a sentinel names, or to the next node of a cluster. A failover ends the connection,
 * and whoever held it asks here again.
 *
 * @module
 */
import { SiteError } from "../host_port.ts";
import {
  endpointAt,
  type RedisCredentials,
  redisCredentials,
  redisDisplay,
  type RedisEndpoint,
  redisPlaceOf,
  redisSecrets,
} from "./endpoint.ts";
import type { LocateOptions, RedisTargetOptions } from "./locate.ts";
import { NOT_IN_A_CLUSTER } from "./url.ts";

interface RedisTarget {
  /** What logs call it while it is not known where it is. */
  readonly display: string;
  /** For the server that `locate` names. */
  readonly credentials: RedisCredentials | null;
  /** See `redisSecrets`. */
  readonly secrets: readonly string[];
  /**
   * Where to connect now. Each call begins with another host, so that a node that is gone, or a
   * sentinel that is behind the times, leads astray once.
   *
   * @throws {RedisNotLocatedError} when no sentinel names a primary that may be used; anything when
   * `signal` aborted.
   */
  locate(options: LocateOptions): Promise<RedisEndpoint>;
}

/**
 * What a REDIS_URL leads to.
 *
 * @throws SiteError for a URL that cannot be used, or a cluster where keys are.
 */
export function redisTarget(url: string, options: RedisTargetOptions): RedisTarget {
  const place = redisPlaceOf(url);
  if (place.kind === "cluster" && options.keys) throw new SiteError(NOT_IN_A_CLUSTER);
  const { tls } = place;
  const hosts = place.hosts.map((host) => endpointAt(host, tls));
  const credentials = redisCredentials(url);
  const secrets = redisSecrets(url);
  let turn = 0;

  /** All hosts, from another one on each time. */
  function inTurn(): [RedisEndpoint, ...RedisEndpoint[]] {
    const first = turn++ % hosts.length;
    const [head, ...rest] = [...hosts.slice(first), ...hosts.slice(0, first)];
    if (!head) throw new SiteError("REDIS_URL names no host.");
    return [head, ...rest];
  }

  return {
    display: redisDisplay(url),
    credentials,
    secrets,
    async locate(how) {
      const [next, ...others] = inTurn();
      if (place.kind !== "sentinel") return next;
      // Loaded only where it is used: memory is short on a node.
      const { askSentinels } = await import("./sentinel.ts");
      const sentinels = [next, ...others];
      return await askSentinels({ ...place, ...options, ...how, sentinels, credentials, secrets });
    },
  };
}
