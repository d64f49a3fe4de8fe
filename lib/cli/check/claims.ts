import type { Clock } from "../../base/clock.ts";
import { CLAIM_PREFIX, LOOK } from "../../coordination/claim_scripts.ts";
import { createScriptRunner } from "../../coordination/script_runner.ts";
import { about, type Finding } from "../../observe/health.ts";

/**
 * May this user share claims? Connects as `run` does with COORDINATION=redis, which tries every
 * command that they take. `nonce` makes a text that nobody else makes.
 */
export async function checkClaims(
  { url, clock, nonce }: {
    readonly url: string;
    readonly clock: Clock;
    readonly nonce: () => string;
  },
): Promise<Finding> {
  const claims = about("claims", `${CLAIM_PREFIX}*`);
  let failure = "Redis did not answer";
  const runner = createScriptRunner({
    url,
    clock,
    random: () => 0,
    newToken: nonce,
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
