/**
 * The machines of the homelab, as the prompt describes them, and which services keep data and need
 * which. `config/topology.json`:
 *
 *     {"nodes": [{"name": "piha", "role": "Raspberry Pi 5; Redis, Ollama"},
 *                {"name": "hut", "role": "LTE edge; Zigbee2MQTT", "offlineFirst": true,
 *                 "aliases": ["hut-old"]}],
 *      "services": [{"name": "postgres", "node": "vps", "stateful": true},
 *                   {"name": "outline", "depends_on": ["postgres"]}]}
 *
 * @module
 */
import type { Role } from "../llm/facts/past.ts";
import type { Target } from "../event/target.ts";
import { type Place, readConfigText } from "./operator_file.ts";

interface TopologyNode {
  readonly name: string;
  /** What it is and what runs there, in a few words: each one is paid for with every diagnosis. */
  readonly role: string;
  /** Keeps working without a network, so it is expected to be away at times. */
  readonly offlineFirst?: boolean;
  /** Other names that events give it. */
  readonly aliases?: readonly string[];
}

interface TopologyService {
  readonly name: string;
  /** Only on this node; on any when left out. */
  readonly node?: string;
  /** It keeps data. */
  readonly stateful?: boolean;
  /** Names of services that it does not work without. */
  readonly dependsOn?: readonly string[];
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

const NODES = { least: 1, most: 64, of: "nodes, each an object" };
const ALIASES = { least: 1, most: 16, of: "other names of the node" };
const SERVICES = { least: 1, most: 500, of: "services, each an object" };
const NEEDED = { least: 1, most: 50, of: "names of services" };
const LONGEST_NODE_NAME = 64;
const LONGEST_SERVICE_NAME = 200;
const LONGEST_ROLE = 200;

/** @throws {ConfigFileError} naming each wrong value by its path, with what is allowed there. */
export function parseTopology(text: string): Topology {
  const empty = "without the file the reference homelab's nodes count";
  return readConfigText(text, { empty, read: topologyIn });
}

function topologyIn(root: Place): Topology {
  const at = root.object(["nodes", "services"]);
  const taken = new Set<string>();
  const nodes = at?.("nodes").list(NODES)?.flatMap((place) => nodeIn(place, taken) ?? []) ?? [];
  const services = at?.("services").given?.list(SERVICES)
    ?.flatMap((place) => serviceIn(place) ?? []);
  return { nodes, ...services && { services } };
}

/** @param taken names and aliases before this one, in small letters. */
function nodeIn(place: Place, taken: Set<string>): TopologyNode | undefined {
  const at = place.object(["name", "role", "offlineFirst", "aliases"]);
  if (!at) return undefined;
  const name = nodeNameIn(at("name"), taken);
  const role = at("role").text(LONGEST_ROLE, { trimmed: true });
  const offlineFirst = at("offlineFirst").given?.flag();
  const aliases = at("aliases").given?.list(ALIASES)
    ?.flatMap((alias) => nodeNameIn(alias, taken) ?? []);
  if (name === undefined || role === undefined) return undefined;
  return {
    name,
    role,
    ...offlineFirst !== undefined && { offlineFirst },
    ...aliases && { aliases },
  };
}

/** A name that nothing else has: an event's node must be one node. */
function nodeNameIn(place: Place, taken: Set<string>): string | undefined {
  const name = place.text(LONGEST_NODE_NAME, { trimmed: true });
  if (name === undefined) return undefined;
  if (taken.has(name.toLowerCase())) return place.reject("a name that no node or alias has");
  taken.add(name.toLowerCase());
  return name;
}

function serviceIn(place: Place): TopologyService | undefined {
  const at = place.object(["name", "node", "stateful", "depends_on"]);
  if (!at) return undefined;
  const name = at("name").text(LONGEST_SERVICE_NAME);
  const node = at("node").given?.text(LONGEST_SERVICE_NAME);
  const stateful = at("stateful").given?.flag();
  const dependsOn = at("depends_on").given?.list(NEEDED)
    ?.flatMap((each) => each.text(LONGEST_SERVICE_NAME) ?? []);
  if (name === undefined) return undefined;
  return {
    name,
    ...node !== undefined && { node },
    ...stateful && { stateful },
    ...dependsOn && { dependsOn },
  };
}

/** The other names of nodes, in small letters, and the names that count. */
export function aliasesOf({ nodes }: Topology): ReadonlyMap<string, string> {
  return new Map(
    nodes.flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias.toLowerCase(), name])),
  );
}

/** What is said of the service that an event is about. */
export function roleOf(
  { services = [] }: Pick<Topology, "services">,
  { node, service }: Target,
): Role {
  const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  return {
    stateful: services.some((each) =>
      each.stateful === true && isSame(each.name, service) && isSame(each.node ?? node, node)
    ),
    neededBy: services
      .filter(({ dependsOn = [] }) => dependsOn.some((name) => isSame(name, service)))
      .map(({ name }) => name),
  };
}
