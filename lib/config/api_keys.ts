import type { LinkSpec } from "../llm/chain.ts";

/** The keys by host, or what is wrong with them, without quoting one. */
type ApiKeys = ReadonlyMap<string, string> | { readonly problem: string };

const KEY = /^[!-~]{1,2000}$/;

/**
 * What servers that speak OpenAI's API are shown: `KEY` for a chain with one such server, or
 * `HOST:PORT=KEY` for each, with blanks between.
 */
export function parseApiKeys(text: string, chain: readonly LinkSpec[]): ApiKeys {
  const hosts = new Set(chain.flatMap((link) => link.kind === "openai" ? [link.host] : []));
  const keys = new Map<string, string>();
  for (const entry of text.split(/\s+/).filter((each) => each !== "")) {
    const named = [...hosts].find((host) => entry.startsWith(`${placeOf(host)}=`));
    const host = named ?? (hosts.size === 1 ? [...hosts][0] : undefined);
    const key = named === undefined ? entry : entry.slice(placeOf(named).length + 1);
    if (hosts.size === 0) return { problem: "no link of LLM_CHAIN begins with openai/" };
    if (host === undefined || keys.has(host) || !KEY.test(key)) {
      const forms = [...hosts].map((each) => `${placeOf(each)}=KEY`).join(" ");
      return { problem: `it takes ${hosts.size === 1 ? "KEY" : forms} of visible ASCII` };
    }
    keys.set(host, key);
  }
  return keys;
}

function placeOf(host: string): string {
  return host.replace(/^https?:\/\//, "");
}
