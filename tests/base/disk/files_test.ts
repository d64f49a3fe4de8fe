import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { realFiles } from "../../../lib/base/disk/files.ts";
import { plantLink } from "../../support/plant_link.ts";
import { sandbox } from "../../support/sandbox.ts";

const text = "größer 🚀\n".repeat(20_000);

Deno.test("realFiles.writeNew: writes all of a new file and never touches an existing one", async () => {
  using folder = sandbox();
  const path = join(folder.path, "a");
  await realFiles.writeNew(path, text);
  assert.equal(Deno.readTextFileSync(path), text);
  await assert.rejects(realFiles.writeNew(path, "other"), Deno.errors.AlreadyExists);
  assert.equal(Deno.readTextFileSync(path), text);
});

Deno.test("realFiles.writeNew: does not write through a link that is planted there", async () => {
  using folder = sandbox();
  const victim = join(folder.path, "victim");
  Deno.writeTextFileSync(victim, "untouched");
  plantLink(victim, join(folder.path, "link"));
  plantLink(join(folder.path, "nowhere"), join(folder.path, "dangling"));
  for (const name of ["link", "dangling"]) {
    await assert.rejects(
      realFiles.writeNew(join(folder.path, name), "x"),
      Deno.errors.AlreadyExists,
    );
  }
  assert.equal(Deno.readTextFileSync(victim), "untouched");
  assert.equal(await realFiles.kind(join(folder.path, "nowhere")), "none");
});

Deno.test("realFiles.writeUnsynced: nor does it replace what is there, or write through a link", async () => {
  using folder = sandbox();
  const [victim, link] = [join(folder.path, "victim"), join(folder.path, "link")];
  Deno.writeTextFileSync(victim, "untouched");
  plantLink(victim, link);
  for (const path of [victim, link]) {
    await assert.rejects(realFiles.writeUnsynced(path, "x"), Deno.errors.AlreadyExists);
  }
  assert.equal(Deno.readTextFileSync(victim), "untouched");
});

Deno.test("realFiles.readText: a link is followed within its folder alone", async () => {
  using folder = sandbox();
  const at = (...parts: string[]) => join(folder.path, ...parts);
  for (const name of ["config", "config-of-others", "config/below"]) Deno.mkdirSync(at(name));
  for (const name of ["config/a", "config/below/b", "config-of-others/c"]) {
    Deno.writeTextFileSync(at(name), name);
    plantLink(at(name), at("config", `to-${name.at(-1)}`));
  }
  const texts = ["a", "b", "c"].map((name) => realFiles.readText(at("config", `to-${name}`), 100));
  assert.deepEqual(await Promise.all(texts), ["config/a", "config/below/b", undefined]);
});

Deno.test("realFiles.link: fails where the name is taken, with the old file unchanged", async () => {
  using folder = sandbox();
  const [a, b] = [join(folder.path, "a"), join(folder.path, "b")];
  Deno.writeTextFileSync(a, "new");
  Deno.writeTextFileSync(b, "old");
  await assert.rejects(realFiles.link(a, b), Deno.errors.AlreadyExists);
  assert.equal(Deno.readTextFileSync(b), "old");
});

Deno.test("realFiles.openAppend: appends to what is there; renamed and synced it goes on", async () => {
  using folder = sandbox();
  const [a, b] = [join(folder.path, "a"), join(folder.path, "b")];
  await realFiles.writeNew(a, "header\n");
  const file = realFiles.openAppend(a);
  file.append(text);
  realFiles.renameNow(a, b);
  file.append("last\n");
  await file.sync();
  file.close();
  assert.equal(Deno.readTextFileSync(b), `header\n${text}last\n`);
  assert.equal(await realFiles.kind(a), "none");
});

Deno.test("realFiles.openAppend: closed while it syncs, the sync still succeeds", async () => {
  using folder = sandbox();
  const file = realFiles.openAppend(join(folder.path, "a"));
  file.append(text);
  const synced = file.sync();
  file.close();
  await synced;
});

Deno.test("realFiles: a folder can be made, listed and synced", async () => {
  using folder = sandbox();
  const deep = join(folder.path, "a", "b");
  await realFiles.makeFolder(deep);
  await realFiles.makeFolder(deep);
  await realFiles.writeNew(join(deep, "z"), "");
  await realFiles.writeNew(join(deep, "y"), "");
  await realFiles.syncFolder(deep);
  assert.deepEqual(await realFiles.list(deep), ["y", "z"]);
  assert.deepEqual(await realFiles.list(join(deep, "missing")), []);
});

