/**
 * May this user share claims with other planners?
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { LOOK } from "../../coordination/claim_scripts.ts";
import { CLAIM_PREFIX } from "../../coordination/redis_coordination.ts";
import { createScriptRunner } from "../../coordination/script_runner.ts";
import { type Finding, fine, problem } from "../../observe/health.ts";
import type { RedisFailure } from "../../base/redis/failure.ts";

interface ClaimsCheckOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Makes a text that nobody else makes. */
  readonly nonce: () => string;
}

/** How long Redis is tried, as by `run`. */
const DEADLINE_MS = 2_000;

/** Connects as `run` does with COORDINATION=redis, which tries every command that claims take. */
export async function checkClaims(options: ClaimsCheckOptions): Promise<Finding> {
  let failure: RedisFailure | undefined;
  const runner = createScriptRunner({
    url: options.url,
    prefix: CLAIM_PREFIX,
    clock: options.clock,
    random: () => 0,
    newToken: options.nonce,
    deadlineMs: DEADLINE_MS,
    onAway: (why) => failure = why,
    onBack() {},
  });
  const about = { check: "claims", subject: `${CLAIM_PREFIX}*` };
  try {
    await runner.run({ script: LOOK, key: `${CLAIM_PREFIX}probe`, args: [] });
    return fine({ ...about, detail: "can be shared with other planners" });
  } catch {
    const detail = failure?.detail ?? "Redis did not answer";
    return problem("claims_unavailable", { ...about, detail });
  } finally {
    runner.close();
  }
}
