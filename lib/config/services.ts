/**
 * What topology.json says of services: which keep data, and which need which.
 *
 *     "services": [{"name": "postgres", "node": "vps", "stateful": true},
 *                  {"name": "outline", "depends_on": ["postgres"]}]
 *
 * @module
 */
import type { Role } from "../llm/facts/past.ts";
import type { Target } from "../event/target.ts";
import { isPlain, listOf, missing, type Place, placesIn, type Reject } from "./operator_file.ts";

export interface TopologyService {
  readonly name: string;
  /** Only on this node; on any when left out. */
  readonly node?: string;
  /** It keeps data. */
  readonly stateful?: boolean;
  /** Names of services that it does not work without. */
  readonly dependsOn?: readonly string[];
}

const MOST_SERVICES = 500;
const MOST_NEEDED = 50;
const LONGEST_NAME = 200;

export function parseServices(place: Place, reject: Reject): TopologyService[] | undefined {
  const list = { least: 1, most: MOST_SERVICES, of: "services, each an object", reject };
  return listOf(place, list)?.flatMap((item) => parseService(item, reject) ?? []);
}

function parseService(place: Place, reject: Reject): TopologyService | undefined {
  const known = ["name", "node", "stateful", "depends_on"] as const;
  const places = placesIn(place, { known, reject });
  if (!places) return undefined;
  const name = parseName(places.name ?? missing(`${place.path}.name`), reject);
  const node = places.node && parseName(places.node, reject);
  const { stateful } = places;
  if (stateful && typeof stateful.value !== "boolean") reject(stateful, "true or false");
  const list = { least: 1, most: MOST_NEEDED, of: "names of services", reject };
  const dependsOn = places.depends_on && listOf(places.depends_on, list)
    ?.flatMap((each) => parseName(each, reject) ?? []);
  if (name === undefined) return undefined;
  return {
    name,
    ...node !== undefined && { node },
    ...stateful?.value === true && { stateful: true },
    ...dependsOn && { dependsOn },
  };
}

function parseName(place: Place, reject: Reject): string | undefined {
  const { value } = place;
  if (isPlain(value) && value.length <= LONGEST_NAME) return value;
  return reject(place, `a text of 1 to ${LONGEST_NAME} visible characters on one line`);
}

/** What is said of the service that an event is about. */
export function roleOf(services: readonly TopologyService[], { node, service }: Target): Role {
  const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  return {
    stateful: services.some((each) =>
      each.stateful === true && isSame(each.name, service) &&
      (each.node === undefined || isSame(each.node, node))
    ),
    neededBy: services.filter(({ dependsOn = [] }) =>
      dependsOn.some((name) => isSame(name, service))
    )
      .map(({ name }) => name),
  };
}
