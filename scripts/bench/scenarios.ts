/**
 * The measurements on a running agent.
 *
 * @module
 */
import { sleep } from "../../lib/base/clock.ts";
import { errorMessage } from "../../lib/base/error_message.ts";
import { AgentEndedError } from "./agent_process.ts";
import { CHANNELS, healthEvent, healthEvents, SENTINEL, stormEvents } from "./events.ts";
import type { Outcome, Scenario, Values } from "./measures.ts";
import { cpuSeconds, memoryMiB } from "./processes.ts";
import { preparePublish } from "./resp.ts";
import { percentile } from "./statistics.ts";
import type { World } from "./world.ts";

export interface ScenarioOptions {
  readonly only: ReadonlySet<Scenario>;
  readonly messages: number;
  readonly idleSeconds: number;
  /** Whether the side writes proposals; the bare subscriber does not. */
  readonly proposes: boolean;
  /** From 0 to below 1. */
  readonly random: () => number;
}

type Measuring = (world: World, options: ScenarioOptions) => Promise<Values>;

const LATENCY_EVENTS = 200;
const STORM_SERVICES = 40;
const STORM_ROUNDS = 25;
const STORM_LLM_MS = 250;
const CHANNEL = CHANNELS[0];

let names = 0;

/** A service that no event was about before. */
function freshService(prefix: string): string {
  return `${prefix}${++names}`;
}

function epochSeconds(world: World): number {
  return Math.floor(world.clock.now() / 1000);
}

/** Publishes one event and gives the milliseconds until its proposal is a file. */
async function propose(world: World, service: string, limitMs: number): Promise<number> {
  const { agent, clock, pending, redis } = world;
  const timestamp = epochSeconds(world);
  const message = healthEvent({ type: "service_unhealthy", service, timestamp });
  const begin = clock.monotonic();
  await redis.command("PUBLISH", CHANNEL, message);
  return await agent.alive(pending.seen(`${service}-`, limitMs)) - begin;
}

interface Drain {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly publishedPerSecond: number;
}

async function drain(world: World, messages: readonly string[]): Promise<Drain> {
  const { agent, clock, pending, redis } = world;
  const service = freshService(SENTINEL);
  const timestamp = epochSeconds(world);
  const sentinel = healthEvent({ type: "service_unhealthy", service, timestamp });
  const parts = [preparePublish(CHANNEL, messages), preparePublish(CHANNEL, [sentinel])];
  const cpu = cpuSeconds(agent.pid);
  const begin = clock.monotonic();
  const replies = await agent.alive(redis.pipeline(...parts));
  const published = clock.monotonic();
  if (replies.unheard > 0 || replies.errors > 0) {
    throw new Error(`${replies.unheard} messages unheard, ${replies.errors} refused by Redis`);
  }
  const end = await agent.alive(pending.seen(`${service}-`, 60_000 + messages.length));
  return {
    perSecond: messages.length / ((end - begin) / 1000),
    cpuMicroseconds: (cpuSeconds(agent.pid) - cpu) * 1e6 / messages.length,
    publishedPerSecond: messages.length / ((published - begin) / 1000),
  };
}

const start: Measuring = (world) => Promise.resolve({ startMs: world.startMs });

const idle: Measuring = async ({ agent, clock }, { idleSeconds }) => {
  await agent.alive(sleep(clock, 3000));
  const cpu = cpuSeconds(agent.pid);
  const begin = clock.monotonic();
  await agent.alive(sleep(clock, idleSeconds * 1000));
  const seconds = (clock.monotonic() - begin) / 1000;
  const idleMiB = memoryMiB(agent.pid, "VmRSS");
  return { idleMiB, idleCpu: 100 * (cpuSeconds(agent.pid) - cpu) / seconds };
};

const benign: Measuring = async (world, { messages }) => {
  const timestamp = epochSeconds(world);
  const drained = await drain(
    world,
    healthEvents(messages, { type: "service_healthy", service: "mosquitto", timestamp }),
  );
  return {
    benignRate: drained.perSecond,
    benignCpu: drained.cpuMicroseconds,
    publisherRate: drained.publishedPerSecond,
  };
};

const cooldown: Measuring = async (world, { messages, proposes }) => {
  const service = freshService("held-");
  if (proposes) await propose(world, service, 10_000);
  const timestamp = epochSeconds(world);
  const drained = await drain(
    world,
    healthEvents(messages, { type: "service_unhealthy", service, timestamp }),
  );
  return {
    cooldownRate: drained.perSecond,
    cooldownCpu: drained.cpuMicroseconds,
    publisherRate: drained.publishedPerSecond,
  };
};

const latency: Measuring = async (world, { random }) => {
  const taken: number[] = [];
  for (let i = 0; i < LATENCY_EVENTS; i++) {
    // Not in step with an agent that polls.
    await sleep(world.clock, 20 + 100 * random());
    taken.push(await propose(world, freshService("latency-"), 10_000));
  }
  return { latencyP50: percentile(taken, 50), latencyP99: percentile(taken, 99) };
};

const storm: Measuring = async (world) => {
  const { agent, clock, ollama, pending, redis } = world;
  const services = Array.from({ length: STORM_SERVICES }, () => freshService("storm-"));
  const events = preparePublish(CHANNEL, stormEvents(services, STORM_ROUNDS, epochSeconds(world)));
  const calls = ollama.calls;
  ollama.latencyMs = STORM_LLM_MS;
  try {
    const begin = clock.monotonic();
    await agent.alive(redis.pipeline(events));
    const files = services.map((service) => pending.seen(`${service}-`, 120_000));
    const last = Math.max(...await agent.alive(Promise.all(files)));
    // Calls that should not be made would come before the one for a newer event.
    await propose(world, freshService("after-storm-"), 60_000);
    return { stormSeconds: (last - begin) / 1000, stormCalls: ollama.calls - calls - 1 };
  } finally {
    ollama.latencyMs = 0;
  }
};

const MEASURINGS: Readonly<Partial<Record<Scenario, Measuring>>> = {
  start,
  idle,
  benign,
  cooldown,
  latency,
  storm,
};

/** Runs the chosen scenarios one after another; one that fails leaves a note. */
export async function measure(world: World, options: ScenarioOptions): Promise<Outcome> {
  const values: Values = {};
  const notes: string[] = [];
  for (const [name, measuring] of Object.entries(MEASURINGS)) {
    if (!options.only.has(name as Scenario)) continue;
    try {
      Object.assign(values, await measuring(world, options));
    } catch (error) {
      notes.push(`${name}: ${errorMessage(error)}`);
      if (error instanceof AgentEndedError) return { values, notes };
    }
  }
  values.peakMiB = memoryMiB(world.agent.pid, "VmHWM");
  return { values, notes };
}
