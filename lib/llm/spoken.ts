/**
 * What a model said, and how the body of a reply is read to its end.
 *
 * @module
 */
import type { HttpReply } from "../base/http/reply.ts";
import type { Figures } from "./contract.ts";
import { LinkError } from "./failure.ts";

/** Longest answer that is read, in UTF-16 units; a diagnosis is a hundredth of that. */
export const LONGEST_CONTENT = 64 * 1024;
/** Longest line, and longest reply that is one object over several lines. */
export const LONGEST_LINE = 256 * 1024;
/** Longest stream: thinking tokens count here only. */
export const LONGEST_STREAM = 8 * 1024 * 1024;

/** What the model said. */
export interface Spoken {
  readonly content: string;
  /** True when thinking came along. */
  readonly thought: boolean;
  readonly doneReason: string | undefined;
  /** True when the answer sits in tool calls that nobody offered. */
  readonly calledTools: boolean;
  readonly figures: Figures;
}

export interface ReplyReader {
  /** Takes the next piece; true once the model is done and nothing more needs to be read. */
  push(text: string): boolean;
  /** The body ended, or {@linkcode push} said so. */
  finish(): Spoken;
}

/**
 * Reads the body of a reply with status 200.
 *
 * @throws {LinkError} `truncated`, `empty`, and what the reader throws.
 */
export async function readSpoken(reply: HttpReply, reader: ReplyReader): Promise<Spoken> {
  const decoder = new TextDecoder();
  for await (const bytes of reply.body) {
    if (reader.push(decoder.decode(bytes, { stream: true }))) break;
  }
  const spoken = reader.finish();
  if (spoken.doneReason === "length") {
    throw new LinkError("truncated", "the answer was cut at the token limit", spoken);
  }
  if (spoken.doneReason === "content_filter") {
    throw new LinkError("truncated", "the server's content filter ended the answer", spoken);
  }
  if (spoken.content.trim() === "") throw new LinkError("empty", emptiness(spoken), spoken);
  return spoken;
}

function emptiness({ calledTools, thought }: Spoken): string {
  if (calledTools) return "no content: it called a tool instead, and none was offered";
  return thought ? "no content, only thinking" : "no content";
}
