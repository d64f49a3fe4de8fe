import { join } from "node:path/posix";
import fc from "fast-check";
import { ACTION_FOLDERS } from "../../lib/base/disk/store.ts";
import { makeRuntime } from "../support/agent.ts";
import { proposalFile } from "../support/proposal_file.ts";
import { sandbox } from "../support/sandbox.ts";
import { altered, textOf, word } from "./hostile.ts";
import { depths, runs } from "./runs.ts";
import { shownBy } from "./terminal.ts";

const OWN = JSON.parse(proposalFile());
const TARGET = { node: "piha", service: "mosquitto" };

const MOVES = [
  { from: "", to: "pending", timestamp: "2026-01-02T03:00:00Z", by: "supervisor" },
  { from: "pending", to: "approved", timestamp: "2026-01-02T03:05:00Z", by: "operator-ada" },
];

/** As other programs of a homelab write them. */
const OTHERS = [
  {
    ...TARGET,
    action_type: "restart_container",
    proposed_by: "supervisor",
    created_at: "2026-01-02T03:00:00Z",
    approval_required: true,
    risk: "medium",
    trigger_type: "service_unhealthy",
    location_tag: "home",
    details: { reason: "unhealthy for 5 min", image: "mosquitto:2" },
    transition_history: MOVES,
  },
  { ...TARGET, type: "rollback", timestamp: 1_767_323_000, description: "to 2.0.18" },
];

/** A proposal as it lies in a folder, decided or not. */
function fileOf(id: string): fc.Arbitrary<string> {
  const decided = {
    status: "rejected",
    decided_by: "operator-ada",
    updated_at: "2026-01-02T03:20:00Z",
    transition_history: MOVES,
  };
  const policy = [{ rule: "careful", field: "requires_human", from: "false", to: "true" }];
  return textOf(altered(fc.oneof(
    fc.constant({ ...OWN, action_id: id }),
    fc.constant({ ...OWN, action_id: id, ...decided }),
    fc.constant({ ...OWN, action_id: id, payload: { ...OWN.payload, policy } }),
    fc.constantFrom(...OTHERS),
  )));
}

/** Linux takes any name without a slash. */
const fileName = word.map((text) =>
  // deno-lint-ignore no-control-regex
  `${text.replace(/[/\x00]|[\ud800-\udfff]/g, "").slice(0, 60)}.json`
);

const COMMANDS = [
  ["pending"],
  ["pending", "--ready", "--json"],
  ["pending", "--ids"],
  ["show", "piha/mosquitto", "--json"],
  ["stats"],
  ["stats", "--since", "4w", "--json"],
];

Deno.test("fuzz: whatever lies in actions/, commands show it clean or say what is wrong", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const id = "plan-piha-mosquitto-1767323045";
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(
      fileOf(id),
      fileOf(`${id}-2`),
      fc.constantFrom(...ACTION_FOLDERS),
      fileName,
      fc.constantFrom(20, 80, 200),
      async (waiting, other, place, name, width) => {
        const paths = [[`pending/${id}.json`, waiting], [`${place}/${id}-2.json`, other], [
          `pending/${name}`,
          other,
        ]];
        for (const [path = "", text = ""] of paths) {
          Deno.writeTextFileSync(join(folder.path, "actions", path), text);
        }
        const typed = { root: folder.path, width };
        for (const args of COMMANDS) await shownBy(args, typed);
        for (const each of [id, `${id}-2`]) {
          const shown = await shownBy(["show", each], typed);
          depth.note("show", !shown.includes("Damaged:"));
        }
        for (const [path = ""] of paths) Deno.removeSync(join(folder.path, "actions", path));
      },
    ),
    runs(120),
  );
  depth.atLeast({ show: 0.4 });
});
