import { type Clock, sleep } from "../clock.ts";

/** UTF-16 units that wait at most: a quarter of an hour of a busy log. */
const MOST_WAITING = 1_048_576;

/**
 * Writes lines in order, as a reader takes them that may stop reading: so many wait without holding
 * anything up; what is too much is counted, and told in its place by the line of `leftOut`.
 */
export function queuedLines({ stream, clock, leftOut }: {
  readonly stream: { write(bytes: Uint8Array): Promise<number> };
  readonly clock: Clock;
  readonly leftOut: (lines: number) => string;
}) {
  const encoder = new TextEncoder();
  let waiting = "";
  /** UTF-16 units that are being written. */
  let onTheWay = 0;
  let dropped = 0;
  let told = 0;
  let writing: Promise<void> | undefined;

  async function writeAll() {
    while (waiting !== "") {
      let rest = encoder.encode(waiting);
      onTheWay = waiting.length;
      waiting = "";
      try {
        while (rest.length > 0) rest = rest.subarray(await stream.write(rest));
      } catch {
        // Nobody reads any more: no reason to stop working, and nobody to tell.
      }
      onTheWay = 0;
      if (dropped > told) waiting += leftOut(dropped - told);
      told = dropped;
    }
    writing = undefined;
  }

  return {
    /** Takes text that ends in a newline. Never waits. */
    write(line: string): void {
      if (onTheWay + waiting.length + line.length > MOST_WAITING) return void dropped++;
      waiting += line;
      writing ??= writeAll();
    },
    /** Lines left out so far. */
    get dropped(): number {
      return dropped;
    },
    /** Resolves once all is written, or after `mostMs`. */
    async flush(mostMs: number): Promise<void> {
      const done = new AbortController();
      await Promise.race([writing, sleep(clock, mostMs, done.signal)]);
      done.abort();
    },
  };
}
