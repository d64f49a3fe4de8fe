import { join } from "node:path/posix";
import type { Files } from "../base/disk/files.ts";
import type { Store } from "../base/disk/store.ts";

const NAME = "planner-agent.instance";
const LARGEST_BYTES = 1_024;

/**
 * The word of this planner, made at its first start. Where it cannot be kept, claims of this run
 * end by their TTL should it crash. Never rejects.
 */
export async function instanceOf({ store, files, nodeName, nonce }: {
  readonly store: Pick<Store, "state" | "replaceState">;
  readonly files: Pick<Files, "kind" | "readText">;
  /** A copied disk gets another name, and is another planner. */
  readonly nodeName: string;
  /** Makes a random text of letters and digits, four at least. */
  readonly nonce: () => string;
}): Promise<string> {
  const path = join(store.state, NAME);
  try {
    // A symlink could lead to another planner's.
    const text = await files.kind(path) === "file" ? await files.readText(path, LARGEST_BYTES) : "";
    const [node, instance = ""] = (text ?? "").trim().split(" ");
    if (node === nodeName && /^[A-Za-z0-9]{8,64}$/.test(instance)) return instance;
  } catch {
    // Another word is as good.
  }
  const instance = nonce() + nonce();
  // A disk that refuses this refuses the journal, too, and that is reported.
  await store.replaceState(NAME, `${nodeName} ${instance}\n`).catch(() => {});
  return instance;
}
