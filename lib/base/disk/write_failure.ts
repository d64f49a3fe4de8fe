import { constants } from "node:os";
import { errorMessage } from "../error_message.ts";

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC:
    "The disk is full: free space (df -h) or inodes (df -i) on the filesystem of RUNTIME_PATH.",
  EDQUOT: "The disk quota of the agent's user is used up: raise it or free space.",
  EROFS: "The filesystem is read-only: look for disk errors (dmesg), then remount it read-write.",
  EACCES: "The agent's user may not write there: run the installer again to set owners and modes.",
  EPERM: "The agent's user may not write there: run the installer again to set owners and modes.",
  ENOENT: "The folder is missing: run the installer again to make it.",
  ENOTDIR: "A file or link is where a folder belongs: move it out of the way.",
  EEXIST: "A file or link is where a folder belongs: move it out of the way.",
  ELOOP: "A link leads to itself: move it out of the way.",
  NOTFILE: "Move it out of the way; the agent makes its own.",
  EIO: "The disk reports errors (dmesg): replace it, SD cards wear out.",
};

/** Whether the system or the runtime refused something, rather than the program being at fault. */
export function isSystemFailure(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return explainWriteFailure(error).code !== "other" ||
    ("code" in error && typeof error.code === "string" && /^E[A-Z0-9]{2,}$/.test(error.code));
}

/**
 * Why a file could not be written, and what an operator can do about it; `code` is the system's,
 * such as ENOSPC, or "other".
 */
export function explainWriteFailure(error: unknown) {
  const message = errorMessage(error);
  if (error instanceof Deno.errors.NotCapable) {
    return {
      code: "NotCapable",
      error: message,
      remedy: "This build may not write there: compile one with the right --runtime-path.",
    };
  }
  const given = error instanceof Error && "code" in error ? String(error.code) : "";
  const errno = Number(/\(os error (\d+)\)/.exec(message)?.[1]);
  const named = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0];
  const code = [given, named].find((each) => Object.hasOwn(REMEDIES, each ?? "")) ?? "other";
  return { code, error: message, remedy: REMEDIES[code] ?? "See the error." };
}
