/**
 * A model that answers one request at a time, as one CPU or one GPU does.
 *
 * @module
 */
import type { Clock } from "../../lib/base/clock.ts";
import { chatBody, type ChatReply } from "../bench/ollama.ts";

/** Each answer takes `llmMs` milliseconds; a request waits for those before it. */
export function oneAtATime(llmMs: number, clock: Clock): ChatReply {
  let freeAt = 0;
  return (request) => {
    const now = clock.monotonic();
    freeAt = Math.max(now, freeAt) + llmMs;
    return { ...chatBody(request), latencyMs: freeAt - now };
  };
}
