/**
 * Channel names as they come off the wire.
 *
 * @module
 */

/** A function that decodes channel names; those in `channels` cost no decoding. */
export function channelNames(channels: readonly string[]): (bytes: Uint8Array) => string {
  const known = channels.map((name) => ({ name, bytes: new TextEncoder().encode(name) }));
  const decoder = new TextDecoder();
  return (bytes) => {
    for (const { name, bytes: expected } of known) {
      let i = bytes.length === expected.length ? bytes.length : 0;
      while (i > 0 && bytes[i - 1] === expected[i - 1]) i--;
      if (i === 0 && bytes.length === expected.length) return name;
    }
    return decoder.decode(bytes);
  };
}
