import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { isRefusal, openActionFiles, timeIn } from "../../../lib/proposal/read/folders.ts";
import { realFiles } from "../../../lib/base/disk/files.ts";
import { makeRuntime } from "../../support/agent.ts";
import { plantLink } from "../../support/plant_link.ts";
import { proposalFile } from "../../support/proposal_file.ts";
import { sandbox } from "../../support/sandbox.ts";

const ID = "plan-piha-mosquitto-1767323045";

function homelab() {
  const folder = sandbox();
  makeRuntime(folder.path);
  const actions = openActionFiles({ root: folder.path, files: realFiles });
  return {
    actions,
    root: folder.path,
    put: (name: string, text: string) =>
      Deno.writeTextFileSync(join(folder.path, "actions/pending", name), text),
    async why(id: string) {
      const read = (await actions.find("pending", id))?.read;
      return read?.kind === "damaged" ? read.why : read?.kind;
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

Deno.test("ActionFiles.ids: newest first by the time in the name, without temporary files", async () => {
  using lab = homelab();
  for (
    const name of [
      "plan-a-b-1700000000.json",
      "plan-z-y-1800000000.json",
      "plan-a-b-1700000000-2.json",
      "plan-a-b-1900000000-3.json",
      ".plan-a-b-1700000000.abc.tmp",
      ".hidden.json",
      "note.txt",
      "odd.json",
    ]
  ) lab.put(name, "");
  assert.deepEqual(await lab.actions.ids("pending"), [
    "plan-a-b-1900000000-3",
    "plan-z-y-1800000000",
    "plan-a-b-1700000000",
    "plan-a-b-1700000000-2",
    "odd",
  ]);
  assert.deepEqual(await lab.actions.ids("failed"), []);
});

Deno.test("timeIn: the seconds of an id, whatever number stands behind them", () => {
  const ids = ["plan-a-b-999999999", "plan-a-b-17673230450-12", "plan-a-b-99999999", "plan-7", "x"];
  assert.deepEqual(ids.map(timeIn), [999_999_999, 17_673_230_450, 0, 0, 0]);
});

Deno.test("isRefusal: of the system or of the runtime, and nothing else", () => {
  const { NotCapable, NotFound, PermissionDenied } = Deno.errors;
  const errors = [new PermissionDenied(), new NotCapable(), new NotFound(), new Error()];
  assert.deepEqual(errors.map(isRefusal), [true, true, false, false]);
});

Deno.test("ActionFiles.find: a proposal with its times; nothing where there is none", async () => {
  using lab = homelab();
  lab.put(`${ID}.json`, proposalFile());
  Deno.utimeSync(lab.actions.path("pending", ID), 1_000, 1_000);
  const found = await lab.actions.find("pending", ID);
  assert.deepEqual([found?.read.kind, found?.folder, found?.times.writtenMs], [
    "proposal",
    "pending",
    1_000_000,
  ]);
  assert.equal((found?.times.changedMs ?? 0) > 1_700_000_000_000, true);
  assert.equal(await lab.actions.find("approved", ID), undefined);
});

Deno.test("ActionFiles.find: links, folders, odd names and large files are damaged, unread", async () => {
  using lab = homelab();
  const secret = join(lab.root, "secret");
  Deno.writeTextFileSync(secret, proposalFile());
  plantLink(secret, join(lab.root, "actions/pending/plan-link-1.json"));
  plantLink("/nowhere", join(lab.root, "actions/pending/plan-dangling-1.json"));
  Deno.mkdirSync(join(lab.root, "actions/pending/plan-folder-1.json"));
  lab.put("plan a.json", proposalFile({ action_id: "plan a" }));
  lab.put("plan-large-1.json", " ".repeat(257 * 1024));
  assert.deepEqual(
    [
      await lab.why("plan-link-1"),
      await lab.why("plan-dangling-1"),
      await lab.why("plan-folder-1"),
      await lab.why("plan a"),
      await lab.why("plan-large-1"),
    ],
    [
      "it is a link, not a file",
      "it is a link, not a file",
      "it is a folder",
      "its name is none that the agent gives",
      "it is over 256 KiB",
    ],
  );
});
