/**
 * Tests of the finished binary need programs that not every machine has. Without them they are
 * skipped, with a line that says what is missing; with REQUIRE_SYSTEM=1 they fail.
 *
 * @module
 */
import { join } from "node:path/posix";

/** Something a test needs, and whether it is there. */
export interface Requirement {
  readonly name: string;
  readonly met: boolean;
}

/** An executable on PATH. */
export function program(name: string): Requirement {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return { name, met: folders.some((folder) => exists(join(folder, name))) };
}

/** A file or folder, by path. */
export function path(name: string): Requirement {
  return { name, met: exists(name) };
}

/** The superuser, for tests of owners. */
export const root: Requirement = { name: "root", met: Deno.uid() === 0 };

function exists(name: string): boolean {
  try {
    Deno.statSync(name);
    return true;
  } catch {
    return false;
  }
}

/** Declares a test that needs something of the machine. */
export function systemTest(
  name: string,
  requirements: readonly Requirement[],
  body: (t: Deno.TestContext) => Promise<void>,
): void {
  const missing = requirements.filter(({ met }) => !met).map((requirement) => requirement.name);
  if (missing.length === 0) return Deno.test(name, body);
  const label = `${name} [needs ${missing.join(", ")}]`;
  if (Deno.env.get("REQUIRE_SYSTEM") !== "1") {
    return Deno.test({ name: label, ignore: true, fn: body });
  }
  Deno.test(label, () => {
    throw new Error(`REQUIRE_SYSTEM=1 and there is no ${missing.join(", ")}`);
  });
}
