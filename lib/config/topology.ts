/**
 * The machines of the homelab, as the prompt describes them.
 *
 * `config/topology.json`:
 *
 *     {"nodes": [{"name": "piha", "role": "Raspberry Pi 5; Redis, Ollama"},
 *                {"name": "hut", "role": "LTE edge; Zigbee2MQTT", "offlineFirst": true,
 *                 "aliases": ["hut-old"]}]}
 *
 * @module
 */
import {
  isPlain,
  listOf,
  missing,
  type Place,
  placesIn,
  readConfigText,
  type Reject,
} from "./operator_file.ts";
import { parseServices, type TopologyService } from "./services.ts";

interface TopologyNode {
  readonly name: string;
  /** What it is and what runs there, in a few words: each one is paid for with every diagnosis. */
  readonly role: string;
  /** Keeps working without a network, so it is expected to be away at times. */
  readonly offlineFirst?: boolean;
  /** Other names that events give it. */
  readonly aliases?: readonly string[];
}

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly services?: readonly TopologyService[];
}

/** The reference homelab. */
export const DEFAULT_TOPOLOGY: Topology = {
  nodes: [
    { name: "vps", role: "Hetzner VPS; public ingress, control plane" },
    { name: "piha", role: "Raspberry Pi 5; infra, monitoring, Redis, Ollama" },
    { name: "solaria", role: "GPU workstation; AI and compute" },
    { name: "chelsty-infra", role: "LTE edge; Zigbee2MQTT, Mosquitto", offlineFirst: true },
    { name: "chelsty-ha", role: "LTE edge; Home Assistant", offlineFirst: true },
  ],
};

const MOST_NODES = 64;
const MOST_ALIASES = 16;
const LONGEST_NAME = 64;
const LONGEST_ROLE = 200;

/**
 * Reads the text of `config/topology.json`.
 *
 * @throws {ConfigFileError} naming each wrong value by its path, with what is allowed there.
 */
export function parseTopology(text: string): Topology {
  const empty = "without the file the reference homelab's nodes count";
  return readConfigText(text, { empty, read: parseWhole });
}

/** The other names of nodes, in small letters, and the names that count. */
export function aliasesOf({ nodes }: Topology): ReadonlyMap<string, string> {
  return new Map(
    nodes.flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias.toLowerCase(), name])),
  );
}

function parseWhole(root: Place, reject: Reject): Topology {
  const places = placesIn(root, { known: ["nodes", "services"], reject });
  const list = { least: 1, most: MOST_NODES, of: "nodes, each an object", reject };
  const items = places && listOf(places.nodes ?? missing("nodes"), list) || [];
  const taken = new Set<string>();
  const nodes = items.flatMap((place) => parseNode(place, { reject, taken }) ?? []);
  const services = places?.services && parseServices(places.services, reject);
  return { nodes, ...services && { services } };
}

interface Reading {
  readonly reject: Reject;
  /** Names and aliases before this one, in small letters. */
  readonly taken: Set<string>;
}

function parseNode(place: Place, { reject, taken }: Reading): TopologyNode | undefined {
  const known = ["name", "role", "offlineFirst", "aliases"] as const;
  const places = placesIn(place, { known, reject });
  if (!places) return undefined;
  const at = (key: typeof known[number]) => places[key] ?? missing(`${place.path}.${key}`);
  const name = parseName(at("name"), { reject, taken });
  const role = parseText(at("role"), { longest: LONGEST_ROLE, reject });
  const offlineFirst = places.offlineFirst && parseFlag(places.offlineFirst, reject);
  const list = { least: 1, most: MOST_ALIASES, of: "other names of the node", reject };
  const aliases = places.aliases && listOf(places.aliases, list)
    ?.flatMap((alias) => parseName(alias, { reject, taken }) ?? []);
  if (name === undefined || role === undefined) return undefined;
  return {
    name,
    role,
    ...offlineFirst !== undefined && { offlineFirst },
    ...aliases && { aliases },
  };
}

/** A name that nothing else has: an event's node must be one node. */
function parseName(place: Place, { reject, taken }: Reading): string | undefined {
  const name = parseText(place, { longest: LONGEST_NAME, reject });
  if (name === undefined) return undefined;
  if (taken.has(name.toLowerCase())) return reject(place, "a name that no node or alias has");
  taken.add(name.toLowerCase());
  return name;
}

function parseText(
  place: Place,
  { longest, reject }: { readonly longest: number; readonly reject: Reject },
): string | undefined {
  const text = typeof place.value === "string" ? place.value.trim() : undefined;
  if (isPlain(text) && text.length <= longest) return text;
  return reject(place, `a text of 1 to ${longest} visible characters on one line`);
}

function parseFlag(place: Place, reject: Reject): boolean | undefined {
  return typeof place.value === "boolean" ? place.value : reject(place, "true or false");
}
