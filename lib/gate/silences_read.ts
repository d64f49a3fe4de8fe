/**
 * Reads config/silences.json for those who look at it beside the agent.
 *
 * @module
 */
import { join } from "node:path/posix";
import { readFailure } from "../base/disk/read_failure.ts";
import type { Files } from "../base/disk/files.ts";
import { isSystemFailure } from "../base/disk/write_failure.ts";
import { ConfigFileError } from "../config/operator_file.ts";
import { parseSilences, type Silence } from "./silences.ts";
import { SILENCES_FILE } from "./silences_watch.ts";

const LARGEST_BYTES = 1024 * 1024;

/** The file's text is "" where there is no file. */
type SilencesFile =
  | {
    readonly path: string;
    readonly text: string;
    /** Milliseconds since 1970; 0 where there is no file. */
    readonly writtenMs: number;
    readonly silences: readonly Silence[];
  }
  | { readonly path: string; readonly problem: string };

/** Reads the file under a RUNTIME_PATH. */
export async function readSilences(
  root: string,
  files: Pick<Files, "kind" | "readText" | "times">,
): Promise<SilencesFile> {
  const path = join(root, "config", SILENCES_FILE);
  try {
    if (await files.kind(path) === "none") return { path, text: "", writtenMs: 0, silences: [] };
    const text = await files.readText(path, LARGEST_BYTES);
    if (text === undefined) return { path, problem: "it is no file of at most 1 MiB" };
    const writtenMs = (await files.times(path))?.writtenMs ?? 0;
    return { path, text, writtenMs, silences: parseSilences(text, writtenMs) };
  } catch (error) {
    if (error instanceof ConfigFileError) return { path, problem: error.problems.join("; ") };
    if (isSystemFailure(error)) return { path, problem: readFailure(error, path) };
    throw error;
  }
}