Deno.test("realFiles.kind: tells files, folders and links apart", async () => {
  using folder = sandbox();
  const at = (name: string) => join(folder.path, name);
  Deno.writeTextFileSync(at("file"), "");
  plantLink(folder.path, at("link"));
  assert.equal(await realFiles.kind(at("file")), "file");
  assert.equal(await realFiles.kind(folder.path), "folder");
  assert.equal(await realFiles.kind(at("link")), "other");
  assert.equal(await realFiles.kind(at("none")), "none");
});

Deno.test("realFiles.readText: nothing for what is missing, too long or no file", async () => {
  using folder = sandbox();
  const path = join(folder.path, "a");
  Deno.writeTextFileSync(path, "12345");
  assert.equal(await realFiles.readText(path, 5), "12345");
  assert.equal(await realFiles.readText(path, 4), undefined);
  assert.equal(await realFiles.readText(join(folder.path, "missing"), 5), undefined);
  assert.equal(await realFiles.readText(folder.path, 1_000_000), undefined);
});

Deno.test("realFiles.textBlocks: whole lines, however long, and what follows the last", async () => {
  using folder = sandbox();
  const path = join(folder.path, "a");
  const blocksOf = async (content: string, longest: number) => {
    Deno.writeTextFileSync(path, content);
    return await Array.fromAsync(realFiles.textBlocks(path, longest));
  };
  assert.deepEqual(await blocksOf("", 10), []);
  assert.deepEqual(await blocksOf("a\nb\n", 10), ["a\nb\n"]);
  assert.deepEqual(await blocksOf("a\nhalf", 10), ["a\n", "half"]);
  const long = "größer ".repeat(50_000);
  const many = `${long}\n${text}end`;
  const blocks = await blocksOf(many, 10_000_000);
  assert.equal(blocks.join(""), many);
  assert.ok(blocks.slice(0, -1).every((block) => block.endsWith("\n")));
  const cut = (await blocksOf(`${long.repeat(4)}\nnext\n`, 100_000)).join("");
  assert.ok(cut.endsWith("\nnext\n") && cut.length < 300_000, String(cut.length));
});

Deno.test("realFiles.touch: creates the file, then sets its time and nothing else", async () => {
  using folder = sandbox();
  const path = join(folder.path, "heartbeat");
  await realFiles.touch(path, 0);
  assert.equal(Deno.readTextFileSync(path), "");
  Deno.writeTextFileSync(path, "kept");
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  await realFiles.touch(path, at);
  assert.equal(Deno.statSync(path).mtime?.getTime(), at);
  assert.equal(Deno.readTextFileSync(path), "kept");
});

Deno.test("realFiles: a file that has another name elsewhere is neither appended to nor touched", async () => {
  using folder = sandbox();
  const [theirs, path] = [join(folder.path, "theirs"), join(folder.path, "a")];
  Deno.writeTextFileSync(theirs, "untouched");
  Deno.utimeSync(theirs, 1_000, 1_000);
  Deno.linkSync(theirs, path);
  assert.throws(() => realFiles.openAppend(path), {
    name: "NotAFileError",
    message: `${path} is a link, a folder, a FIFO or a device, not a file of its own`,
  });
  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  await realFiles.touch(path, at);
  await realFiles.touch(path, at);
  assert.equal(Deno.statSync(path).mtime?.getTime(), at);
  assert.equal(Deno.statSync(theirs).mtime?.getTime(), 1_000_000);
  assert.equal(Deno.readTextFileSync(theirs), "untouched");
});

Deno.test("realFiles.times: moving a file leaves the time of its text alone; links are not followed", async () => {
  using folder = sandbox();
  const [from, to, link] = ["a", "b", "link"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  Deno.writeTextFileSync(from, text);
  Deno.utimeSync(from, 1_000, 1_000);
  Deno.renameSync(from, to);
  plantLink(to, link);
  const times = await realFiles.times(to);
  assert.equal(times?.writtenMs, 1_000_000);
  assert.equal((times?.changedMs ?? 0) > 1_700_000_000_000, true);
  assert.notEqual((await realFiles.times(link))?.writtenMs, 1_000_000);
  assert.equal(await realFiles.times(from), undefined);
});
