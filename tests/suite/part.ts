/**
 * A suite runs in parts of many test files each. Deno gives every file that it is told to run an
 * isolate of its own, which loads the agent anew: that takes more time than most files' tests.
 *
 * @module
 */
import { basename, join } from "node:path/posix";

const TESTS = join(import.meta.dirname ?? ".", "..");

/** Folders that need more than the permissions of deno.json, and this one. */
const ELSEWHERE = ["examples", "model", "suite", "system"];

function* testFiles(folder: string, without: readonly string[] = []): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory && !without.includes(name)) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

/** The agent as many processes, hostile input, and simulated days. */
const LONG =
  /^\/(?:fuzz|house)\/|\/(?:crash|demo|least_user|replay|replay_stream|run|simulate)_test\.ts$/;

/** Registers the tests of every nth file of the suite `quick` or `long`, by where the file lies. */
export async function runPart({ filename = "", dirname: folder = "" }: ImportMeta): Promise<void> {
  const parts = [...testFiles(folder)].sort();
  const files = [...testFiles(TESTS, ELSEWHERE)].sort()
    .filter((path) => LONG.test(path.slice(TESTS.length)) === (basename(folder) === "long"));
  for (const [n, path] of files.entries()) {
    if (parts[n % parts.length] === filename) await import(path);
  }
}
