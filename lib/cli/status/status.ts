/**
 * `planner-agent status`: how the agent is, from what it left in state/.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { join } from "node:path/posix";
import { systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { readStatus } from "../../observe/status/look.ts";
import type { Command } from "../command.ts";
import { EXIT, UsageError } from "../io.ts";
import { paletteFor } from "../view/palette.ts";
import { redrawn, showScreen } from "../view/screen.ts";
import { runtimePath, unreadable } from "../reading.ts";
import { statusLines, statusScreen } from "./view.ts";

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
  run: async (io, values, positionals) => {
    if (positionals.length > 0) throw new UsageError("status takes no argument");
    const watched = values.watch === true;
    const root = runtimePath(io.env);
    const draw = async () => {
      const report = await readStatus({ root, files: realFiles, nowMs: systemClock.now() });
      if (values.json === true) io.out(`${asciiJson(report, watched ? 0 : 2)}\n`);
      else {
        const options = { width: io.width, palette: paletteFor(io) };
        const lines = watched && io.isTerminal
          ? statusScreen(report, { ...options, height: io.height })
          : statusLines(report, options);
        showScreen(io, lines, watched);
      }
      return report.agent.state === "running" ? EXIT.ok : EXIT.failure;
    };
    try {
      return await (watched ? redrawn(io, draw) : draw());
    } catch (error) {
      return unreadable(io, error, join(root, "state"));
    }
  },
};
