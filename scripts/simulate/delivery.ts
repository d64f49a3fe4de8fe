/**
 * How events reach the planners: pub/sub tells each of them, streams hand an entry to one.
 *
 * @module
 */
import type { Planner } from "../../lib/planner.ts";

/** Hands on what is published. */
export interface Delivery {
  publish(bytes: Uint8Array): void;
  /** How many planners get each message. */
  readonly copies: number;
  /** Entries that are still to be read, in all groups together. */
  readonly unread: number;
}

const CHANNEL = "health_events";

export type Receiver = Pick<Planner, "receive">;

function pubsub(planners: readonly Receiver[]): Delivery {
  return {
    publish: (bytes) => planners.forEach((planner) => planner.receive(bytes, CHANNEL)),
    copies: planners.length,
    unread: 0,
  };
}

/** A stream with one consumer group: whoever has room takes the next entry, in turn. */
export function stream(planners: readonly Receiver[], mostInHand: number): Delivery {
  const consumers = planners.map((planner) => ({ planner, inHand: 0 }));
  const entries: Uint8Array[] = [];
  let first = 0;
  let turn = 0;

  function takeTurn() {
    for (let tried = 0; tried < consumers.length; tried++) {
      const consumer = consumers[turn++ % consumers.length];
      if (consumer && consumer.inHand < mostInHand) return consumer;
    }
    return undefined;
  }

  function handOut() {
    while (first < entries.length) {
      const consumer = takeTurn();
      if (!consumer) return;
      const bytes = entries[first++];
      if (!bytes) return;
      let isOpen = true;
      consumer.inHand++;
      const settled = () => {
        if (!isOpen) return;
        isOpen = false;
        consumer.inHand--;
        handOut();
      };
      consumer.planner.receive(bytes, CHANNEL, { settled });
    }
    entries.length = first = 0;
  }

  return {
    copies: 1,
    publish(bytes) {
      entries.push(bytes);
      handOut();
    },
    get unread() {
      return entries.length - first;
    },
  };
}

/** Delivery as the settings say. */
export function deliveryTo(
  planners: readonly Receiver[],
  { intake, ownGroups, mostInHand }: {
    readonly intake: "pubsub" | "streams";
    readonly ownGroups: boolean;
    readonly mostInHand: number;
  },
): Delivery {
  if (intake === "pubsub") return pubsub(planners);
  if (!ownGroups) return stream(planners, mostInHand);
  const groups = planners.map((planner) => stream([planner], mostInHand));
  return {
    copies: groups.length,
    publish: (bytes) => groups.forEach((group) => group.publish(bytes)),
    get unread() {
      return groups.reduce((sum, group) => sum + group.unread, 0);
    },
  };
}
