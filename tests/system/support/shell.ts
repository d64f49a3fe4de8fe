/**
 * A shell that tests type the documentation's commands into.
 *
 * @module
 */
import { TextLineStream } from "../../support/text_lines.ts";
import { PROJECT } from "./binary.ts";

const DONE = "@@ done";

/** A shell that is typed into, and ends at the first command that fails. */
export function openShell() {
  const child = new Deno.Command("sh", {
    args: ["-e"],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream()).getReader();
  return {
    /** What a block prints. */
    async type(code: string): Promise<string> {
      await writer.write(new TextEncoder().encode(`${code}\necho '${DONE}'\n`));
      const out: string[] = [];
      for (;;) {
        const { value, done } = await lines.read();
        if (done) throw new Error(`the shell ended in\n${code}\nafter\n${out.join("\n")}`);
        if (value === DONE) return out.join("\n");
        out.push(value);
      }
    },
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => {});
      await child.status;
    },
  };
}

/** Resolves when it is so; fails after 30 s. A file that is not there yet says that it is not. */
export async function until(isSo: () => boolean): Promise<void> {
  const isSoNow = () => {
    try {
      return isSo();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
  for (let tries = 0; !isSoNow(); tries++) {
    if (tries > 300) throw new Error("it did not come within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether the folder could be removed whole, which a program that still writes there prevents. */
export function removed(folder: string): boolean {
  try {
    Deno.removeSync(folder, { recursive: true });
    return true;
  } catch (error) {
    if (error instanceof Error && /not empty/i.test(error.message)) return false;
    throw error;
  }
}
