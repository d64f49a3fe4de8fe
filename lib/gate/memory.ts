/**
 * What the agent remembers of targets and nodes, for the facts about the next event: since when
 * something is bad, what else is bad around it, and what was changed just before.
 *
 * A word with the agent's own clock is never later than now; one from the past changes nothing
 * that is known since. It is lost with the run: it only ever makes a decision better informed.
 *
 * @module
 */
import { putLast } from "../base/bounded_map.ts";
import type { Clock } from "../base/clock.ts";
import { type Facts, factsOf } from "../llm/facts/facts.ts";
import { type Change, NO_ROLE, type Past, type Role } from "../llm/facts/past.ts";
import type { ProposalOutcome } from "../policy/earlier.ts";
import type { HealthEvent, WaitingEvent } from "../event/event.ts";
import { type FaultFamily, kindOf } from "../event/family.ts";
import type { News } from "../event/news.ts";
import { type Target, targetKey } from "../event/target.ts";
import { NO_WORLD, type World } from "../event/world.ts";

const MOST_TARGETS = 10_000;
const MOST_NODES = 1_000;
const MOST_FAULTS = 32;
const MOST_NEIGHBOURS = 64;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TOGETHER_MS = 2 * MINUTE;
/** Who was well longer ago is not asked about it. */
const LONGEST_MS = 30 * DAY;

const AWAY =
  /(?:^|_)(?:offline|down|unreachable|lost|away|not_responding|disconnected|gone)(?:_|$)/;

/** Faults of a machine that its services suffer from. */
const OF_THE_NODE: ReadonlySet<string> = new Set(["disk", "hardware", "power", "network", "node"]);

interface Changed {
  readonly what: Change;
  readonly at: number;
}

interface TargetRecord {
  badSince?: number;
  wellAt?: number;
  changed?: Changed;
  /** Kept by itself: anyone may tell of it, and a fault may still have come with a deployment. */
  remedied?: Changed;
  /** Oldest first. */
  readonly faults: { readonly family: FaultFamily; readonly at: number }[];
}

interface NodeRecord {
  /** When it was last said to be away; absent once it is back. */
  awayAt?: number;
  backAt?: number;
  changed?: Changed;
  remedied?: Changed;
  /** When which service was last heard to be bad; what is known longest comes first. */
  readonly bad: Map<string, number>;
  /** What makes everything on it suffer, whoever told it. */
  trouble?: { readonly family: FaultFamily; readonly at: number };
}

export type Memory = ReturnType<typeof createMemory>;

const newTarget = (): TargetRecord => ({ faults: [] });
const newNode = (): NodeRecord => ({ bad: new Map() });

interface MemoryOptions {
  readonly clock: Pick<Clock, "now">;
  /** What topology.json says of a service. @default nothing */
  readonly roleOf?: (target: Target) => Role;
  /** What the homelab's observer knows beside it. @default nothing */
  readonly world?: Pick<World, "about">;
}

