/**
 * How much the agent has still to read: what Redis holds for it, and what the kernel does.
 *
 * @module
 */
import type { RedisConnection } from "../bench/resp.ts";

/** The subscribers in the answer to CLIENT LIST: their ports, and the bytes that Redis holds. */
export function parseClients(list: string): { ports: Set<number>; heldBytes: number } {
  const numbers = (field: RegExp) => [...list.matchAll(field)].map((found) => Number(found[1]));
  return {
    ports: new Set(numbers(/ addr=\S*:(\d+) /g)),
    heldBytes: numbers(/ omem=(\d+) /g).reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** Bytes that wait to be sent or read on sockets with one of these ports, from /proc/net/tcp. */
export function queuedBytes(tcp: string, ports: ReadonlySet<number>): number {
  let bytes = 0;
  for (const line of tcp.split("\n").slice(1)) {
    const [, local = "", remote = "", , queues = ""] = line.trim().split(/\s+/);
    const own = [local, remote].map((address) => parseInt(address.split(":")[1] ?? "", 16));
    if (!own.some((port) => ports.has(port))) continue;
    for (const queue of queues.split(":")) bytes += parseInt(queue, 16);
  }
  return bytes;
}

/** Bytes that were published and not read by the subscribers yet. */
export async function unreadBytes(redis: RedisConnection): Promise<number> {
  const { ports, heldBytes } = parseClients(
    String(await redis.command("CLIENT", "LIST", "TYPE", "pubsub")),
  );
  return heldBytes + queuedBytes(await Deno.readTextFile("/proc/net/tcp"), ports);
}
