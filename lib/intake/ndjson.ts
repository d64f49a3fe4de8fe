import { Buffer } from "node:buffer";
import { MAX_MESSAGE_BYTES, type Refusal, refusal } from "../event/message.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const HEAD_BYTES = 4_096; // enough of a line for its preview

/**
 * The lines of `stream`, without their line ends (LF or CRLF); blank lines are skipped and a last
 * line needs no line end. A line of more than `limit` bytes gives one refusal in its place, as soon
 * as it is too long. Memory is bounded by `limit` and the stream's own chunks.
 *
 * A line is valid until the next is asked for. Errors of the stream are passed on.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  limit = MAX_MESSAGE_BYTES,
): AsyncGenerator<Uint8Array | Refusal, void, undefined> {
  // One byte more than the limit may be kept: it can be the first half of CRLF.
  const begun = new Uint8Array(limit + 1);
  let length = 0;
  let skipping = false;

  for await (const chunk of stream) {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, newline < 0 ? chunk.length : newline);
      from += part.length + 1;
      const isWhole = newline >= 0 && length === 0;
      if (!skipping && !isWhole) {
        if (length + part.length > begun.length) {
          const head = begun.subarray(0, Math.min(length, HEAD_BYTES));
          yield refusal("too_large", Buffer.concat([head, part.subarray(0, HEAD_BYTES)]));
          skipping = true;
        } else {
          begun.set(part, length);
          length += part.length;
        }
      }
      if (newline < 0) break;
      if (!skipping) yield* lineIn(isWhole ? part : begun.subarray(0, length), limit);
      length = 0;
      skipping = false;
    }
  }
  if (!skipping) yield* lineIn(begun.subarray(0, length), limit);
}

/** The line to hand out, or none when it is blank. */
function lineIn(bytes: Uint8Array, limit: number): readonly (Uint8Array | Refusal)[] {
  const line = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
  if (line.length > limit) return [refusal("too_large", line)];
  return line.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== RETURN) ? [line] : [];
}
