/**
 * Claims and cooldowns that several planners share on Redis (`COORDINATION=redis`).
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log/log.ts";
import { plainLine } from "../base/text/plain_line.ts";
import type { CreateRedisClient } from "../base/redis/client.ts";
import { redisDisplay } from "../base/redis/endpoint.ts";
import { GRAVEST } from "../gate/gravity.ts";
import { claimKey } from "./claim_key.ts";
import { CLAIM, RELEASE, SETTLE } from "./claim_scripts.ts";
import type { Claim, Coordination } from "./coordination.ts";
import { type ClaimEnd, momentOf, redisClaim } from "./redis_claim.ts";
import { createScriptRunner, type ScriptCall } from "./script_runner.ts";

interface RedisCoordinationOptions {
  /** REDIS_URL. Claims are kept in database 0. */
  readonly url: string;
  /** Of this planner, for the others' logs. */
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** Makes a text that nobody else makes, as crypto.randomUUID. */
  readonly newToken: () => string;
  /**
   * Letters and digits that this planner alone has, and has again after a restart: its claims from
   * before a crash are its own then. It must not ask for a target twice at once.
   */
  readonly instance?: string;
  /** Of every key; the user's key pattern is this and a star. */
  readonly prefix?: string;
  /** A dead planner's claim ends after this. */
  readonly ttlMs?: number;
  readonly renewEveryMs?: number;
  /** The longest that a diagnosis waits for Redis, each time. */
  readonly deadlineMs?: number;
  readonly createClient?: CreateRedisClient;
}

export const CLAIM_PREFIX = "planner:claim:";

/** Whoever asks again at once would keep Redis busy for nothing. */
const SOONEST_AGAIN_MS = 500;
/** Ends that Redis has not been told yet; the oldest is forgotten for a further one. */
const MOST_UNTOLD = 10_000;
const LONGEST_HOLDER = 400;
const LONGEST_NAME = 100;

/** An end that Redis has not confirmed. */
interface Untold {
  readonly key: string;
  readonly token: string;
  readonly end: ClaimEnd;
  /** Nothing is left to say after this, monotonic milliseconds. */
  readonly untilMs: number;
}

