import { isObject, parseObject } from "../../base/json.ts";
import { LinkError } from "../failure.ts";
import { errorText, figure, type Json, notReply, type Piece, type ReplyForm } from "../reply.ts";

const words = {
  api: "Ollama",
  part: "token",
  end: "done: true",
  stray: "a line of its stream is not a JSON object",
  neither: "not JSON",
};

/** Replies of Ollama's /api/chat: JSON lines, or one whole JSON object. */
export const OLLAMA_REPLY: ReplyForm = {
  lineEnd: /\n/,
  words,
  // A whole object may be printed over several lines, some of which are objects by themselves.
  lineOf(line, inWhole) {
    if (inWhole) return "other";
    return line.trim() === "" ? "nothing" : parseObject(line) ?? "other";
  },
  pieceOf,
};

function pieceOf(object: Json): Piece {
  if ("error" in object) throw new LinkError("server_error", errorText(object.error));
  const { message, done, done_reason: reason } = object;
  if (!isObject(message) && done !== true) {
    throw notReply({ words }, "no message in it", JSON.stringify(object));
  }
  const { content = "", thinking, tool_calls: calls }: Json = isObject(message) ? message : {};
  if (typeof content !== "string") {
    throw notReply({ words }, "content is not text", JSON.stringify(content));
  }
  const mayBeLast = done !== false;
  return {
    content,
    thought: typeof thinking === "string" && thinking.trim() !== "",
    calledTools: Array.isArray(calls) && calls.length > 0,
    done: done === undefined ? undefined : done === true,
    doneReason: mayBeLast && typeof reason === "string" ? reason : undefined,
    // Counts and nanoseconds of the last object, as Ollama's API documents them.
    figures: !mayBeLast ? {} : {
      promptTokens: figure(object.prompt_eval_count),
      answerTokens: figure(object.eval_count),
      loadMs: figure(object.load_duration, 1e6),
      promptMs: figure(object.prompt_eval_duration, 1e6),
      answerMs: figure(object.eval_duration, 1e6),
    },
    isLast: done === true,
    moved: true,
  };
}
