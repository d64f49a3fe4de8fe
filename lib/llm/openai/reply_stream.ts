/**
 * Reads the body of /v1/chat/completions: server-sent events, or one whole JSON object.
 *
 * @module
 */
import { isObject, parseObject } from "../../base/json.ts";
import type { Figures } from "../contract.ts";
import { errorText } from "../error_text.ts";
import { LinkError } from "../failure.ts";
import { LONGEST_CONTENT, LONGEST_LINE, LONGEST_STREAM, type ReplyReader } from "../spoken.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * A reader of one reply.
 *
 * @param onToken called whenever the model has moved on.
 * @throws {LinkError} `server_error`, `bad_response` or `disconnected`, from both of its methods.
 */
export function completionReader(onToken: () => void): ReplyReader {
  let received = 0;
  let pending = "";
  /** Lines outside any event: the body of a server that does not stream. */
  let whole = "";
  let events = 0;
  let done = false;
  let content = "";
  let thought = false;
  let calledTools = false;
  let finish: string | undefined;
  let figures: Figures = {};

  function takeLine(line: string) {
    // A blank line ends an event, one with a colon is a comment that keeps the connection open.
    if (line === "" || line.startsWith(":")) return;
    const [, field, value = ""] = /^(data|event|id|retry): ?([^]*)$/.exec(line) ?? [];
    if (field === undefined) {
      if (events > 0) throw notCompletion("a line of its stream is no event", line);
      whole += `${line}\n`;
      if (whole.length > LONGEST_LINE) throw notCompletion("a reply too long for one object", line);
      return;
    }
    if (field !== "data") return;
    if (value.trim() === "[DONE]") {
      done = true;
      return;
    }
    const object = parseObject(value);
    if (!object) throw notCompletion("an event is not a JSON object", value);
    events++;
    takeObject(object, "delta");
  }

  function takeObject(object: Json, part: "delta" | "message") {
    if (object.error !== undefined && object.error !== null) {
      throw new LinkError("server_error", errorText(object.error));
    }
    figures = { ...figures, ...figuresOf(object) };
    const { choices } = object;
    if (!Array.isArray(choices)) {
      if (part === "delta" && (object.usage || object.timings)) return;
      throw notCompletion("no choices in it", JSON.stringify(object));
    }
    const choice: unknown = choices[0];
    if (!isObject(choice)) return;
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") {
      finish = choice.finish_reason;
    }
    const said = choice[part];
    if (!isObject(said)) return;
    const before = content.length;
    takeContent(said.content);
    const thinking = [said.reasoning_content, said.reasoning, said.thinking]
      .some((each) => typeof each === "string" && each !== "");
    thought ||= thinking;
    const calls = Array.isArray(said.tool_calls) && said.tool_calls.length > 0;
    calledTools ||= calls;
    if (content.length > LONGEST_CONTENT) {
      throw new LinkError("bad_response", `an answer of more than ${LONGEST_CONTENT} characters`);
    }
    // The first event names a role only; some servers send it before they read the prompt.
    if (content.length > before || thinking || calls) onToken();
  }

  function takeContent(said: unknown) {
    if (typeof said === "string") content += said;
    else if (Array.isArray(said)) {
      for (const part of said.filter(isObject)) {
        if (typeof part.text === "string") content += part.text;
        else thought ||= part.type === "thinking";
      }
    } else if (said !== undefined && said !== null) {
      throw notCompletion("content is not text", JSON.stringify(said));
    }
  }

  return {
    push(text) {
      received += text.length;
      if (received > LONGEST_STREAM) {
        throw new LinkError("bad_response", `a stream of more than ${LONGEST_STREAM} characters`);
      }
      const lines = (pending + text).split(/\r\n|\n|\r(?!$)/);
      pending = lines.pop() ?? "";
      for (const line of lines) {
        takeLine(line);
        if (done) return true;
      }
      if (pending.length > LONGEST_LINE) throw notCompletion("a line without end", pending);
      return false;
    },
    finish() {
      if (!done && pending.trim() !== "") takeLine(pending.trimEnd());
      if (events === 0 && whole !== "") {
        const object = parseObject(whole);
        if (!object) throw notCompletion("neither events nor JSON", whole);
        takeObject(object, "message");
        finish ??= "stop";
      }
      if (!done && finish === undefined) {
        const far = events === 0 ? "before the first event" : `after ${events} events`;
        throw new LinkError("disconnected", `the reply ended ${far}, without [DONE]`);
      }
      return { content, thought, doneReason: finish, calledTools, figures };
    },
  };
}

function notCompletion(what: string, text: string): LinkError {
  return new LinkError(
    "bad_response",
    `not a reply of OpenAI's API (${what}): ${errorText(text)}`,
  );
}

/** Counts as in OpenAI's `usage`, times as in llama.cpp's `timings`. */
function figuresOf({ usage, timings }: Json): Figures {
  const number = (from: unknown, key: string) => {
    const value = isObject(from) ? from[key] : undefined;
    return typeof value === "number" && value >= 0 && value < 1e12 ? Math.round(value) : undefined;
  };
  const read = number(timings, "prompt_n");
  const cached = number(timings, "cache_n");
  const all = {
    promptTokens: number(usage, "prompt_tokens") ??
      (read === undefined ? undefined : read + (cached ?? 0)),
    cachedTokens: cached ??
      number(isObject(usage) ? usage.prompt_tokens_details : undefined, "cached_tokens"),
    answerTokens: number(usage, "completion_tokens") ?? number(timings, "predicted_n"),
    promptMs: number(timings, "prompt_ms"),
    answerMs: number(timings, "predicted_ms"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
