import { targetKey } from "../event/target.ts";
import type { RecordOf, StateRecord } from "./state.ts";

type Proposing = RecordOf<"proposing">;

/** Proposals that are safe, and whose event file the next run writes if this one cannot. */
export function createUnannounced(
  saved: ReadonlyMap<string, Proposing> | undefined,
  remember: (record: StateRecord) => void,
) {
  const open = new Map(saved);
  return {
    /** Remembers a proposal until `announced` says that its event file is there. */
    remindOf(record: Proposing, announced: Promise<boolean>) {
      const { target, actionId } = record;
      const key = targetKey(target);
      open.set(key, record);
      remember(record);
      void announced.then((done) => {
        if (!done || open.get(key) !== record) return;
        open.delete(key);
        remember({ is: "announced", target, actionId });
      });
    },
    for: (key: string) => open.get(key),
    all: () => open.values(),
  };
}
