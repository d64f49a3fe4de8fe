import { createStateDecoder } from "../../lib/queue/state_lines.ts";

/** What a journal of this text says. */
export function decodeState(text: string) {
  const decoder = createStateDecoder();
  decoder.take(text);
  return decoder.decoded();
}
