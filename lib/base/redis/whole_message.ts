/** What it is given is only valid during the call. */
export type OnMessage = (channel: Uint8Array, bytes: Uint8Array) => void;

const [CR, LF, DOLLAR, ZERO] = [13, 10, 36, 48] as const;
const MOST_DIGITS = 19;
/** How a message begins, up to the length of its channel. */
const BEGINNING = new TextEncoder().encode("*3\r\n$7\r\nmessage\r\n$");

/** Where the length read last ends: a second result, kept here to spare an object for each call. */
let behindLength = 0;

/** A length with its line end, or -1 where there is none, or not all of it. */
function lengthAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  let next = at;
  for (; next - at < MOST_DIGITS; next++) {
    const digit = (bytes[next] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (next === at || bytes[next] !== CR || bytes[next + 1] !== LF) return -1;
  behindLength = next + 2;
  return value;
}

/**
 * Hands over the published message that begins at `at`, without a parser: nearly all of a flood lies
 * in memory as a whole. Returns where it ends, or -1 for another one, or one of more than `kept`
 * bytes.
 */
export function handOverWhole(
  bytes: Uint8Array,
  at: number,
  { kept, onMessage }: { readonly kept: number; readonly onMessage: OnMessage },
): number {
  for (let nth = 0; nth < BEGINNING.length; nth++) {
    if (bytes[at + nth] !== BEGINNING[nth]) return -1;
  }
  const channelLength = lengthAt(bytes, at + BEGINNING.length);
  if (channelLength < 0) return -1;
  const channel = behindLength;
  const behind = channel + channelLength;
  if (bytes[behind] !== CR || bytes[behind + 1] !== LF || bytes[behind + 2] !== DOLLAR) return -1;
  const length = lengthAt(bytes, behind + 3);
  const begin = behindLength;
  const end = begin + length;
  if (length < 0 || length > kept || bytes[end] !== CR || bytes[end + 1] !== LF) return -1;
  onMessage(bytes.subarray(channel, behind), bytes.subarray(begin, end));
  return end + 2;
}
