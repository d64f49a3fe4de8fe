/**
 * One simulation from the first event to the end of its hours, and what came of it.
 *
 * @module
 */
import { type Config, parseConfig } from "../../lib/config/config.ts";
import type { Ending } from "../../lib/observe/ending.ts";
import { isBenign } from "../../lib/gate/objection.ts";
import { entriesInHand } from "../../lib/intake/streams/hand.ts";
import { OUTCOMES } from "../../lib/observe/outcome.ts";
import { targetKey } from "../../lib/event/target.ts";
import { seededRandom } from "../soak/random.ts";
import { sharedClaims } from "./claims.ts";
import { simulatedClock } from "./clock.ts";
import { deliveryTo } from "./delivery.ts";
import { openMember } from "./fleet.ts";
import { simulatedOllama } from "./ollama.ts";
import { createRecoveries } from "./over.ts";
import type { Speed } from "./profiles.ts";
import { createWaits, type WaitSummary } from "./waits.ts";
import { type SentEvent, type Shape, startWorkload } from "./workload.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly shape: Shape;
  readonly planners: number;
  /** Servers; the planners use them in turn. */
  readonly ollamas: number;
  readonly speed: Speed;
  /** Of every prompt; undefined: as many as the real one has. */
  readonly promptTokens: number | undefined;
  readonly answerTokens: number;
  readonly reusesPrefix: boolean;
  /** Share of requests that fail, percent. */
  readonly failPercent: number;
  /** How long nothing answers, from the middle of the time on, minutes. */
  readonly downMinutes: number;
  /** Whether each planner reads the whole stream, in a group of its own. */
  readonly ownGroups: boolean;
  /** Settings of the agents, by their names in the environment. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface SimulationResult {
  readonly nodes: number;
  readonly planners: number;
  readonly ollamas: number;
  readonly hours: number;
  /** Events that were published. */
  readonly events: number;
  /** What became of what the planners received, by outcome; all planners together. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Received and not ended: waiting, parked, held or being diagnosed. */
  readonly waiting: number;
  /** Not read from the stream yet. */
  readonly unread: number;
  readonly llmCalls: number;
  readonly promptTokensPerCall: number;
  readonly secondsPerCall: number;
  /** Share of their time that the servers work, 0 to 1. */
  readonly utilisation: number;
  /** Proposals for a target that had one less than a cooldown before. */
  readonly duplicates: number;
  /** Proposals of a model for faults that were over; a notice that a service flaps is none. */
  readonly proposedOver: number;
  /** By severity, and "all". */
  readonly waits: Readonly<Record<string, WaitSummary>>;
  /** What must not be, a sentence each. */
  readonly problems: readonly string[];
}

/** Several planners share their work, unless the settings say otherwise. */
const SHARED = { INTAKE: "streams", COORDINATION: "redis" };
/** What was held for a node waits so long for recoveries after its return. */
const RELEASED_MS = 30_000;
/** Numbers of their own for each purpose: the same events whatever the planners do. */
const SEEDS = { workload: 0, members: 0x9e37_79b9 };

/** The configuration of the `nth` planner. @throws {ConfigError} */
export function configOf(
  nth: number,
  { planners, settings }: Pick<SimulationOptions, "planners" | "settings">,
): Config {
  const all: Readonly<Record<string, string>> = {
    ...(planners > 1 ? SHARED : {}),
    ...settings,
    NODE_NAME: `planner-${nth + 1}`,
  };
  return parseConfig((name) => all[name]);
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, shape, planners, ollamas } = options;
  const clock = simulatedClock();
  const durationMs = shape.hours * 3_600_000;
  const servers = Array.from({ length: ollamas }, () => simulatedOllama({ ...options, clock }));
  const claims = sharedClaims(clock);
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0]));
  const proposedAt = new Map<string, number>();
  const recoveries = createRecoveries();
  const waits = createWaits();
  const downFrom = durationMs / 2;
  const isDown = () => {
    const now = clock.monotonic();
    return now >= downFrom && now < downFrom + options.downMinutes * 60_000;
  };
  const config = configOf(0, options);
  let duplicates = 0;
  let proposedOver = 0;

  function onEnding(ending: Ending) {
    const { outcome, event } = ending;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (!event) return;
    const key = targetKey(event);
    const now = clock.monotonic();
    waits.ended(event, ending, now);
    if (outcome !== "proposed") return;
    const last = proposedAt.get(key) ?? -Infinity;
    if (now - last < config.cooldownSeconds * 1000) duplicates++;
    proposedAt.set(key, now);
    if (ending.diagnosed && recoveries.isOver(event)) proposedOver++;
  }

  const members = Array.from({ length: planners }, (_, nth) => {
    const config = configOf(nth, options);
    return openMember({
      config,
      clock,
      random: seededRandom(seed + SEEDS.members + nth),
      servers: [...servers.slice(nth % ollamas), ...servers.slice(0, nth % ollamas)],
      ...(config.coordination === "redis" && { coordination: claims(config.nodeName) }),
      onEnding,
      failing: options.failPercent / 100,
      isDown,
    });
  });
  const { intake } = config;
  const mostInHand = entriesInHand(config);
  const delivery = deliveryTo(members, { intake, ownGroups: options.ownGroups, mostInHand });

  const encoder = new TextEncoder();
  let events = 0;
  startWorkload(shape, {
    clock,
    random: seededRandom(seed + SEEDS.workload),
    publish(sent: SentEvent) {
      events++;
      const event = { ...sent, timestamp: clock.now() / 1000 };
      const now = clock.monotonic();
      const { node, type, severity } = event;
      if (type === "node_online") clock.after(RELEASED_MS, () => waits.released(node));
      if (type === "node_offline" && config.inhibit) waits.held(node);
      if (!isBenign(type)) waits.heard(event, severity, now);
      recoveries.published(event);
      delivery.publish(encoder.encode(JSON.stringify(event)));
    },
  });
  await clock.runUntil(durationMs);

  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const llmCalls = sum(servers.map(({ calls }) => calls));
  const busyMs = sum(servers.map((server) => server.busyMs));
  const per = (total: number, count: number) => count === 0 ? 0 : total / count;
  const expected = events * delivery.copies - delivery.unread;
  const received = sum(members.map((member) => member.received));
  const accounted = sum(members.map(({ ended, waiting }) => ended + waiting));
  return {
    nodes: shape.nodes,
    planners,
    ollamas,
    hours: shape.hours,
    events,
    outcomes,
    waiting: sum(members.map(({ waiting }) => waiting)),
    unread: delivery.unread,
    llmCalls,
    promptTokensPerCall: per(sum(servers.map(({ promptTokens }) => promptTokens)), llmCalls),
    secondsPerCall: per(busyMs / 1000, llmCalls),
    utilisation: busyMs / (durationMs * ollamas),
    duplicates,
    proposedOver,
    waits: waits.summary(clock.monotonic()),
    problems: [
      ...received === expected ? [] : [`${received} events were received, not ${expected}`],
      ...accounted === received ? [] : [`${accounted} of ${received} events are accounted for`],
    ],
  };
}
