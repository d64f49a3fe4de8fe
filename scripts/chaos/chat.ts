/**
 * A model in trouble: every answer takes its own time, some never are one.
 *
 * @module
 */
import { answerTo, chatBody, type ChatReply } from "../bench/ollama.ts";

const failure = (status: number, error: string) => ({
  status,
  contentType: "application/json",
  text: JSON.stringify({ error }),
});

/** Replies by `random`, one call after the other; a service named `ignored-…` needs nothing. */
export function troubledChat(random: () => number): ChatReply {
  return (request) => {
    // One answer in twenty takes seconds.
    const latencyMs = random() < 0.05 ? 1_000 + random() * 3_000 : 20 + random() * 400;
    const luck = random();
    if (luck < 0.05) return { ...failure(500, "model runner has unexpectedly stopped"), latencyMs };
    if (luck < 0.08) return { ...failure(503, "server busy, please try again"), latencyMs };
    if (luck < 0.12) return { ...chatBody(request, "I would restart it."), latencyMs };
    const isIgnored = JSON.stringify(request).includes("ignored-");
    const answer = answerTo(request).replace('"restart"', isIgnored ? '"ignore"' : '"restart"');
    return { ...chatBody(request, luck < 0.15 ? answer.slice(0, -12) : answer), latencyMs };
  };
}
