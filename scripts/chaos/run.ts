/**
 * One seed, from starting everything to the verdict.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { hasStarted } from "../bench/agent_process.ts";
import { startOllama } from "../bench/ollama.ts";
import { seededRandom } from "../soak/random.ts";
import { troubledChat } from "./chat.ts";
import { check, type Verdict } from "./check.ts";
import type { AcknowledgedEvidence, Interruption, RedeliveryEvidence } from "./evidence.ts";
import type { Fault } from "./faults.ts";
import { type ChaosPlanner, openPlanner } from "./planner.ts";
import { makePlan, type Plan } from "./plan.ts";
import { entryId, publishEvents } from "./publish.ts";
import { type DurableRedis, startDurableRedis } from "./redis.ts";
import { remainsOf, waitingIn } from "./remains.ts";
import { lookAtStreams, strayKeys } from "./streams.ts";

export interface RunOptions {
  readonly seed: number;
  readonly events: number;
  readonly calm: boolean;
  readonly longOutages: boolean;
  /** Where the disks and logs of this seed are; an empty folder. */
  readonly folder: string;
  readonly project: string;
  readonly clock: Clock;
  /** Collects how to end everything; the caller disposes it. */
  readonly stack: AsyncDisposableStack;
}

export interface RunResult extends Verdict {
  readonly events: number;
  readonly services: number;
  readonly kills: number;
  readonly faults: number;
  readonly llmCalls: number;
  readonly seconds: number;
}

const NAMES = ["a", "b", "c"];
const SPAN_MS = 15_000;
/** One cooldown lasts longer than any run. */
const COOLDOWN_SECONDS = 3_600;
/** An entry of a planner that is gone is taken over after this. */
const CLAIM_SECONDS = 4;
/** The intake's default. */
const DELIVERY_LIMIT = 5;
/** A dead planner's claim lasts 30 s, and whoever waits for it looks again after as long. */
const SETTLED_WITHIN_MS = 75_000;
const STARTED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 250;
/** Different numbers for the model than for the plan. */
const CHAT_SEED = 0x5eed;

export async function runSeed(options: RunOptions): Promise<RunResult> {
  const { clock, folder, stack } = options;
  const begin = clock.monotonic();
  const plan = makePlan({ ...options, planners: NAMES.length, spanMs: SPAN_MS });
  const redis = await startDurableRedis(folder, clock);
  stack.defer(redis.close);
  const ollama = startOllama(0, troubledChat(seededRandom(options.seed ^ CHAT_SEED)));
  stack.defer(ollama.close);
  const planners: ChaosPlanner[] = [];
  for (const name of NAMES) {
    const planner = await openPlanner(name, {
      ...options,
      redisPort: redis.port,
      ollamaPort: ollama.port,
      cooldownSeconds: COOLDOWN_SECONDS,
      claimSeconds: CLAIM_SECONDS,
    });
    stack.defer(planner.close);
    planners.push(planner);
    planner.start();
  }
  await untilAll(
    planners,
    { clock, mostMs: STARTED_WITHIN_MS },
    ({ lives }) => hasStarted(lives[0]?.logFile ?? ""),
  );

  const world = { redis, planners, clock };
  const interruptions: Interruption[] = [];
  const happening = plan.faults.map(async (fault) => {
    await sleep(clock, fault.atMs);
    const fromMs = clock.now();
    await bringAbout(fault, world);
    const planner = fault.planner === undefined ? undefined : NAMES[fault.planner];
    const toMs = clock.now();
    interruptions.push({ kind: fault.kind, fromMs, toMs, ...(planner && { planner }) });
  });
  const startedMs = clock.now();
  await Promise.all([
    publishEvents(plan.events, { ...redis, clock, startedMs }),
    ...happening,
  ]);
  await settle(world);
  await Promise.all(planners.map((planner) => planner.stop()));

  const evidence = {
    streams: await lookAtStreams(redis.command),
    planners: await Promise.all(planners.map(async (planner) => ({
      ...await remainsOf(planner),
      acknowledged: acknowledgedBy(planner, { plan, startedMs }),
    }))),
    interruptions,
    redeliveries: redeliveriesOf(planners, { plan, startedMs }),
    strayKeys: await strayKeys(redis.command),
  };
  const verdict = check(plan, evidence, {
    cooldownMs: COOLDOWN_SECONDS * 1_000,
    deliveryLimit: DELIVERY_LIMIT,
  });
  return {
    ...verdict,
    events: plan.events.length,
    services: plan.services.length,
    kills: plan.faults.filter(({ kind }) => kind === "kill").length,
    faults: plan.faults.length,
    llmCalls: ollama.calls,
    seconds: (clock.monotonic() - begin) / 1_000,
  };
}

