/**
 * Storms: several services of one node go bad within a short time. What they share is the likely
 * fault: a person hears of it once, and the services are held like those of an offline node, until
 * that is dealt with or for a while. What the others depend on is not held: it goes first.
 *
 * @module
 */
import type { Target } from "../event/target.ts";

/** How long every fault waits for others to follow, so that the first of a storm is held too. */
const SETTLE_MS = 2_000;
/** A service that was bad longer ago than this, and not heard of since, is forgotten. */
const FORGOTTEN_MS = 6 * 3_600_000;
const MOST_NODES = 1_000;
const MOST_SERVICES = 1_000;

interface StormsOptions {
  /** So many services of a node make a storm; 0 turns storms off. */
  readonly services: number;
  readonly windowMs: number;
  /** The longest that a storm holds the events of its services. */
  readonly holdMs: number;
  /** Services that depend on a target, as the operator has told. */
  readonly neededBy: (target: Target) => readonly string[];
}

export interface Storm {
  readonly node: string;
  /** Names of the services, those that others depend on first. */
  readonly services: readonly string[];
}

interface BadService {
  readonly since: number;
  lastAt: number;
  readonly neededBy: readonly string[];
}

interface NodeState {
  readonly bad: Map<string, BadService>;
  stormUntil: number;
}

/** Times are monotonic milliseconds. */
export function createStorms({ services, windowMs, holdMs, neededBy }: StormsOptions) {
  const nodes = new Map<string, NodeState>();

  function stateOf(node: string): NodeState | undefined {
    const known = nodes.get(node);
    if (known || nodes.size >= MOST_NODES) return known;
    const made: NodeState = { bad: new Map(), stormUntil: 0 };
    nodes.set(node, made);
    return made;
  }

  /** Whether others of the storm depend on a service: nothing they ask for works before it does. */
  function isNeeded(service: string, { bad }: NodeState): boolean {
    return bad.get(service)?.neededBy.some((other) => bad.has(other)) ?? false;
  }

  return {
    /** A target is bad; returns the storm that begins with it, if one does. */
    bad(target: Target, now: number): Storm | undefined {
      const { node, service } = target;
      if (services === 0 || service === node) return undefined;
      const state = stateOf(node);
      if (!state) return undefined;
      const before = state.bad.get(service);
      if (before) {
        before.lastAt = now;
        return undefined;
      }
      if (state.bad.size >= MOST_SERVICES) return undefined;
      state.bad.set(service, { since: now, lastAt: now, neededBy: neededBy(target) });
      if (now < state.stormUntil) return undefined;
      const together = [...state.bad].filter(([, { since }]) => now - since < windowMs)
        .map(([name]) => name);
      if (together.length < services) return undefined;
      state.stormUntil = now + holdMs;
      const needed = (name: string) => Number(isNeeded(name, state));
      return { node, services: together.sort((one, other) => needed(other) - needed(one)) };
    },
    /** Whether a target that goes bad now needs others that a storm of its node holds. */
    needsOthers({ node, service }: Target, now: number): boolean {
      const state = nodes.get(node);
      return state !== undefined && now < state.stormUntil && !state.bad.has(service) &&
        [...state.bad.values()].some((other) => other.neededBy.includes(service));
    },
    well: ({ node, service }: Target) => void nodes.get(node)?.bad.delete(service),
    /** Until when a target's events are held, 0 when they are not. The node's own never are. */
    heldUntil({ node, service }: Target, now: number): number {
      const state = nodes.get(node);
      const bad = state?.bad.get(service);
      if (!state || !bad) return 0;
      if (now < state.stormUntil) return isNeeded(service, state) ? 0 : state.stormUntil;
      const settled = bad.since + SETTLE_MS;
      return settled > now ? settled : 0;
    },
    /** The storm of a node was dealt with; true when there was one. */
    over(node: string): boolean {
      const state = nodes.get(node);
      if (!state || state.stormUntil === 0) return false;
      state.stormUntil = 0;
      return true;
    },
    prune(now: number) {
      for (const [node, { bad, stormUntil }] of nodes) {
        for (const [service, { lastAt }] of bad) {
          if (now - lastAt >= FORGOTTEN_MS) bad.delete(service);
        }
        if (bad.size === 0 && now >= stormUntil) nodes.delete(node);
      }
    },
  };
}
