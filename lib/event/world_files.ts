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
  const inner = isObject(content) ? content[file] : undefined;
  const given = isObject(inner) || Array.isArray(inner) ? inner : content;
  if (!Array.isArray(given) && !isObject(given)) return undefined;
  const named = Array.isArray(given)
    ? given.map((fields): [string, unknown] => ["", fields])
    : Object.entries(given);
  const entries = new Map<string, WorldEntry>();
  let isDocumented = named.length === 0;
  for (const [key, fields] of named.slice(0, MOST_ENTRIES)) {
    const target = isObject(fields) ? targetIn(file, key, fields) : undefined;
    if (!isObject(fields) || !target || target.node === "") continue;
    isDocumented = true;
    const entry = entryIn(file, fields);
    const known = entries.get(worldKey(target));
    if (entry) entries.set(worldKey(target), known ? worse(known, entry) : entry);
  }
  return isDocumented ? entries : undefined;
}

function targetIn(file: WorldFile, key: string, fields: Fields): Target {
  if (file === "nodes") {
    const node = name(fields.node) || name(fields.name) || name(fields.id) || cleanName(key);
    return { node, service: node };
  }
  const isNamed = file === "services";
  const [keyNode = "", keyService = ""] = isNamed ? key.split(/[/:]/) : [];
  return {
    node: name(fields.node) || cleanName(keyNode),
    service: name(fields.service) || isNamed && name(fields.name) || cleanName(keyService),
  };
}

const IS_OVER = /^(?:resolved|closed|recovered|done|cancelled)$/i;
const IS_WELL = /^(?:healthy|ok|up|running|unknown|)$/i;
const IS_AWAY = /^(?:offline|down|unreachable|away|unavailable|lost)$/i;

function entryIn(file: WorldFile, fields: Fields): WorldEntry | undefined {
  const badSinceMs = firstTime(fields, SINCE);
  switch (file) {
    case "incidents": {
      if (IS_OVER.test(name(fields.status))) return undefined;
      const { occurrence_count: count } = fields;
      const isCount = typeof count === "number" && Number.isSafeInteger(count) && count > 0;
      return { ...isCount && { occurrences: count }, ...badSinceMs && { badSinceMs } };
    }
    case "services":
      return IS_WELL.test(name(fields.health)) || !badSinceMs ? undefined : { badSinceMs };
    case "nodes":
      return { away: IS_AWAY.test(name(fields.availability) || name(fields.status)) };
    case "deployments": {
      const deployedMs = firstTime(fields, DEPLOYED);
      return deployedMs ? { deployedMs } : undefined;
    }
  }
}

const SINCE = "first_seen started_at opened_at unhealthy_since since created_at".split(" ");
const DEPLOYED = "completed_at finished_at deployed_at updated_at started_at timestamp".split(" ");

function firstTime(fields: Fields, names: readonly string[]): number | undefined {
  const times = names.map((each) => fields[each]).filter((value) =>
    value !== undefined && value !== null
  )
    .map((value) => parseTimestamp(value, 0));
  const time = times.find(({ replaced }) => !replaced);
  return time && time.seconds * 1000;
}

/** Of two entries about one target the worse count, the earlier trouble, the later deployment. */
const WORSE = { occurrences: Math.max, badSinceMs: Math.min, deployedMs: Math.max };

function worse(one: WorldEntry, other: WorldEntry): WorldEntry {
  const both = { ...one, ...other };
  for (const key of ["occurrences", "badSinceMs", "deployedMs"] as const) {
    if (one[key] && other[key]) both[key] = WORSE[key](one[key], other[key]);
  }
  return one.away ? { ...both, away: true } : both;
}

const name = (value: unknown) => typeof value === "string" ? cleanName(value) : "";
