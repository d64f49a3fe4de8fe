/**
 * One measurement: so many planners, one intake.
 *
 * @module
 */
import { type Clock, sleep } from "../../lib/base/clock.ts";
import { healthEvents, stormEvents } from "../bench/events.ts";
import { startOllama } from "../bench/ollama.ts";
import { TimedOutError } from "../bench/pending_files.ts";
import { memoryMiB } from "../bench/processes.ts";
import { startRedis } from "../bench/redis_server.ts";
import { waitingIn } from "../chaos/remains.ts";
import { parseStopped } from "../soak/tally.ts";
import type { GrowOptions, Intake } from "./arguments.ts";
import { oneAtATime } from "./chat.ts";
import { type GrowPlanner, startPlanner, untilStarted } from "./planner.ts";
import { publishAll, untilRead } from "./publish.ts";
import { type GrowVerdict, verdictOf } from "./verdict.ts";

export interface RunOptions extends Omit<GrowOptions, "planners" | "intakes" | "json"> {
  readonly planners: number;
  readonly intake: Intake;
  /** Where disks and logs go; an empty folder. */
  readonly folder: string;
  readonly project: string;
  readonly clock: Clock;
  /** Collects how to end everything; the caller disposes it. */
  readonly stack: AsyncDisposableStack;
}

export interface GrowResult extends GrowVerdict {
  readonly intake: Intake;
  readonly planners: number;
  readonly ollamas: number;
  /** Of the flood: until every planner that is told of them has read them. NaN without a flood. */
  readonly eventsPerSecond: number;
  readonly llmCalls: number;
  /** From the first event of the burst until the last service has its proposal. */
  readonly decidedSeconds: number;
  /** Resident memory of all planners at the end. */
  readonly memoryMiB: number;
}

const LOOK_EVERY_MS = 25;
/** What a planner says of itself is not older than this. */
const STATUS_AGE_MS = 5_500;
/** On top of what the model needs if every event of the burst is asked about. */
const SPARE_MS = 60_000;

export async function measureGrowth(options: RunOptions): Promise<GrowResult> {
  const { clock, folder, intake, stack, oneGroup } = options;
  const redis = await startRedis(folder, { clock });
  stack.defer(redis.close);
  const ollamas = Array.from({ length: options.ownOllamas ? options.planners : 1 }, () => {
    const ollama = startOllama(0, oneAtATime(options.llmMs, clock));
    stack.defer(ollama.close);
    return ollama;
  });

  const planners: GrowPlanner[] = [];
  for (let nth = 0; nth < options.planners; nth++) {
    const name = `planner-${nth + 1}`;
    const ollamaPort = ollamas[nth % ollamas.length]?.port ?? 0;
    const group = oneGroup ? "planner" : name;
    const about = { ...options, redisPort: redis.port, ollamaPort, group };
    const planner = await startPlanner(name, about);
    stack.defer(() => planner.process.stop());
    planners.push(planner);
  }
  for (const planner of planners) await untilStarted(planner, clock);
  const alive = <T>(work: Promise<T>): Promise<T> =>
    planners.reduce((promise, { process }) => process.alive(promise), work);

  const publishing = { redis: redis.connection, intake };
  const timestamp = Math.floor(clock.now() / 1000);
  const about = { type: "service_healthy", service: "mosquitto", timestamp } as const;
  const flooded = clock.monotonic();
  const mostMs = SPARE_MS + options.flood;
  await alive(publishAll(healthEvents(options.flood, about), publishing));
  await alive(untilRead({ ...publishing, clock, mostMs }));
  const floodSeconds = (clock.monotonic() - flooded) / 1000;

  const services = Array.from({ length: options.services }, (_, nth) => `burst-${nth + 1}`);
  const rounds = Math.ceil(options.events / services.length);
  const burst = stormEvents(services, rounds, timestamp).slice(0, options.events);
  const begun = clock.monotonic();
  await alive(publishAll(burst, publishing));
  const mostDecidingMs = SPARE_MS + options.llmMs * options.events;
  await alive(untilDecided(planners, { clock, services: services.length, mostMs: mostDecidingMs }));
  const decidedSeconds = (clock.monotonic() - begun) / 1000;
  await alive(untilRead({ ...publishing, clock, mostMs: SPARE_MS }));
  await alive(untilIdle(planners, { clock, mostMs: SPARE_MS }));

  const memory = planners.map(({ process }) => memoryMiB(process.pid, "VmRSS"));
  await Promise.all(planners.map(({ process }) => process.stop()));
  const logs = await Promise.all(planners.map(({ logFile }) => Deno.readTextFile(logFile)));
  const copies = intake === "streams" && oneGroup ? 1 : planners.length;
  const verdict = verdictOf({
    services: services.length,
    proposed: (await Promise.all(planners.map((planner) => planner.proposed()))).flat(),
    expected: copies * (options.flood + burst.length),
    stopped: logs.map(parseStopped),
  });
  return {
    ...verdict,
    intake,
    planners: planners.length,
    ollamas: ollamas.length,
    eventsPerSecond: options.flood === 0 ? NaN : options.flood / floodSeconds,
    llmCalls: ollamas.reduce((sum, { calls }) => sum + calls, 0),
    decidedSeconds,
    memoryMiB: memory.reduce((sum, mib) => sum + mib, 0),
  };
}

async function untilDecided(
  planners: readonly GrowPlanner[],
  { clock, services, mostMs }: {
    readonly clock: Clock;
    readonly services: number;
    readonly mostMs: number;
  },
): Promise<void> {
  const end = clock.monotonic() + mostMs;
  for (;;) {
    const proposed = await Promise.all(planners.map((planner) => planner.proposed()));
    const targets = new Set(proposed.flat()).size;
    if (targets >= services) return;
    if (clock.monotonic() > end) {
      throw new TimedOutError(
        `${targets} of ${services} services have a proposal after ${mostMs} ms`,
      );
    }
    await sleep(clock, LOOK_EVERY_MS);
  }
}

/** Resolves when nothing waits anywhere: a planner looks again at what was another's. */
async function untilIdle(
  planners: readonly GrowPlanner[],
  { clock, mostMs }: { readonly clock: Clock; readonly mostMs: number },
): Promise<void> {
  const end = clock.monotonic() + mostMs;
  for (let idleSince = clock.monotonic(); clock.monotonic() - idleSince < STATUS_AGE_MS;) {
    const waiting = await Promise.all(planners.map(({ root }) => waitingIn(root)));
    if (waiting.some((count) => count > 0)) idleSince = clock.monotonic();
    if (clock.monotonic() > end) {
      throw new TimedOutError(`${waiting.join(" + ")} events still wait`);
    }
    await sleep(clock, LOOK_EVERY_MS);
  }
}