interface Sent {
  readonly plan: Plan;
  readonly startedMs: number;
}

const eventsById = ({ plan, startedMs }: Sent) =>
  new Map(plan.events.map((event, nth) => [entryId(startedMs, nth), event]));

function acknowledgedBy({ acknowledged }: ChaosPlanner, sent: Sent): AcknowledgedEvidence[] {
  const events = eventsById(sent);
  // An entry that nobody sent is asked for by planners to see whether they may acknowledge.
  return acknowledged.flatMap(({ id, atMs }) => {
    const event = events.get(id);
    if (!event) return [];
    const { node, service, type } = event;
    return { node, service, type, happenedMs: sent.startedMs + event.happenedMs, atMs };
  });
}

/** Whose entries the planners asked to be handed once more. */
function redeliveriesOf(planners: readonly ChaosPlanner[], sent: Sent): RedeliveryEvidence[] {
  const events = eventsById(sent);
  return planners.flatMap(({ redeliveries }) => redeliveries).map(({ stream, id }) => {
    const event = events.get(id);
    if (event?.stream !== stream) throw new Error(`no entry ${id} was sent to ${stream}`);
    return { node: event.node, service: event.service, count: 1 };
  });
}

interface ChaosWorld {
  readonly redis: DurableRedis;
  readonly planners: readonly ChaosPlanner[];
  readonly clock: Clock;
}

/** Resolves when the fault is over. */
async function bringAbout(fault: Fault, { redis, planners, clock }: ChaosWorld): Promise<void> {
  const { kind, forMs } = fault;
  if (kind === "redis") return await redis.restart(forMs);
  const planner = planners[fault.planner ?? 0];
  if (!planner) throw new Error(`no planner ${fault.planner}`);
  switch (kind) {
    case "kill":
      await planner.kill();
      await sleep(clock, forMs);
      return planner.start();
    case "pause":
      planner.signal("SIGSTOP");
      await sleep(clock, forMs);
      return planner.signal("SIGCONT");
    case "cut":
      return planner.proxy.cut();
    case "refuse":
      await planner.proxy.refuse();
      await sleep(clock, forMs);
      return planner.proxy.accept();
    case "freeze":
      planner.proxy.freeze();
      await sleep(clock, forMs);
      return planner.proxy.resume();
  }
}

/** Waits until nothing is left to do, or until it has taken too long: then the checks tell. */
async function settle({ redis, planners, clock }: ChaosWorld): Promise<void> {
  const end = clock.monotonic() + SETTLED_WITHIN_MS;
  for (let quiet = 0; clock.monotonic() < end;) {
    const streams = await lookAtStreams(redis.command);
    const waiting = await Promise.all(planners.map(({ root }) => waitingIn(root)));
    const done = streams.every(({ unread, pending }) => unread + pending === 0) &&
      waiting.every((count) => count === 0);
    // A planner's status is some seconds old.
    quiet = done ? quiet + 1 : 0;
    if (quiet * LOOK_EVERY_MS > 3_500) return;
    await sleep(clock, LOOK_EVERY_MS);
  }
}

async function untilAll(
  planners: readonly ChaosPlanner[],
  { clock, mostMs }: { readonly clock: Clock; readonly mostMs: number },
  condition: (planner: ChaosPlanner) => Promise<boolean>,
): Promise<void> {
  const end = clock.monotonic() + mostMs;
  for (;;) {
    const met = await Promise.all(planners.map(condition));
    if (met.every(Boolean)) return;
    if (clock.monotonic() > end) {
      const [slow] = planners.filter((_, nth) => !met[nth]);
      throw new Error(`planner ${slow?.name} did not start: see ${slow?.lives[0]?.logFile}`);
    }
    await sleep(clock, 50);
  }
}
