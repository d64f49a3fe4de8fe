import "./deadlines.ts";
import { join } from "node:path/posix";

/** The only folder that tests may write to; see the test permissions in deno.json. */
const SANDBOX = join(import.meta.dirname ?? ".", "..", "..", ".sandbox");

/** A new, empty folder in the sandbox, gone when the test ends. */
export function sandbox(): Disposable & { readonly path: string } {
  Deno.mkdirSync(SANDBOX, { recursive: true });
  const path = Deno.makeTempDirSync({ dir: SANDBOX });
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
