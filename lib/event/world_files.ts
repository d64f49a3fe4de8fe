import { isObject } from "../base/json.ts";
import { cleanName } from "../base/text/names.ts";
import type { Fields } from "./payload.ts";
import { parseTimestamp } from "./timestamp.ts";
import { type Target, targetKey } from "./target.ts";

/** The observer's files, read as untrusted: each a list of entries, or entries by their names. */
export const WORLD_FILES = ["incidents", "services", "nodes", "deployments"] as const;
export type WorldFile = typeof WORLD_FILES[number];

const MOST_ENTRIES = 5_000; // more entries of a file are not looked at

/** What is known of one target or node; times in milliseconds since 1970. */
export interface WorldEntry {
  /** How often its incident occurred, this time included. */
  readonly occurrences?: number;
  readonly badSinceMs?: number;
  readonly deployedMs?: number;
  /** The node has gone quiet. */
  readonly away?: boolean;
}

export type WorldEntries = ReadonlyMap<string, WorldEntry>;

/** Observers may spell a name in their own case. A node is the service of its own name. */
export function worldKey({ node, service }: Target): string {
  const plain = service.toLowerCase();
  const ofNode = plain === "" || plain === "all" || plain === "node";
  return targetKey({ node, service: ofNode ? node : service }).toLowerCase();
}

/** The entries of a parsed file; undefined for one that is not as documented. */
export function worldEntries(file: WorldFile, content: unknown): WorldEntries | undefined {
  const given = isObject(content) && (isObject(content[file]) || Array.isArray(content[file]))
    ? content[file]
    : content;
  if (!Array.isArray(given) && !isObject(given)) return undefined;
  const named = Array.isArray(given)
    ? given.map((entry): [string, unknown] => ["", entry])
    : Object.entries(given);
  const entries = new Map<string, WorldEntry>();
  let seen = 0;
  for (const [key, fields] of named.slice(0, MOST_ENTRIES)) {
    if (!isObject(fields)) continue;
    const target = targetIn(file, key, fields);
    if (!target) continue;
    seen++;
    const entry = entryIn(file, fields);
    const known = entries.get(worldKey(target));
    if (entry) entries.set(worldKey(target), known ? later(known, entry) : entry);
  }
  return named.length > 0 && seen === 0 ? undefined : entries;
}

function targetIn(file: WorldFile, key: string, fields: Fields): Target | undefined {
  if (file === "nodes") {
    const node = name(fields.node) || name(fields.name) || name(fields.id) || cleanName(key);
    return node === "" ? undefined : { node, service: node };
  }
  const isNamed = file === "services";
  const [keyNode = "", keyService = ""] = isNamed ? key.split(/[/:]/) : [];
  const node = name(fields.node) || cleanName(keyNode);
  const service = name(fields.service) || isNamed && name(fields.name) || cleanName(keyService);
  return node === "" ? undefined : { node, service };
}

function entryIn(file: WorldFile, fields: Fields): WorldEntry | undefined {
  const since = firstTime(fields, SINCE);
  switch (file) {
    case "incidents": {
      if (/^(?:resolved|closed|recovered|done|cancelled)$/i.test(name(fields.status))) return;
      const { occurrence_count: count } = fields;
      const counted = typeof count === "number" && Number.isSafeInteger(count) && count > 0;
      return { ...counted && { occurrences: count }, ...since && { badSinceMs: since } };
    }
    case "services": {
      const well = /^(?:healthy|ok|up|running|unknown|)$/i.test(name(fields.health));
      return well || !since ? undefined : { badSinceMs: since };
    }
    case "nodes":
      return {
        away: /^(?:offline|down|unreachable|away|unavailable|lost)$/i.test(
          name(fields.availability) || name(fields.status),
        ),
      };
    case "deployments": {
      const deployedMs = firstTime(fields, DEPLOYED);
      return deployedMs ? { deployedMs } : undefined;
    }
  }
}

const SINCE = "first_seen started_at opened_at unhealthy_since since created_at".split(" ");
const DEPLOYED = "completed_at finished_at deployed_at updated_at started_at timestamp".split(" ");

function firstTime(fields: Fields, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    const { seconds, replaced } = parseTimestamp(value, 0);
    if (!replaced) return seconds * 1000;
  }
  return undefined;
}

/** Two entries about one target: the worse count, the earlier trouble, the later deployment. */
function later(one: WorldEntry, other: WorldEntry): WorldEntry {
  function of(key: "occurrences" | "badSinceMs" | "deployedMs", pick: (...n: number[]) => number) {
    const values = [one[key], other[key]].filter((value) => value !== undefined);
    return values.length > 0 && { [key]: pick(...values) };
  }
  return {
    ...of("occurrences", Math.max),
    ...of("badSinceMs", Math.min),
    ...of("deployedMs", Math.max),
    ...(one.away || other.away) && { away: true },
  };
}

function name(value: unknown): string {
  return typeof value === "string" ? cleanName(value) : "";
}
