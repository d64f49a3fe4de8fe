import type { Clock } from "../../base/clock.ts";
import { LOOK } from "../../coordination/claim_scripts.ts";
import { CLAIM_PREFIX } from "../../coordination/redis_coordination.ts";
import { createScriptRunner } from "../../coordination/script_runner.ts";
import { about, type Finding } from "../../observe/health.ts";

/** How long Redis is tried, as by `run`. */
const DEADLINE_MS = 2_000;

/**
 * May this user share claims? Connects as `run` does with COORDINATION=redis, which tries every
 * command that they take.
 */
export async function checkClaims(
  { url, clock, nonce }: {
    readonly url: string;
    readonly clock: Clock;
    /** Makes a text that nobody else makes. */
    readonly nonce: () => string;
  },
): Promise<Finding> {
  const claims = about("claims", `${CLAIM_PREFIX}*`);
  let failure = "Redis did not answer";
  const runner = createScriptRunner({
    url,
    prefix: CLAIM_PREFIX,
    clock,
    random: () => 0,
    newToken: nonce,
    deadlineMs: DEADLINE_MS,
    onAway: ({ detail }) => failure = detail,
    onBack() {},
  });
  try {
    await runner.run({ script: LOOK, key: `${CLAIM_PREFIX}probe`, args: [] });
    return claims.fine("can be shared with other planners");
  } catch {
    return claims.problem("claims_unavailable", failure);
  } finally {
    runner.close();
  }
}
