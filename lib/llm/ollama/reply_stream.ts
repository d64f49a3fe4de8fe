/**
 * Reads the body of Ollama's /api/chat: a stream of JSON lines, or one whole JSON object.
 *
 * @module
 */
import { isObject, parseObject } from "../../base/json.ts";
import type { Figures } from "../contract.ts";
import { errorText } from "../error_text.ts";
import { LinkError } from "../failure.ts";
import { LONGEST_CONTENT, LONGEST_LINE, LONGEST_STREAM, type ReplyReader } from "../spoken.ts";

/**
 * A reader of one reply.
 *
 * @param onLine called for each line of a stream: the model has moved on by a token.
 * @throws {LinkError} `server_error`, `bad_response` or `disconnected`, from both of its methods.
 */
export function replyReader(onLine: () => void): ReplyReader {
  let received = 0;
  let pending = "";
  // A whole object may be printed over several lines: what does not parse alone waits for the end.
  let whole: string | undefined;
  let lines = 0;
  let content = "";
  let thought = false;
  let calledTools = false;
  let last: Record<string, unknown> = {};

  function takeLine(line: string) {
    if (whole !== undefined) {
      whole += line + "\n";
      if (whole.length > LONGEST_LINE) throw notOllama("a reply too long for one object", line);
      return;
    }
    if (line.trim() === "") return;
    const object = parseObject(line);
    if (object) takeObject(object);
    else if (lines === 0) whole = line + "\n";
    else throw notOllama("a line of its stream is not a JSON object", line);
  }

  function takeObject(object: Record<string, unknown>) {
    if ("error" in object) throw new LinkError("server_error", errorText(object.error));
    const message = object.message;
    if (!isObject(message)) {
      if (object.done !== true) throw notOllama("no message in it", JSON.stringify(object));
    } else {
      if (message.content !== undefined && typeof message.content !== "string") {
        throw notOllama("content is not text", JSON.stringify(message.content));
      }
      content += message.content ?? "";
      thought ||= typeof message.thinking === "string" && message.thinking.trim() !== "";
      calledTools ||= Array.isArray(message.tool_calls) && message.tool_calls.length > 0;
    }
    if (content.length > LONGEST_CONTENT) {
      throw new LinkError("bad_response", `an answer of more than ${LONGEST_CONTENT} characters`);
    }
    last = object;
    lines++;
    onLine();
  }

  return {
    push(text) {
      received += text.length;
      if (received > LONGEST_STREAM) {
        throw new LinkError("bad_response", `a stream of more than ${LONGEST_STREAM} characters`);
      }
      let from = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
        takeLine(pending + text.slice(from, end));
        pending = "";
        from = end + 1;
        if (last.done === true) return true;
      }
      pending += text.slice(from);
      if (pending.length > LONGEST_LINE) throw notOllama("a line without end", pending);
      return false;
    },
    finish() {
      if (last.done !== true && pending !== "") takeLine(pending);
      if (whole !== undefined) {
        const object = parseObject(whole);
        if (!object) throw notOllama("not JSON", whole);
        takeObject(object);
      }
      // A server that answers with one object may leave `done` out; a stream may not.
      const complete = last.done === true || (lines === 1 && last.done === undefined);
      if (!complete) {
        const far = lines === 0 ? "before the first token" : `after ${lines} tokens`;
        throw new LinkError("disconnected", `the reply ended ${far}, without done: true`);
      }
      const doneReason = typeof last.done_reason === "string" ? last.done_reason : undefined;
      return { content, thought, doneReason, calledTools, figures: figuresOf(last) };
    },
  };
}

function notOllama(what: string, text: string): LinkError {
  return new LinkError("bad_response", `not a reply of Ollama (${what}): ${errorText(text)}`);
}

/** Nanoseconds and counts of the last object, as Ollama's API documents them. */
function figuresOf(last: Record<string, unknown>): Figures {
  const number = (key: string) => {
    const value = last[key];
    return typeof value === "number" && value >= 0 ? value : undefined;
  };
  const milliseconds = (key: string) => {
    const value = number(key);
    return value === undefined ? undefined : Math.round(value / 1e6);
  };
  const all = {
    promptTokens: number("prompt_eval_count"),
    answerTokens: number("eval_count"),
    loadMs: milliseconds("load_duration"),
    promptMs: milliseconds("prompt_eval_duration"),
    answerMs: milliseconds("eval_duration"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
