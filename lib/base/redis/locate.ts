/**
 * What is given to whoever looks for the Redis to connect to.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { CreateRedisClient } from "./client.ts";

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
