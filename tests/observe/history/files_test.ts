import assert from "node:assert/strict";
import {
  historyFiles,
  historyNames,
  LARGEST_FILE_BYTES,
} from "../../../lib/observe/history/files.ts";
import { NotAFileError } from "../../../lib/base/disk/files.ts";
import { NotAFolderError } from "../../../lib/base/disk/store.ts";
import { memoryFiles } from "../../support/memory_files.ts";
import { systemError } from "../../support/system_error.ts";

const FOLDER = "/r/state/history";
const path = (nth: number) => `${FOLDER}/history-0000000${nth}.ndjson`;

/** A folder with these files, what is not a file or folder of its own as `kinds` say. */
function filling(
  texts: Readonly<Record<string, string>> = {},
  kinds: Readonly<Record<string, "other">> = {},
) {
  const files = memoryFiles();
  files.put("/r/state/x", "");
  for (const [name, text] of Object.entries(texts)) files.put(name, text);
  const { kind } = files;
  files.kind = async (path) => kinds[path] ?? await kind(path);
  const { append, close } = historyFiles({ folder: FOLDER, files });
  return {
    files,
    append,
    close,
    sizes: () =>
      files.paths().filter((name) => name.startsWith(FOLDER))
        .map((name) => files.text(name)?.length),
  };
}

Deno.test("historyFiles: the end that a torn line is given counts, to the byte", async () => {
  for (const [over, sizes] of [[0, [LARGEST_FILE_BYTES]], [1, [101, LARGEST_FILE_BYTES - 100]]]) {
    const it = filling({ [path(1)]: "t".repeat(100) });
    await it.append("x".repeat(LARGEST_FILE_BYTES - 101 + Number(over)));
    assert.deepEqual(it.sizes(), sizes);
    it.close();
  }
});

Deno.test("historyFiles: what is larger than a file has one of its own, and one file is open", async () => {
  const it = filling();
  const large = "x".repeat(LARGEST_FILE_BYTES + 1);
  for (const open of [1, 1]) {
    await it.append(large);
    assert.equal(it.files.open, open);
  }
  assert.deepEqual(it.sizes(), [large.length, large.length]);
  it.close();
  assert.equal(it.files.open, 0);
});

Deno.test("historyFiles: after a full file the next one is filled as well", async () => {
  const it = filling();
  for (const text of ["x".repeat(LARGEST_FILE_BYTES), "a\n", "b\n", "c\n"]) await it.append(text);
  it.close();
  assert.deepEqual(it.sizes(), [LARGEST_FILE_BYTES, 6]);
  assert.equal(it.files.text(path(2)), "a\nb\nc\n");
});

Deno.test("historyFiles: half a line that a full disk took stands on a line of its own", async () => {
  const it = filling();
  await it.append("one\n");
  let appends = 0;
  it.files.fate = ({ op }) => op === "append" && ++appends === 2 ? systemError("ENOSPC") : "works";
  await assert.rejects(it.append("second\n"), { code: "ENOSPC" });
  assert.equal(it.files.open, 0);
  await it.append("second\n");
  it.close();
  assert.equal(it.files.text(path(1)), "one\nsec\nsecond\n");
});

Deno.test("historyFiles: through a link in the folder's place nothing is written", async () => {
  const it = filling({ [path(1)]: "" }, { [FOLDER]: "other" });
  await assert.rejects(it.append("one\n"), NotAFolderError);
  assert.deepEqual([it.sizes(), it.files.open], [[0], 0]);
});

Deno.test("historyFiles: a link in the newest file's place is left alone", async () => {
  const it = filling({ [path(1)]: "theirs\n" }, { [path(1)]: "other" });
  await it.append("ours\n");
  it.close();
  assert.deepEqual([it.files.text(path(1)), it.files.text(path(2))], ["theirs\n", "ours\n"]);
});

Deno.test("historyFiles: a newest file that has another name elsewhere is left alone", async () => {
  const it = filling({ [path(1)]: "theirs\n" });
  const { openAppend } = it.files;
  it.files.openAppend = (name) => {
    if (name === path(1)) throw new NotAFileError(name);
    return openAppend(name);
  };
  await it.append("ours\n");
  it.close();
  assert.deepEqual([it.files.text(path(1)), it.files.text(path(2))], ["theirs\n", "ours\n"]);
});

Deno.test("historyFiles: behind the last number of eight digits they are bounded, too", async () => {
  const it = filling({ [`${FOLDER}/history-99999999.ndjson`]: "theirs\n" });
  const full = "x".repeat(LARGEST_FILE_BYTES);
  for (let nth = 0; nth < 10; nth++) await it.append(full);
  it.close();
  const names = await historyNames(FOLDER, it.files);
  assert.deepEqual(names, [2, 3, 4, 5, 6, 7, 8, 9].map((nth) => `history-10000000${nth}.ndjson`));
});

Deno.test("historyFiles: the eight newest are kept, and one that cannot be removed stays", async () => {
  const texts = Object.fromEntries(
    Array.from({ length: 8 }, (_, nth) => [path(nth + 1), "x".repeat(LARGEST_FILE_BYTES)]),
  );
  const it = filling(texts);
  it.files.fate = ({ op }) => op === "remove" ? systemError("EACCES") : "works";
  await it.append("a\n");
  assert.equal(it.sizes().length, 9);
  it.files.fate = () => "works";
  await it.append("x".repeat(LARGEST_FILE_BYTES));
  it.close();
  assert.deepEqual(it.sizes(), [...Array(6).fill(LARGEST_FILE_BYTES), 2, LARGEST_FILE_BYTES]);
});
