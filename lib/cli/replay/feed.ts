import type { Agent } from "../../agent.ts";
import type { Clock } from "../../base/clock.ts";
import { readLines } from "../../intake/ndjson.ts";
import type { Refusal } from "../../event/message.ts";
import type { ReplayPlan } from "./plan.ts";

/** A message, or why there is none. */
type Replayed =
  | { readonly bytes: Uint8Array; readonly sentMs?: number }
  | { readonly refusal: Refusal };

/** Ids before that were made by hand, and tell no time. */
const FIRST_TIME = Date.UTC(2020, 0);

/** The lines of `input`, until it ends or `signal` aborts. */
export async function* fromLines(
  input: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Replayed, void, undefined> {
  try {
    // The pipe is there to end when the agent is told to stop.
    for await (const line of readLines(input.pipeThrough(new TransformStream(), { signal }))) {
      yield line instanceof Uint8Array ? { bytes: line } : { refusal: line };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What a stream holds until now, each message with the time it was added. */
export async function* fromStream(
  { stream, spanMs }: ReplayPlan["source"] & { kind: "stream" },
  { url, clock, signal, onFailure }: {
    readonly url: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** Takes why the stream could not be read to its end. */
    readonly onFailure: (message: string) => void;
  },
): AsyncGenerator<Replayed, void, undefined> {
  const { readStreamHistory, StreamHistoryError } = await import("../../intake/streams/history.ts");
  const untilMs = clock.now();
  const span = { sinceMs: untilMs - spanMs, untilMs };
  const messages = readStreamHistory({ url, stream, ...span, clock, signal });
  try {
    for await (const { bytes, addedMs } of messages) {
      yield addedMs < FIRST_TIME ? { bytes } : { bytes, sentMs: addedMs };
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof StreamHistoryError)) throw error;
    onFailure(error.message);
  }
}

/**
 * Hands over every message, never faster than targets find room to wait, and waits for the end.
 * A planner that is not running yet is started once its queue is full or the input has ended.
 */
export async function feed(
  { planner }: Pick<Agent, "planner">,
  { messages, channel, signal }: {
    readonly messages: AsyncIterable<Replayed>;
    readonly channel: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for await (const message of messages) {
    if ("refusal" in message) planner.refuse(message.refusal, channel);
    else planner.receive(message.bytes, channel, message);
    if (planner.hasRoom()) continue;
    planner.start();
    await Promise.race([stopped, planner.room()]);
  }
  if (signal.aborted) return;
  planner.start();
  await Promise.race([stopped, planner.idle()]);
}
