/**
 * Runs another program to its end.
 *
 * @module
 */

/** It could not be run, or failed; the message has its words. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** What it printed. */
export async function command(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<string> {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const run = new Deno.Command(name, {
    args: [...args],
    env: { LC_ALL: "C", ...env },
    ...cwd !== undefined && { cwd },
  });
  try {
    const { success, stdout, stderr } = await run.output();
    if (success) return text(stdout);
    throw new CommandError(`${name} failed:\n${text(stderr).trim() || text(stdout).trim()}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CommandError(`${name} is needed and is not installed`);
  }
}
