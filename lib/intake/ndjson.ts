/**
 * Messages from a byte stream, one a line.
 *
 * @module
 */
import { MAX_MESSAGE_BYTES, type Refusal, refusal } from "../event/message.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const FIRST_HELD = 4096;

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
  let held = new Uint8Array(FIRST_HELD);
  let length = 0;
  let skipping = false;

  // One byte more than the limit may be held: it can be the first half of CRLF.
  const hold = (bytes: Uint8Array) => {
    if (length + bytes.length > limit + 1) return false;
    if (length + bytes.length > held.length) {
      const larger = new Uint8Array(Math.max(2 * held.length, length + bytes.length));
      larger.set(held.subarray(0, length));
      held = larger;
    }
    held.set(bytes, length);
    length += bytes.length;
    return true;
  };
  /** How the line begins of which `bytes` did not fit. */
  const head = (bytes: Uint8Array) => {
    const shown = new Uint8Array(FIRST_HELD);
    shown.set(held.subarray(0, Math.min(length, FIRST_HELD)));
    const rest = Math.max(0, FIRST_HELD - length);
    shown.set(bytes.subarray(0, rest), Math.min(length, FIRST_HELD));
    return shown.subarray(0, Math.min(FIRST_HELD, length + bytes.length));
  };

  for await (const chunk of stream) {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, newline < 0 ? chunk.length : newline);
      from += part.length + 1;
      if (!skipping && (newline < 0 || length > 0) && !hold(part)) {
        yield refusal("too_large", head(part));
        skipping = true;
      }
      if (newline < 0) break;
      if (!skipping) {
        const line = asLine(length > 0 ? held.subarray(0, length) : part, limit);
        if (line) yield line;
      }
      length = 0;
      skipping = false;
    }
  }
  if (!skipping) {
    const line = asLine(held.subarray(0, length), limit);
    if (line) yield line;
  }
}

/** The line to hand out, undefined when it is blank. */
function asLine(bytes: Uint8Array, limit: number): Uint8Array | Refusal | undefined {
  const line = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
  if (line.length > limit) return refusal("too_large", line);
  return line.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== RETURN) ? line : undefined;
}
