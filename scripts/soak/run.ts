/**
 * One soak of a running agent: publish, watch its memory, stop it, read what it counted.
 *
 * @module
 */
import { every, sleep } from "../../lib/base/clock.ts";
import { parseStatus } from "../../lib/observe/status/record.ts";
import { memoryMiB } from "../bench/processes.ts";
import { encodeCommand, prepare } from "../bench/resp.ts";
import type { World } from "../bench/world.ts";
import type { Sample } from "./memory.ts";
import { createMix, type Fate, FATES } from "./mix.ts";
import { startOperator } from "./operator.ts";
import { parseStopped, type TallyOptions } from "./tally.ts";
import { unreadBytes } from "./unread.ts";

/** Few, so that the fake Ollama in this process gets its turn in between. */
const BATCH_MESSAGES = 200;
/** After so many it is asked what the agent has still to read. */
const LOOK_EVERY_MESSAGES = 2_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** The agent always has something to read, and never more than Redis keeps for a subscriber. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024;
const SAMPLE_MS = 100;
const PROGRESS_MS = 10_000;
/** The agent writes its status every few seconds. */
const CAUGHT_UP_WITHIN_MS = 60_000;
/** Of the log's end, where the counts are. */
const LOG_END_BYTES = 256 * 1024;

/** The agent's settings: what is kept for a time must be forgotten within minutes. */
export const SOAK_ENVIRONMENT: Readonly<Record<string, string>> = {
  COOLDOWN_SECONDS: "5",
  FLAP_WINDOW_SECONDS: "10",
  EVENT_TTL_SECONDS: "45",
  MAX_PENDING_PER_SERVICE: "2",
  DIAGNOSES_PER_HOUR: "0",
  PROPOSALS_PER_DAY: "0",
};

export interface SoakRunOptions {
  readonly messages: number;
  readonly seed: number;
  readonly minutes: number;
  /** Takes a line about how far it is. */
  readonly say: (line: string) => void;
}

export interface SoakResult extends TallyOptions {
  readonly samples: readonly Sample[];
  readonly count: number;
  /** How long publishing took. */
  readonly seconds: number;
  readonly llmCalls: number;
  readonly decided: number;
}

/** Publishes everything and stops the agent. @throws when its end tells no counts. */
export async function runSoak(world: World, options: SoakRunOptions): Promise<SoakResult> {
  const { agent, clock, ollama, redis, root } = world;
  const operator = startOperator(root, clock);
  const samples: Sample[] = [];
  let published = 0;
  let looked = 0;
  const stopSampling = every(clock, SAMPLE_MS, () => {
    const mib = memoryMiB(agent.pid, "VmRSS");
    if (mib > 0) samples.push({ published, mib });
  });
  const begin = clock.monotonic();
  const seconds = () => (clock.monotonic() - begin) / 1000;
  const stopTelling = every(clock, PROGRESS_MS, () => {
    const rate = Math.round(published / seconds()).toLocaleString("en-US");
    const [count, mib] = [published.toLocaleString("en-US"), samples.at(-1)?.mib.toFixed(0)];
    options.say(`${count} published, ${rate} a second, ${mib} MiB, ${ollama.calls} LLM calls`);
  });
  const fates = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
  const next = createMix({ ...options, epochSeconds: Math.floor(clock.now() / 1000) });
  let publishedSeconds = 0;
  try {
    while (published < options.messages && seconds() < options.minutes * 60) {
      const commands: Uint8Array[] = [];
      const most = Math.min(BATCH_MESSAGES, options.messages - published);
      for (let bytes = 0; commands.length < most && bytes < BATCH_BYTES;) {
        const { channel, bytes: message, fate } = next();
        commands.push(encodeCommand("PUBLISH", channel, message));
        bytes += message.length;
        fates[fate]++;
      }
      const replies = await agent.alive(redis.pipeline(prepare(commands)));
      if (replies.unheard > 0 || replies.errors > 0) {
        throw new Error(`${replies.unheard} messages unheard, ${replies.errors} refused by Redis`);
      }
      published += commands.length;
      if (published - looked < LOOK_EVERY_MESSAGES) continue;
      await untilRead(world, MOST_UNREAD_BYTES);
      looked = published;
    }
    publishedSeconds = seconds();
    await agent.alive(caughtUp(world, published));
  } finally {
    stopSampling();
    stopTelling();
    await operator.stop();
  }
  const llmCalls = ollama.calls;
  await agent.stop();
  return {
    ...await endOf(world),
    published: fates,
    samples,
    count: published,
    seconds: publishedSeconds,
    llmCalls,
    decided: operator.decided,
  };
}

/** Waits until the agent has no more than `most` bytes to read. */
async function untilRead({ agent, clock, redis }: World, most: number): Promise<void> {
  while (await agent.alive(unreadBytes(redis)) > most) await sleep(clock, 2);
}

async function statusOf({ root }: World) {
  const text = await Deno.readTextFile(`${root}/state/planner-agent.status.json`);
  const parsed = parseStatus(text);
  if ("problem" in parsed) throw new Error(`the agent's status file: ${parsed.problem}`);
  return parsed.record;
}

/** Waits until the agent has read everything; in vain is told by the counts later. */
async function caughtUp(world: World, published: number): Promise<void> {
  const { clock } = world;
  const end = clock.monotonic() + CAUGHT_UP_WITHIN_MS;
  while (clock.monotonic() < end) {
    if ((await statusOf(world)).since_start.received >= published) return;
    await sleep(clock, 250);
  }
}

async function logEnd(path: string): Promise<string> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  await file.seek(Math.max(0, size - LOG_END_BYTES), Deno.SeekMode.Start);
  return await new Response(file.readable).text();
}

async function endOf(world: World): Promise<Pick<TallyOptions, "stopped" | "waiting">> {
  const stopped = parseStopped(await logEnd(world.logFile));
  if (!stopped) throw new Error("the agent did not end in good order: no planner_stopped");
  const { queued, parked, diagnosing, stopped: at } = await statusOf(world);
  if (at === null) throw new Error("the agent's status file does not say that it was stopped");
  return { stopped, waiting: queued + parked + diagnosing };
}
