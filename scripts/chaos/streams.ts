/**
 * What Redis says about the streams and their group.
 *
 * @module
 */
import { CLAIM_PREFIX } from "../../lib/coordination/claim_scripts.ts";
import { deadLetterStream } from "../../lib/intake/streams/group.ts";
import type { Reply } from "../bench/resp.ts";
import type { DeadLetter, StreamEvidence } from "./evidence.ts";
import { STREAMS } from "./plan.ts";

const GROUP = "planner";

type Command = (...words: readonly string[]) => Promise<Reply>;

/** How far the group is with each stream. */
export async function lookAtStreams(command: Command): Promise<StreamEvidence[]> {
  const streams: StreamEvidence[] = [];
  for (const stream of STREAMS) {
    const groups = listOf(await command("XINFO", "GROUPS", stream).catch(() => []));
    const group = groups.map(fieldsOf).find(({ name }) => name === GROUP) ?? {};
    const after = String(group["last-delivered-id"] ?? "0-0");
    streams.push({
      stream,
      entries: Number(await command("XLEN", stream)),
      unread: listOf(await command("XRANGE", stream, `(${after}`, "+")).length,
      pending: Number(group.pending ?? 0),
      dead: await deadLetters(stream, command),
    });
  }
  return streams;
}

/** Keys that are neither a stream's nor a claim's with an end. */
export async function strayKeys(command: Command): Promise<string[]> {
  const stray: string[] = [];
  const known: readonly string[] = STREAMS.flatMap((name) => [name, deadLetterStream(name)]);
  for (const key of listOf(await command("KEYS", "*")).map(String)) {
    if (known.includes(key)) continue;
    // -1: without an end; -2: it has just ended.
    const hasEnd = await command("PTTL", key) !== -1;
    if (!key.startsWith(CLAIM_PREFIX) || !hasEnd) stray.push(key);
  }
  return stray;
}

async function deadLetters(stream: string, command: Command): Promise<DeadLetter[]> {
  const entries = listOf(await command("XRANGE", deadLetterStream(stream), "-", "+"));
  return entries.map((entry) => {
    const { data, dead_deliveries } = fieldsOf(listOf(entry)[1] ?? []);
    const event: unknown = JSON.parse(String(data));
    const { node, service } = event as { node: string; service: string };
    return { node, service, deliveries: Number(dead_deliveries) };
  });
}

function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** A list of names and values as an object. */
function fieldsOf(reply: Reply): Record<string, Reply> {
  const words = listOf(reply);
  const fields: Record<string, Reply> = {};
  for (let i = 0; i + 1 < words.length; i += 2) fields[String(words[i])] = words[i + 1] ?? null;
  return fields;
}
