/**
 * A model that answers at once, mostly well: sometimes it ignores, babbles or fails.
 *
 * @module
 */
import { answerTo, chatBody, type ChatReply } from "../bench/ollama.ts";

/** The reply to the `nth` chat depends on `nth` alone. */
export const unsteadyChat: ChatReply = (request, nth) => {
  switch (nth % 50) {
    case 0:
    case 1: // Twice in a row is the end of an event's attempts.
      return { status: 500, contentType: "application/json", text: '{"error":"out of memory"}' };
    case 10:
      return chatBody(request, "I am sorry, I cannot restart that.");
    case 20:
    case 40:
      return chatBody(
        request,
        JSON.stringify({ ...JSON.parse(answerTo(request)), action: "ignore" }),
      );
    default:
      return chatBody(request);
  }
};
