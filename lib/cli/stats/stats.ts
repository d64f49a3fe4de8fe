import { systemClock } from "../../base/clock.ts";
import { parseSpan } from "../../base/text/span.ts";
import { decisionStats } from "../../proposal/read/decisions.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../io.ts";
import { approvalsUnder, readingActions } from "../reading.ts";
import { present } from "../view/present.ts";
import { statsJson, statsLines } from "./view.ts";

export const stats: Command = {
  name: "stats",
  summary: "count what became of the proposals",
  synopsis: "[--since SPAN] [--json]",
  help: `Counts the proposals in all folders under RUNTIME_PATH/actions, by action and
model: how many wait, were approved, rejected, completed, failed, and how long
a decision took. That time begins when the proposal was written. It ends when
its file was moved to approved, rejected or cancelled; of those that an executor
has taken on, at the approved_at or decided_at that it noted. Reads only.

  --since SPAN     only those proposed since then: 12h, 7d, 4w (also s, m)
  --json           print the same as JSON, spans in seconds`,
  options: { since: { type: "string" }, json: { type: "boolean" } },
  run: async (io, values) => {
    const spanMs = sinceOf(values.since);
    return await readingActions(io, async (actions, root) => {
      const nowMs = systemClock.now();
      const sinceMs = spanMs === undefined ? 0 : Math.max(0, nowMs - spanMs);
      const approved = await approvalsUnder(root);
      const approvedAt = (actionId: string) => approved.get(actionId);
      const result = await decisionStats(actions, { nowMs, sinceMs, approvedAt });
      return await present(io, values, () => ({
        object: statsJson(result, sinceMs),
        lines: (options) => statsLines(result, options),
      }));
    });
  },
};

function sinceOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const spanMs = parseSpan(value);
  if (spanMs !== undefined) return spanMs;
  const shown = JSON.stringify(value.slice(0, 60));
  throw new UsageError(`stats: --since is ${shown}; it takes a span such as 12h, 7d or 4w`);
}
