import { putLast } from "../base/bounded_map.ts";
import type { Log } from "../base/log/log.ts";
import { plainLine } from "../base/text/plain_line.ts";
import { redisAddress } from "../base/redis/address.ts";
import { GRAVEST } from "../gate/gravity.ts";
import { CLAIM, RELEASE, SETTLE } from "./claim_scripts.ts";
import type { Claim, Coordination } from "./coordination.ts";
import {
  CLAIM_TTL_MS,
  type ClaimEnd,
  claimKey,
  type Moment,
  momentOf,
  redisClaim,
  RENEW_EVERY_MS,
} from "./redis_claim.ts";
import { createScriptRunner, type ScriptRunnerOptions } from "./script_runner.ts";

interface RedisCoordinationOptions extends Omit<ScriptRunnerOptions, "onAway" | "onBack"> {
  /** Of this planner, for the others' logs. */
  readonly nodeName: string;
  readonly log: Log;
  /**
   * Letters and digits of this planner alone, the same after a restart: its claims from before a
   * crash are its own then. It must not ask for a target twice at once.
   */
  readonly instance?: string;
}

/** Whoever asks again at once would keep Redis busy for nothing. */
const SOONEST_AGAIN_MS = 500;
/** Ends that Redis has not been told yet; the oldest is forgotten for a further one. */
const MOST_UNTOLD = 10_000;
const LONGEST_VALUE = 400;
const LONGEST_NAME = 100;

interface Untold {
  readonly key: string;
  readonly token: string;
  readonly end: ClaimEnd;
  /** Nothing is left to say after this, monotonic milliseconds. */
  readonly untilMs: number;
}

/**
 * Shares claims and cooldowns with every planner of the same `url`, as with `COORDINATION=redis`;
 * connects when first asked.
 *
 * A user needs the keys `CLAIM_PREFIX*` and the commands of CLAIM_COMMANDS, AUTH aside, and no
 * channel. What claims guarantee and what they cannot is told at {@linkcode redisClaim}.
 *
 * @throws SiteError for a URL that cannot be used.
 */
export function createRedisCoordination(
  { url, clock, random, newToken, nodeName, log, instance }: RedisCoordinationOptions,
): Coordination {
  const host = redisAddress(url).display;
  const own = instance === undefined ? "" : `${instance}.`;
  const ownClaims = own === "" ? "" : `claim:${own}`;
  const claims = new Set<Claim>();
  const untold = new Map<string, Untold>();
  const scripts = createScriptRunner({
    url,
    clock,
    random,
    newToken,
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
  async function tell({ key, token, end, untilMs }: Untold): Promise<boolean> {
    const leftMs = Math.ceil(untilMs - clock.monotonic());
    const call = end.as === "released"
      ? { script: RELEASE, key, args: [token] }
      : { script: SETTLE, key, args: [token, leftMs, end.proposed ? "1" : "0", ownClaims] };
    try {
      if (leftMs > 0) await scripts.run(call);
    } catch {
      return false;
    }
    untold.delete(token);
    return true;
  }

  async function tellAll(): Promise<void> {
    for (const end of untold.values()) if (!await tell(end)) return;
  }

  /** @param claimedAt undefined when Redis could not be asked */
  function begin(key: string, token: string, claimedAt: Moment | undefined): Claim {
    const claim = redisClaim({
      key,
      token,
      claimedAt,
      clock,
      run: scripts.run,
      async onEnd(end) {
        claims.delete(claim);
        const saying = { key, token, end, untilMs: clock.monotonic() + end.lastsMs };
        putLast(untold, token, saying, MOST_UNTOLD);
        await tell(saying);
      },
    });
    claims.add(claim);
    return claim;
  }

  return {
    async claim(target, gravity = GRAVEST) {
      const key = claimKey(target);
      const token = `${own}${newToken()}~${gravity}:${nodeName}`;
      const claimedAt = momentOf(clock);
      const ask = async (...replaced: string[]) => {
        const args = [token, CLAIM_TTL_MS, ownClaims, ...replaced];
        return readReply(await scripts.run({ script: CLAIM, key, args }));
      };
      let reply: ReturnType<typeof readReply>;
      try {
        reply = await ask();
        // The cooldown of a lesser fault is none for this one.
        if (reply?.kind === "cooling" && gravity < reply.gravity) reply = await ask(reply.value);
      } catch {
        // Redis is away: this planner acts alone.
      }
      if (reply?.kind === "cooling") {
        return { kind: "cooling", by: reply.by, remainingMs: reply.leftMs };
      }
      if (reply?.kind === "taken") {
        // Prolonged while the other works, and cut short when it has finished.
        return { kind: "taken", by: reply.by, againMs: Math.min(reply.leftMs, RENEW_EVERY_MS) };
      }
      return { kind: "claimed", claim: begin(key, token, reply && claimedAt) };
    },
    async close() {
      await Promise.all([...claims].map((claim) => claim.release()));
      await tellAll();
      scripts.close();
    },
  };
}

/** What CLAIM replied; undefined for what it never does. Anybody may have written what is in the key. */
function readReply(reply: unknown) {
  const [kind, left, content]: unknown[] = Array.isArray(reply) ? reply : [];
  if (kind !== "claimed" && kind !== "taken" && kind !== "cooling") return undefined;
  const leftMs = typeof left === "number" && Number.isSafeInteger(left) ? left : 0;
  // `claim:UUID:PLANNER`, or `cooldown:UUID~GRAVITY:PLANNER`; without gravity it is the gravest.
  const value = typeof content === "string" ? content.slice(0, LONGEST_VALUE) : "";
  const planner = /^[a-z]{1,8}:[^:]{0,100}:(.+)$/s.exec(value)?.[1] ?? "";
  return {
    kind,
    by: plainLine(planner, LONGEST_NAME) || "another planner",
    leftMs: Math.max(SOONEST_AGAIN_MS, leftMs),
    value,
    gravity: Number(/^[a-z]{1,8}:[^:]{0,100}~(-?\d):/.exec(value)?.[1] ?? GRAVEST),
  };
}