/**
 * Shares claims with every planner of the same `url` and `prefix`; connects when first asked.
 *
 * A user needs the keys `PREFIX*` and the commands of CLAIM_COMMANDS, AUTH aside, and no channel.
 * What claims guarantee and what they cannot is told at {@linkcode redisClaim}.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createRedisCoordination(options: RedisCoordinationOptions): Coordination {
  const { clock, log, prefix = CLAIM_PREFIX, ttlMs = 30_000, deadlineMs = 2_000 } = options;
  const renewEveryMs = options.renewEveryMs ?? ttlMs / 3;
  const host = redisDisplay(options.url);
  const own = options.instance === undefined ? "" : `${options.instance}.`;
  const ownClaims = own === "" ? "" : `claim:${own}`;
  const held = new Set<Claim>();
  const untold = new Map<string, Untold>();
  const scripts = createScriptRunner({
    ...options,
    prefix,
    deadlineMs,
    onAway: (failure) =>
      log.warning("coordination_unavailable", {
        host,
        ...failure,
        effect: "this planner keeps to its own cooldowns; another may propose for the same target",
      }),
    onBack(awayMs) {
      log.info("coordination_restored", { host, away_seconds: Math.round(awayMs / 100) / 10 });
      void tellAll();
    },
  });

  /** Says an end to Redis, or keeps it for later. */
  async function tell(saying: Untold): Promise<boolean> {
    const { key, token, end, untilMs } = saying;
    const leftMs = Math.ceil(untilMs - clock.monotonic());
    try {
      if (leftMs > 0) await scripts.run(endCall({ key, token, end, leftMs }));
    } catch {
      return false;
    }
    untold.delete(token);
    return true;
  }

  async function tellAll() {
    for (const saying of untold.values()) {
      if (!await tell(saying)) return;
    }
  }

  function hold({ key, token, claimedAt }: Pick<Untold, "key" | "token"> & {
    claimedAt?: ReturnType<typeof momentOf>;
  }): Claim {
    const claim = redisClaim({
      key,
      token,
      ...(claimedAt && { claimedAt }),
      ttlMs,
      renewEveryMs,
      clock,
      run: scripts.run,
      async onEnd(end) {
        held.delete(claim);
        const saying = { key, token, end, untilMs: clock.monotonic() + end.lastsMs };
        if (untold.size >= MOST_UNTOLD) forgetOldest();
        untold.set(token, saying);
        await tell(saying);
      },
    });
    held.add(claim);
    return claim;
  }

  function forgetOldest() {
    for (const token of untold.keys()) {
      untold.delete(token);
      return;
    }
  }

  return {
    async claim(target, gravity = GRAVEST) {
      const key = claimKey(prefix, target);
      const token = `${own}${options.newToken()}~${gravity}:${options.nodeName}`;
      const claimedAt = momentOf(clock);
      const ask = async (...replaces: string[]) =>
        answerOf(
          await scripts.run({ script: CLAIM, key, args: [token, ttlMs, ownClaims, ...replaces] }),
        );
      let answer: Answer | undefined;
      try {
        answer = await ask();
        // The cooldown of a lesser fault does not hold back this one.
        if (answer?.kind === "cooling" && gravity < answer.gravity) answer = await ask(answer.held);
      } catch {
        // Redis is away: this planner acts alone.
      }
      switch (answer?.kind) {
        case "cooling":
          return { kind: "cooling", by: answer.by, remainingMs: answer.leftMs };
        case "taken":
          // Prolonged while the other works, and cut short when it has finished.
          return { kind: "taken", by: answer.by, againMs: Math.min(answer.leftMs, renewEveryMs) };
        case "claimed":
          return { kind: "claimed", claim: hold({ key, token, claimedAt }) };
        case undefined:
          return { kind: "claimed", claim: hold({ key, token }) };
      }
    },
    async close() {
      await Promise.all([...held].map((claim) => claim.release()));
      await tellAll();
      scripts.close();
    },
  };
}

function endCall(
  { key, token, end, leftMs }: Omit<Untold, "untilMs"> & { readonly leftMs: number },
): ScriptCall {
  switch (end.as) {
    case "released":
      return { script: RELEASE, key, args: [token] };
    case "cooldown":
      return { script: SETTLE, key, args: [token, leftMs, end.proposed ? "1" : "0"] };
  }
}

type Answer =
  | { readonly kind: "claimed" }
  | {
    readonly kind: "taken" | "cooling";
    readonly by: string;
    readonly leftMs: number;
    /** What the key holds. */
    readonly held: string;
    /** How grave the fault is that it stands for. */
    readonly gravity: number;
  };

/** What CLAIM answered; undefined for what it never answers. */
function answerOf(reply: unknown): Answer | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [kind, left, holder]: unknown[] = reply;
  if (kind === "claimed") return { kind };
  if (kind !== "taken" && kind !== "cooling") return undefined;
  const leftMs = typeof left === "number" && Number.isSafeInteger(left) ? left : 0;
  const held = typeof holder === "string" ? holder.slice(0, LONGEST_HOLDER) : "";
  return {
    kind,
    by: holderName(held),
    leftMs: Math.max(SOONEST_AGAIN_MS, leftMs),
    held,
    gravity: gravityIn(held),
  };
}

/** How grave the fault was, in `cooldown:UUID~2:PLANNER`; the gravest where it does not say. */
function gravityIn(held: string): number {
  return Number(/^[a-z]{1,8}:[^:]{0,100}~(-?\d):/.exec(held)?.[1] ?? GRAVEST);
}

/** The planner in `claim:UUID:PLANNER`. Anybody may have written it. */
function holderName(held: string): string {
  const name = /^[a-z]{1,8}:[^:]{0,100}:(.+)$/s.exec(held)?.[1] ?? "";
  return plainLine(name, LONGEST_NAME) || "another planner";
}
