/**
 * The body of a reply, in pieces.
 *
 * @module
 */

/** `text` in pieces of `size` UTF-16 units; `read` tells how many were taken. */
export function bodyOf(
  text: string,
  size = text.length,
): AsyncIterable<Uint8Array> & { read: number } {
  const encoder = new TextEncoder();
  const body = {
    read: 0,
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < text.length; at += size) {
        body.read++;
        yield encoder.encode(text.slice(at, at + size));
        await Promise.resolve();
      }
    },
  };
  return body;
}
