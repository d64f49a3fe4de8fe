/**
 * The machines of the homelab, as the prompt describes them.
 *
 * `config/topology.json`:
 *
 *     {"nodes": [{"name": "piha", "role": "Raspberry Pi 5; Redis, Ollama"},
 *                {"name": "hut", "role": "LTE edge; Zigbee2MQTT", "offlineFirst": true}]}
 *
 * @module
 */
import { errorMessage } from "../base/error_message.ts";
import { visibleText } from "../base/text/visible.ts";

interface TopologyNode {
  readonly name: string;
  /** What it is and what runs there, in a few words: each one is paid for with every diagnosis. */
  readonly role: string;
  /** Keeps working without a network, so it is expected to be away at times. */
  readonly offlineFirst?: boolean;
}

export interface Topology {
  readonly nodes: readonly TopologyNode[];
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
const LONGEST_NAME = 64;
const LONGEST_ROLE = 200;
/** Longest topology text, in UTF-16 units. */
const LONGEST_TEXT = 65_536;

/** The topology cannot be used: where it is wrong, what is there, and what is expected. */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
  constructor(
    /** The place in the JSON, for example `nodes[2].role`. */
    readonly path: string,
    value: unknown,
    /** What would be right there. */
    readonly expected: string,
  ) {
    super(`topology: ${path} is ${shown(value)}, expected ${expected}`);
  }
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(typeof value === "string" ? visibleText(value.slice(0, 80)) : value);
  return typeof value === "string" && value.length > 80 ? `${text} and more` : text;
}

function objectAt(path: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TopologyError(path, value, "an object");
  }
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) {
      const at = path === "the whole" ? key : `${path}.${key}`;
      const name = visibleText(at.length > 120 ? `${at.slice(0, 120)}…` : at);
      throw new TopologyError(name, object[key], `one of the keys ${known.join(", ")}`);
    }
  }
  return object;
}

function textAt(path: string, value: unknown, limit: number): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > limit) {
    throw new TopologyError(path, value, `a text of 1 to ${limit} characters`);
  }
  if (visibleText(value) !== value || /[\t\n]/.test(value)) {
    throw new TopologyError(path, value, "a text of one line without invisible characters");
  }
  return value.trim();
}

function nodeAt(path: string, value: unknown): TopologyNode {
  const object = objectAt(path, value, ["name", "role", "offlineFirst"]);
  const name = textAt(`${path}.name`, object["name"], LONGEST_NAME);
  const role = textAt(`${path}.role`, object["role"], LONGEST_ROLE);
  const offlineFirst = object["offlineFirst"];
  if (offlineFirst === undefined) return { name, role };
  if (typeof offlineFirst !== "boolean") {
    throw new TopologyError(`${path}.offlineFirst`, offlineFirst, "true or false");
  }
  return { name, role, offlineFirst };
}

/**
 * Reads the text of `config/topology.json`.
 *
 * @throws {TopologyError} for anything but the documented form, unknown keys included.
 */
export function parseTopology(text: string): Topology {
  if (text.length > LONGEST_TEXT) {
    throw new TopologyError("the file", `${text.length} characters`, `at most ${LONGEST_TEXT}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    const reason = errorMessage(error);
    throw new TopologyError("the file", text, `JSON (${reason.slice(0, 200)})`);
  }
  const { nodes } = objectAt("the whole", value, ["nodes"]);
  if (!Array.isArray(nodes) || nodes.length < 1 || nodes.length > MOST_NODES) {
    throw new TopologyError("nodes", nodes, `a list of 1 to ${MOST_NODES} nodes`);
  }
  const parsed = nodes.map((node: unknown, i) => nodeAt(`nodes[${i}]`, node));
  const names = new Set<string>();
  for (const [i, { name }] of parsed.entries()) {
    if (names.has(name)) throw new TopologyError(`nodes[${i}].name`, name, "a name used once");
    names.add(name);
  }
  return { nodes: parsed };
}