export function createMemory(
  { clock, roleOf = () => NO_ROLE, world = NO_WORLD }: MemoryOptions,
) {
  const targets = new Map<string, TargetRecord>();
  const nodes = new Map<string, NodeRecord>();

  const targetOf = (key: string) => record(targets, key, MOST_TARGETS, newTarget);
  const nodeOf = (node: string) => record(nodes, node, MOST_NODES, newNode);

  function bad({ node, service, type }: HealthEvent, key: string, at: number) {
    const { form, about } = kindOf(type);
    const target = targetOf(key);
    if (at >= (target.wellAt ?? 0)) target.badSince ??= at;
    target.faults.push({ family: about, at });
    if (target.faults.length > MOST_FAULTS) target.faults.shift();
    const machine = nodeOf(node);
    if (about === "update") change({ node, service }, { what: "deployment", at });
    const isAway = service === node && about === "node" && AWAY.test(form);
    if (isAway && at >= Math.max(machine.awayAt ?? 0, machine.backAt ?? 0)) machine.awayAt = at;
    if (OF_THE_NODE.has(about)) machine.trouble = { family: about, at };
    if (service === node) return;
    machine.bad.set(service, at);
    const [first] = machine.bad.size > MOST_NEIGHBOURS ? machine.bad.keys() : [];
    if (first !== undefined) machine.bad.delete(first);
  }

  function well({ node, service, type }: HealthEvent, key: string, at: number) {
    const target = targetOf(key);
    if (at < (target.badSince ?? 0)) return;
    target.wellAt = at;
    delete target.badSince;
    const machine = nodes.get(node);
    if (machine?.trouble && machine.trouble.family === kindOf(type).about) delete machine.trouble;
    if (service !== node) return;
    if (machine?.awayAt === undefined || at < machine.awayAt) return;
    delete machine.awayAt;
    machine.backAt = at;
  }

  function change({ node, service }: Target, changed: Changed) {
    const ofNode = service === node || service === "all" || service === "node";
    const place = ofNode ? nodeOf(node) : targetOf(targetKey({ node, service }));
    const kind = changed.what === "remediation" ? "remedied" : "changed";
    if (changed.at >= (place[kind]?.at ?? 0)) place[kind] = changed;
  }

  function past(event: WaitingEvent, outcomes: readonly ProposalOutcome[]): Past {
    const now = clock.now();
    const at = Math.min(now, event.timestamp * 1000);
    const target = targets.get(targetKey(event)) ?? newTarget();
    const node = nodes.get(event.node) ?? newNode();
    const { badSince } = target;
    const { about } = kindOf(event.type);
    const earlier = target.faults.filter((fault) => now - fault.at < DAY && fault.at < at);
    const others = new Set(earlier.map(({ family }) => family));
    others.delete(about);
    const ago = (then: number | undefined, most: number) =>
      then === undefined || now - then >= most ? undefined : Math.max(0, now - then);
    const seen = world.about(event);
    const isOver = seen.badSinceMs !== undefined && seen.badSinceMs < (target.wellAt ?? 0);
    const since = isOver ? badSince : earliest(badSince, seen.badSinceMs);
    const deployed = seen.deployedMs === undefined
      ? undefined
      : { what: "deployment" as const, at: seen.deployedMs };
    const trouble = ago(node.trouble?.at, HOUR / 2) === undefined
      ? undefined
      : node.trouble?.family;
    const newest = (...changes: readonly (Changed | undefined)[]) =>
      changes.filter((each) => each && ago(each.at, HOUR) !== undefined)
        .sort((one, other) => (other?.at ?? 0) - (one?.at ?? 0))[0];
    const changed = newest(target.changed, node.changed, deployed) ??
      newest(target.remedied, node.remedied);
    return {
      ...some("badForMs", since === undefined || since >= at ? undefined : now - since),
      ...some("lastWellMs", ago(target.wellAt, LONGEST_MS)),
      ...some("nodeBackMs", ago(node.backAt, HOUR)),
      ...some("remedy", remedyOf(outcomes, target, now)),
      ...some("nodeTrouble", trouble === about ? undefined : trouble),
      ...some("changed", changed && { what: changed.what, agoMs: Math.max(0, now - changed.at) }),
      faults: Math.max(earlier.length, (seen.occurrences ?? 1) - 1),
      otherKinds: [...others],
      neighboursBad:
        [...node.bad].filter(([service, when]) =>
          service !== event.service && Math.abs(when - at) <= TOGETHER_MS
        ).length,
      // Not every sender tells that a node is back.
      nodeAway: event.service !== event.node &&
        (ago(node.awayAt, HOUR) !== undefined ||
          seen.nodeAway && (seen.awayAsOfMs ?? 0) > (node.backAt ?? 0)),
    };
  }

  return {
    /** An event was heard, whatever becomes of it. Takes the same time however much is remembered. */
    heard(event: HealthEvent, key: string, news: News): void {
      const at = Math.min(clock.now(), event.timestamp * 1000);
      switch (news) {
        case "fault":
          return bad(event, key, at);
        case "recovery":
          return well(event, key, at);
        case "benign": {
          const what = changeIn(event.type);
          return what && change(event, { what, at });
        }
      }
    },
    /** The facts about an event, with what is remembered and what became of earlier proposals. */
    factsOf: (event: WaitingEvent, outcomes: readonly ProposalOutcome[]): Facts =>
      factsOf(event, { past: past(event, outcomes), role: roleOf(event) }),
  };
}

function changeIn(type: string): Change | undefined {
  const { form, family } = kindOf(type);
  if (family !== "change" || form.endsWith("available")) return undefined;
  if (form.startsWith("remediation")) return "remediation";
  return /deploy|rollout|rollback/.test(form) ? "deployment" : "update";
}

/** The last restart or redeploy that was carried out, and how long the target was well after it. */
function remedyOf(
  outcomes: readonly ProposalOutcome[],
  { badSince, wellAt }: TargetRecord,
  now: number,
): Past["remedy"] {
  const tried = outcomes.flatMap(({ action, became, atMs }) =>
    (became === "completed" || became === "failed") &&
      (action === "restart" || action === "redeploy")
      ? { action, became, atMs }
      : []
  );
  const last = tried[0];
  if (!last || now - last.atMs >= DAY) return undefined;
  const held = wellAt !== undefined && wellAt >= last.atMs;
  return {
    action: last.action,
    became: last.became,
    agoMs: Math.max(0, now - last.atMs),
    ...(held && { heldMs: Math.max(0, (badSince ?? now) - last.atMs) }),
  };
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? one ?? other : Math.min(one, other);
}

function some<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [key in K]: V };
}

/** The record under `key`, made where there is none; past `most` the one made first is forgotten. */
function record<R>(records: Map<string, R>, key: string, most: number, make: () => R): R {
  const known = records.get(key);
  if (known) return known;
  const made = make();
  putLast(records, key, made, most);
  return made;
}
