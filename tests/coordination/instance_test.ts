import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { instanceOf } from "../../lib/coordination/instance.ts";
import { realFiles } from "../../lib/base/disk/files.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { plantLink } from "../support/plant_link.ts";
import { sandbox } from "../support/sandbox.ts";

async function planner() {
  const folder = sandbox();
  let nth = 0;
  const nonce = () => `abcd${String(++nth).padStart(4, "0")}`;
  const store = createStore({ root: folder.path, files: realFiles, nonce });
  await store.makeFolders();
  const file = join(store.state, "planner-agent.instance");
  return {
    file,
    ask: (nodeName = "piha") => instanceOf({ store, files: realFiles, nodeName, nonce }),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

Deno.test("instanceOf: stays the same from start to start", async () => {
  using planned = await planner();
  const first = await planned.ask();
  assert.equal(first, "abcd0001abcd0002");
  assert.equal(await planned.ask(), first);
  assert.equal(Deno.readTextFileSync(planned.file), `piha ${first}\n`);
});

Deno.test("instanceOf: a copied disk under another name is another planner", async () => {
  using planned = await planner();
  const first = await planned.ask("piha");
  assert.notEqual(await planned.ask("pihb"), first);
});

Deno.test("instanceOf: a damaged or linked file is replaced", async () => {
  using planned = await planner();
  const first = await planned.ask();
  Deno.writeTextFileSync(planned.file, "piha :;\n");
  const second = await planned.ask();
  assert.notEqual(second, first);
  const elsewhere = `${planned.file}.elsewhere`;
  Deno.renameSync(planned.file, elsewhere);
  plantLink(elsewhere, planned.file);
  assert.notEqual(await planned.ask(), second);
  assert.equal(Deno.readTextFileSync(elsewhere), `piha ${second}\n`);
  assert.ok(Deno.lstatSync(planned.file).isFile);
});

Deno.test("instanceOf: a disk that cannot be written costs nothing but the memory", async () => {
  using planned = await planner();
  Deno.mkdirSync(planned.file);
  const first = await planned.ask();
  assert.match(first, /^[a-z0-9]{16}$/);
  assert.notEqual(await planned.ask(), first);
});
