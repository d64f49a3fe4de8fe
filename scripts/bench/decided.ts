/**
 * A runtime path as it is after months: with proposals that were completed long ago.
 *
 * @module
 */

/** Services that the proposals were about, and the epoch seconds of the oldest (2026-01-01). */
const SERVICES = 200;
const OLDEST = 1_767_225_600;

/** Writes `count` completed proposals below a runtime path, a minute apart. */
export async function completeProposals(root: string, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    const service = `service-${nth % SERVICES}`;
    const timestamp = OLDEST + 60 * nth;
    const id = `plan-piha-${service}-${timestamp}`;
    await Deno.writeTextFile(
      `${root}/actions/completed/${id}.json`,
      JSON.stringify({
        action_id: id,
        type: "container_restart",
        node: "piha",
        service,
        status: "completed",
        timestamp,
        completed_at: new Date(1_000 * (timestamp + 30)).toISOString(),
        payload: { action: "restart", reason: "container unhealthy" },
      }),
    );
  }
}
