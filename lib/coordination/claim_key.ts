/**
 * Where a target's claim is kept on Redis.
 *
 * @module
 */
import type { Target } from "../event/target.ts";

const encoder = new TextEncoder();
const PLAIN = /^[A-Za-z0-9._-]*$/;

/**
 * `prefix`, node, `/`, service. Everything but `A-Za-z0-9._-` is percent-encoded in both names, so
 * that two pairs never share a key, and that a name can hold no hash tag of Redis Cluster.
 */
export function claimKey(prefix: string, { node, service }: Target): string {
  return `${prefix}${escaped(node)}/${escaped(service)}`;
}

function escaped(name: string): string {
  if (PLAIN.test(name)) return name;
  let text = "";
  for (const byte of encoder.encode(name)) {
    const char = String.fromCharCode(byte);
    text += PLAIN.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
