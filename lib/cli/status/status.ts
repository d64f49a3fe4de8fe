/**
 * `planner-agent status`: how the agent is, from what it left in state/.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import { join } from "node:path/posix";
import { type Clock, sleep, systemClock } from "../../base/clock.ts";
import { realFiles } from "../../base/disk/files.ts";
import { readStatus } from "../../observe/status/look.ts";
import type { StatusReport } from "../../observe/status/report.ts";
import type { Command } from "../command.ts";
import { EXIT, type Io, UsageError } from "../io.ts";
import { paletteFor } from "../view/palette.ts";
import { showScreen } from "../view/screen.ts";
import { unreadable } from "../reading.ts";
import { runtimePath } from "../runtime_path.ts";
import { statusLines, statusScreen } from "./view.ts";

const REDRAW_MS = 2_000;

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
  run(io, values, positionals) {
    if (positionals.length > 0) throw new UsageError("status takes no argument");
    return showStatus(io, {
      watch: values.watch === true,
      json: values.json === true,
      root: runtimePath(io.env),
      clock: systemClock,
    });
  },
};

async function showStatus(
  io: Io,
  { watch, json, root, clock }: {
    readonly watch: boolean;
    readonly json: boolean;
    readonly root: string;
    readonly clock: Clock;
  },
): Promise<number> {
  const stopping = new AbortController();
  const release = watch ? io.onSignal(() => stopping.abort()) : () => {};
  try {
    for (;;) {
      const report = await readStatus({ root, files: realFiles, nowMs: clock.now() });
      show(io, report, { watch, json });
      if (!watch) return report.agent.state === "running" ? EXIT.ok : EXIT.failure;
      await sleep(clock, REDRAW_MS, stopping.signal);
      if (stopping.signal.aborted) return EXIT.ok;
    }
  } catch (error) {
    return unreadable(io, error, join(root, "state"));
  } finally {
    release();
  }
}

function show(
  io: Io,
  report: StatusReport,
  { watch, json }: { readonly watch: boolean; readonly json: boolean },
) {
  if (json) {
    io.out(`${asciiJson(report, watch ? 0 : 2)}\n`);
    return;
  }
  const options = { width: io.width, palette: paletteFor(io) };
  const lines = watch && io.isTerminal
    ? statusScreen(report, { ...options, height: io.height })
    : statusLines(report, options);
  showScreen(io, lines, watch);
}
