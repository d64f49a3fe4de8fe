import { targetOf } from "../event/target.ts";
import type { QueueEntry } from "./entry.ts";
import type { RecordOf } from "./state.ts";

/** A target whose event has left the queue and has not ended yet. */
export interface Running {
  readonly entry: QueueEntry;
  /** Aborted when the event is not to be diagnosed any more, or not now. */
  readonly stopped: AbortController;
  /** The id its proposal is about to appear under. */
  proposing?: { readonly actionId: string; readonly atMs: number };
  /** Its proposal is safe, or it needs none: it is not to be diagnosed again. */
  settled?: boolean;
  /** What of it is not over, by the good news that was heard meanwhile. */
  left: QueueEntry | undefined;
  /** Its proposal cannot be written for now: it takes up no diagnosis meanwhile. */
  aside?: boolean;
}

/** What is written down of a proposal that is about to appear. */
export function proposingRecord({ entry, proposing }: Running): RecordOf<"proposing">[] {
  const { key, serial } = entry;
  return proposing ? [{ is: "proposing", target: targetOf(key), serial, ...proposing }] : [];
}
