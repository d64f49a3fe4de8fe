import { ConfigError } from "../config/config.ts";
import { ConfigFileError } from "../config/operator_file.ts";
import { BUILT_IN_RULES, type PolicyRule, ruleInWords } from "./policy.ts";
import { systemPrompt } from "../llm/prompt.ts";
import { parsePolicy } from "./file.ts";
import { type Store, UnreadableFileError } from "../base/disk/store.ts";
import { aliasesOf, DEFAULT_TOPOLOGY, parseTopology, type Topology } from "../config/topology.ts";
import { whyUnread } from "../base/disk/read_failure.ts";
import { isSystemFailure } from "../base/disk/write_failure.ts";

/**
 * One file under config/, or undefined where there is none.
 *
 * @throws {ConfigError} for a file that is wrong or cannot be read; it names the file and the value.
 */
export async function readConfigFile<T>(
  store: Pick<Store, "readConfig">,
  name: string,
  parse: (text: string) => T,
): Promise<T | undefined> {
  try {
    const text = await store.readConfig(name);
    return text === undefined ? undefined : parse(text);
  } catch (error) {
    if (isSystemFailure(error)) {
      throw new ConfigError([`config/${name} cannot be read: ${whyUnread(error)}`]);
    }
    const isWrong = error instanceof ConfigFileError || error instanceof UnreadableFileError;
    if (!isWrong) throw error;
    throw new ConfigError([`config/${name}: ${error.message}`]);
  }
}

/** The system message for a homelab and its rules. */
export function homelabPrompt(
  { nodes }: Topology = DEFAULT_TOPOLOGY,
  policy: readonly PolicyRule[] = BUILT_IN_RULES,
): string {
  return systemPrompt(nodes, policy.map(ruleInWords));
}

/**
 * The homelab and its rules: those of config/topology.json and config/policy.json, and the built-in
 * ones.
 *
 * @throws {ConfigError}
 */
export async function readHomelab(store: Pick<Store, "readConfig">) {
  const topology = await readConfigFile(store, "topology.json", parseTopology) ?? DEFAULT_TOPOLOGY;
  const rules = await readConfigFile(store, "policy.json", parsePolicy) ?? [];
  const policy: readonly PolicyRule[] = [...BUILT_IN_RULES, ...rules];
  const systemPrompt = homelabPrompt(topology, policy);
  return { topology, policy, systemPrompt, aliases: aliasesOf(topology) } as const;
}

/** @throws {ConfigError} for a file that is wrong. */
export async function openHomelab(store: Pick<Store, "readConfig">) {
  let homelab = await readHomelab(store);
  return {
    /** What is in force. */
    current: () => homelab,
    /** Reads anew. @throws {ConfigError} for a file that is wrong; what was in force stays so. */
    async reload(): Promise<void> {
      homelab = await readHomelab(store);
    },
  };
}
