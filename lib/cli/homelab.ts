import { realFiles } from "../base/disk/files.ts";
import { createStore } from "../base/disk/store.ts";
import { isSystemFailure } from "../base/disk/write_failure.ts";
import { randomHex } from "../base/random.ts";
import { ConfigError } from "../config/config.ts";
import { readHomelab } from "../policy/homelab.ts";

/** What operators put under config/ of a RUNTIME_PATH. @throws {ConfigError} */
export async function homelabUnder(root: string) {
  return await readHomelab(createStore({ root, files: realFiles, nonce: randomHex }));
}

/** The same, or undefined where it is wrong or may not be read, which `check` tells. */
export async function usableHomelab(root: string) {
  try {
    return await homelabUnder(root);
  } catch (error) {
    if (!(error instanceof ConfigError || isSystemFailure(error))) throw error;
    return undefined;
  }
}
