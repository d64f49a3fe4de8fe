import { systemClock } from "../../base/clock.ts";
import { SiteError } from "../../base/host_port.ts";
import { parseConfig, siteOf } from "../../config/config.ts";
import { BUILD } from "../../permissions/build.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../io.ts";
import { present } from "../view/present.ts";
import { permissionsOf, proofOf } from "./report.ts";

export const permissions: Command = {
  name: "permissions",
  summary: "show what this program may do",
  synopsis: "[--json]",
  help: `Prints what this program may do and what it may not, as the runtime answers when
asked.

  --json   print the same for programs`,
  // --prove is for tests of a build: it tries what must be refused.
  options: { json: { type: "boolean" }, prove: { type: "boolean" } },
  run: async (io, values) => {
    // A wrong setting must not keep a binary from telling what it may do.
    const site = BUILD?.site ?? siteOf(parseConfig(io.env));
    const look = values.prove === true ? proofOf : permissionsOf;
    try {
      return await present(io, values, () => look({ site, build: BUILD, clock: systemClock }));
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      io.err(`planner-agent: ${error.message}\n`);
      return EXIT.usage;
    }
  },
};
