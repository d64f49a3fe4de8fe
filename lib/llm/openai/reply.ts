import { isObject, parseObject } from "../../base/json.ts";
import { LinkError } from "../failure.ts";
import { errorText, figure, type Json, notReply, type Piece, type ReplyForm } from "../reply.ts";

const words = {
  api: "OpenAI's API",
  part: "event",
  end: "[DONE]",
  stray: "a line of its stream is no event",
  neither: "neither events nor JSON",
};

/** Replies of /v1/chat/completions: server-sent events, or one whole JSON object. */
export const OPENAI_REPLY: ReplyForm = {
  lineEnd: /\r\n|\n|\r/,
  words,
  lineOf(line) {
    // A blank line ends an event, one with a colon is a comment that keeps the connection open.
    if (line === "" || line.startsWith(":")) return "nothing";
    const [, field, value = ""] = /^(data|event|id|retry): ?([^]*)$/.exec(line) ?? [];
    if (field !== "data") return field === undefined ? "other" : "nothing";
    if (value.trim() === "[DONE]") return "end";
    const object = parseObject(value);
    if (object) return object;
    throw notReply({ words }, "an event is not a JSON object", value);
  },
  pieceOf,
};

function pieceOf(object: Json, isWhole: boolean): Piece {
  const { choices, error, usage, timings } = object;
  if (error !== undefined && error !== null) {
    throw new LinkError("server_error", errorText(error));
  }
  if (!Array.isArray(choices) && (isWhole || !(usage || timings))) {
    throw notReply({ words }, "no choices in it", JSON.stringify(object));
  }
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const { finish_reason: reason, [isWhole ? "message" : "delta"]: message }: Json = isObject(choice)
    ? choice
    : {};
  const said: Json = isObject(message) ? message : {};
  const { text: content, thought } = contentOf(said.content);
  const thinks = [said.reasoning_content, said.reasoning, said.thinking]
    .some((each) => typeof each === "string" && each !== "");
  const calledTools = Array.isArray(said.tool_calls) && said.tool_calls.length > 0;
  const finish = typeof reason === "string" && reason !== "" ? reason : undefined;
  return {
    content,
    thought: thought || thinks,
    calledTools,
    done: isWhole || finish !== undefined,
    doneReason: finish ?? (isWhole ? "stop" : undefined),
    figures: figuresOf(usage, timings),
    isLast: false,
    // The first event names a role only; some servers send it before they read the prompt.
    moved: content !== "" || thought || thinks || calledTools,
  };
}

/** Text as such, or as a list of parts, some of which may be thinking. */
function contentOf(said: unknown): { text: string; thought: boolean } {
  if (said === undefined || said === null) return { text: "", thought: false };
  if (typeof said === "string") return { text: said, thought: false };
  if (!Array.isArray(said)) throw notReply({ words }, "content is not text", JSON.stringify(said));
  const parts = said.filter(isObject);
  return {
    text: parts.map(({ text }) => typeof text === "string" ? text : "").join(""),
    thought: parts.some(({ type }) => type === "thinking"),
  };
}

/** Counts as in OpenAI's `usage`, times as in llama.cpp's `timings`. */
function figuresOf(usage: unknown, timings: unknown): Piece["figures"] {
  const used: Json = isObject(usage) ? usage : {};
  const timed: Json = isObject(timings) ? timings : {};
  const details = used.prompt_tokens_details;
  const read = figure(timed.prompt_n);
  const cached = figure(timed.cache_n);
  return {
    promptTokens: figure(used.prompt_tokens) ??
      (read === undefined ? undefined : read + (cached ?? 0)),
    cachedTokens: cached ?? figure(isObject(details) ? details.cached_tokens : undefined),
    answerTokens: figure(used.completion_tokens) ?? figure(timed.predicted_n),
    promptMs: figure(timed.prompt_ms),
    answerMs: figure(timed.predicted_ms),
  };
}
