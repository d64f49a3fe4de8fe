import type { Clock } from "../base/clock.ts";
import type { Target } from "../event/target.ts";
import { CLAIM, CLAIM_PREFIX, KEEP } from "./claim_scripts.ts";
import type { Claim } from "./coordination.ts";
import type { ScriptCall } from "./script_runner.ts";

/**
 * How a claim ends on Redis, which would keep it for `lastsMs` at the longest; `proposed`: something
 * may have been written under it.
 */
export type ClaimEnd =
  | { readonly as: "released"; readonly lastsMs: number }
  | { readonly as: "cooldown"; readonly lastsMs: number; readonly proposed: boolean };

/**
 * Where a target's claim is kept: the prefix, node, `/`, service. Everything but `A-Za-z0-9._-` is
 * percent-encoded in both names, so that two pairs never share a key, and that a name can hold no
 * hash tag of Redis Cluster.
 */
export function claimKey({ node, service }: Target): string {
  return `${CLAIM_PREFIX}${escaped(node)}/${escaped(service)}`;
}

const escaped = (name: string) =>
  encodeURIComponent(name.toWellFormed())
    .replace(/[!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** A point in time by both clocks. */
export const momentOf = (clock: Clock) => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });
export type Moment = ReturnType<typeof momentOf>;

/** A dead planner's claim ends after this. */
export const CLAIM_TTL_MS = 30_000;
export const RENEW_EVERY_MS = CLAIM_TTL_MS / 3;
/** A renewal that Redis could not be asked for is tried again after this. */
const RETRY_MS = 2_000;
/** The share of its TTL that a claim is not relied on for, since two clocks measure it. */
const MARGIN = 0.1;

/**
 * A claim that is renewed, while a diagnosis runs, until it ends or is lost.
 *
 * What it promises: of all planners that reach the same Redis, none but the holder of the claim
 * gets `true` from {@linkcode Claim.fence} until the claim ends or its TTL has passed since it was
 * last confirmed. The fence asks Redis and reserves the target for a whole cooldown before
 * anything is written, so a planner that dies between writing and settling leaves a reservation
 * and no room for a second proposal.
 *
 * What it does not promise:
 * - A file is no part of Redis. A planner that stands still between the fence and the rename for
 *   longer than the cooldown (at least a claim's TTL) writes although another may have written.
 * - Redis replicates after it has answered, and writes its AOF every second by default: a failover
 *   or a crash can forget a claim or a cooldown that was granted. Whoever asks first has it then;
 *   that it was granted to another is not noticed, unless that one asks again.
 * - While Redis cannot be reached, a claim counts by this machine's clocks until shortly before its
 *   TTL ends; after that each planner acts alone, and two may propose. Their cooldowns are shared
 *   once Redis is back.
 */
export function redisClaim({ key, token, claimedAt, clock, run, onEnd }: {
  readonly key: string;
  readonly token: string;
  /** When asking for it began; undefined when Redis could not be asked. */
  readonly claimedAt: Moment | undefined;
  readonly clock: Clock;
  /** Rejects when Redis cannot be asked. */
  readonly run: (call: ScriptCall) => Promise<unknown>;
  /** Called at most once. Never rejects. */
  readonly onEnd: (end: ClaimEnd) => Promise<void>;
}): Claim {
  const shared = claimedAt !== undefined;
  let confirmed = { at: claimedAt ?? momentOf(clock), forMs: CLAIM_TTL_MS };
  let state: "ours" | "lost" | "ended" = "ours";
  let longestMs = CLAIM_TTL_MS;
  let proposed = false;
  let stopRenewing = () => {};
  if (shared) renewAfter(RENEW_EVERY_MS);

  function isRecent(): boolean {
    const { at: { wallMs, monotonicMs }, forMs } = confirmed;
    // The monotonic clock stands still while the machine sleeps, the wall clock may go back.
    const agoMs = Math.max(clock.now() - wallMs, clock.monotonic() - monotonicMs);
    return agoMs < forMs * (1 - MARGIN);
  }

  /** Whether Redis says that the claim is ours for `forMs` more; undefined when it cannot say. */
  async function confirm(script: string, forMs: number): Promise<boolean | undefined> {
    const at = momentOf(clock);
    longestMs = Math.max(longestMs, forMs);
    let reply: unknown;
    try {
      reply = await run({ script, key, args: [token, Math.ceil(forMs)] });
    } catch {
      return undefined;
    }
    const ours = reply === 1 || (Array.isArray(reply) && reply[0] === "claimed");
    // A reply to an earlier question may come after one that confirmed more.
    const ends = ({ at, forMs }: typeof confirmed) => at.monotonicMs + forMs;
    if (ours && ends({ at, forMs }) > ends(confirmed)) confirmed = { at, forMs };
    if (!ours) {
      if (state === "ours") state = "lost";
      stopRenewing();
    }
    return ours;
  }

  function renewAfter(ms: number) {
    stopRenewing = clock.after(ms, async () => {
      const ours = await confirm(KEEP, CLAIM_TTL_MS);
      if (state === "ours") renewAfter(ours ? RENEW_EVERY_MS : RETRY_MS);
    });
  }

  async function end(how: ClaimEnd) {
    if (state === "ended") return;
    state = "ended";
    stopRenewing();
    await onEnd(how);
  }

  return {
    shared,
    async fence(cooldownMs) {
      if (state !== "ours") return false;
      // Acting alone it may have become possible to ask.
      await confirm(shared ? KEEP : CLAIM, Math.max(cooldownMs, CLAIM_TTL_MS));
      if (state !== "ours") return false;
      const granted = isRecent() || !shared;
      proposed ||= granted;
      return granted;
    },
    settle: (cooldownMs) =>
      end(
        cooldownMs > 0
          ? { as: "cooldown", lastsMs: cooldownMs, proposed }
          : { as: "released", lastsMs: longestMs },
      ),
    release: () => end({ as: "released", lastsMs: longestMs }),
  };
}
