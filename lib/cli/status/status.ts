import { join } from "node:path/posix";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { readStatus } from "../../observe/status/look.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../io.ts";
import { runtimePath, unreadable } from "../reading.ts";
import { present } from "../view/present.ts";
import { statusLines } from "./view.ts";

export const status: Command = {
  name: "status",
  summary: "show how the agent is, what waits and what cools down",
  synopsis: "[--watch] [--json]",
  help: `Reads what the agent writes into RUNTIME_PATH/state every few seconds. It works
while the agent runs and after it died, without network, and says which. The
exit status is 0 while the agent runs and 1 when it does not.

  --watch   draw again every 2 s, until SIGINT or SIGTERM
  --json    print it as JSON; with --watch an object a line`,
  options: { watch: { type: "boolean" }, json: { type: "boolean" } },
  run: async (io, values) => {
    const root = runtimePath(io.env);
    try {
      return await present(io, values, async () => {
        const report = await readStatus({ root, files: realFiles, nowMs: systemClock.now() });
        return {
          object: report,
          lines: (options) => statusLines(report, options),
          status: report.agent.state === "running" ? EXIT.ok : EXIT.failure,
        };
      });
    } catch (error) {
      return unreadable(io, error, join(root, "state"));
    }
  },
};
