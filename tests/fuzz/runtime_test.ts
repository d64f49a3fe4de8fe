import assert from "node:assert/strict";
import { join } from "node:path/posix";
import fc from "fast-check";
import { ACTION_FOLDERS } from "../../lib/base/disk/store.ts";
import { WORLD_FILES } from "../../lib/event/world_files.ts";
import { encodeHeader } from "../../lib/queue/state_lines.ts";
import { makeRuntime } from "../support/agent.ts";
import { decodeState } from "../support/decode_state.ts";
import { proposalFile } from "../support/proposal_file.ts";
import { sandbox } from "../support/sandbox.ts";
import { altered, textOf, word } from "./hostile.ts";
import { depths, runs } from "./runs.ts";
import { HISTORY_LINES, stateRecords } from "./samples.ts";
import { shownBy } from "./terminal.ts";

const NOW = new Date().toISOString();
const TARGET = { node: "piha", service: "mosquitto" };
const EVENT = { type: "service_unhealthy", ...TARGET, severity: "error", payload: { oom: true } };

const records = fc.array(textOf(altered(fc.constantFrom(...stateRecords(Date.now() - 5_000)))), {
  minLength: 1,
  maxLength: 6,
});
const history = fc.array(textOf(altered(fc.constantFrom(...HISTORY_LINES))), { maxLength: 4 });
const WORLD = {
  incidents: [{ ...TARGET, occurrence_count: 4, first_seen: NOW, status: "open" }],
  services: { "piha/mosquitto": { health: "unhealthy", unhealthy_since: NOW } },
  nodes: { piha: { availability: "online" }, vps: { status: "offline" } },
  deployments: [{ ...TARGET, completed_at: NOW }],
};
const world = fc.record(
  Object.fromEntries(WORLD_FILES.map((file) => [file, textOf(altered(fc.constant(WORLD[file])))])),
);
const decided = textOf(altered(fc.constant({
  ...JSON.parse(proposalFile()),
  timestamp: Date.parse(NOW) / 1000,
  completed_at: NOW,
})));
const folder = fc.constantFrom(...ACTION_FOLDERS);

/** A RUNTIME_PATH with this in it. */
function fill(root: string, files: Readonly<Record<string, string>>): void {
  makeRuntime(root);
  for (const each of ["state/history", "world"]) Deno.mkdirSync(join(root, each));
  for (const [path, text] of Object.entries(files)) Deno.writeTextFileSync(join(root, path), text);
}

const SETTINGS: Readonly<Record<string, string>> = { LLM_CHAIN: "rules", LOG_LEVEL: "debug" };
const env = (name: string) => SETTINGS[name];
const encoder = new TextEncoder();

Deno.test("fuzz: whatever lies under RUNTIME_PATH, an agent starts and proposes, or says why not", async () => {
  const depth = depths();
  await fc.assert(
    fc.asyncProperty(
      records,
      history,
      world,
      fc.tuple(folder, decided),
      word,
      async (state, lines, seen, [place, proposal], instance) => {
        using made = sandbox();
        const { path: root } = made;
        const journal = encodeHeader() + state.map((one) => `${one}\n`).join("");
        fill(root, {
          "state/planner-agent.state": journal,
          "state/planner-agent.instance": instance,
          "state/history/history-00000001.ndjson": lines.join("\n"),
          [`actions/${place}/plan-piha-mosquitto-1767323045.json`]: proposal,
          ...Object.fromEntries(
            Object.entries(seen).map(([file, text]) => [`world/${file}.json`, text]),
          ),
        });
        const input = [encoder.encode(`${JSON.stringify(EVENT)}\n`)];
        const shown = await shownBy(["replay", "-"], { root, env, input });
        const decoded = decodeState(journal);
        depth.note("state", decoded.kind === "state" && decoded.damagedLines < state.length);
        depth.note("agent", / received: /.test(shown));
        for (const { name } of Deno.readDirSync(join(root, "actions/pending"))) {
          assert.match(name, /^plan-[a-z0-9._-]{1,240}\.json$/i);
          if (name.startsWith("plan-piha-mosquitto-1767323045.")) continue;
          JSON.parse(Deno.readTextFileSync(join(root, "actions/pending", name)));
        }
      },
    ),
    runs(50),
  );
  depth.atLeast({ agent: 1, state: 0.5 });
});
