/**
 * Which entries a planner asks Redis to hand it once more, and which it acknowledges, by what it
 * sends.
 *
 * @module
 */

/** An entry of a stream. */
export interface EntryName {
  readonly stream: string;
  readonly id: string;
}

/** Longer words are no names and no ids. */
const LONGEST_WORD = 200;
const NEWLINE = 0x0a;
const decoder = new TextDecoder();

/** Reads the commands of one connection, whose bytes are cut into chunks anywhere. */
export function entryReader({ onRedelivery, onAcknowledged }: {
  readonly onRedelivery: (entry: EntryName) => void;
  readonly onAcknowledged: (entry: EntryName) => void;
}): (chunk: Uint8Array) => void {
  let words: string[] = [];
  /** Words of the command that are still to come. */
  let missing = 0;
  let line = "";
  /** Bytes of the word that are still to come, its line end among them. */
  let left = 0;
  let word = "";

  function endLine() {
    const count = Number(line.slice(1));
    if (line.startsWith("*")) {
      words = [];
      missing = count;
    } else {
      left = count + 2;
      word = "";
    }
    line = "";
  }

  function endWord() {
    words.push(word.trimEnd());
    if (--missing > 0) return;
    const [name, stream = "", , ...rest] = words;
    switch (name?.toUpperCase()) {
      case "XCLAIM": {
        // XCLAIM stream group consumer idle id; with JUSTID it hands nothing over.
        const [, , id = ""] = rest;
        if (!words.includes("JUSTID")) onRedelivery({ stream, id });
        return;
      }
      case "XACK":
        for (const id of rest) onAcknowledged({ stream, id });
    }
  }

  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const part = chunk.subarray(at, at + left);
        if (word.length < LONGEST_WORD) word += decoder.decode(part.subarray(0, LONGEST_WORD));
        at += part.length;
        left -= part.length;
        if (left === 0) endWord();
        continue;
      }
      const end = chunk.indexOf(NEWLINE, at);
      line += decoder.decode(chunk.subarray(at, end === -1 ? chunk.length : end));
      at = end === -1 ? chunk.length : end + 1;
      if (end !== -1) endLine();
    }
  };
}
