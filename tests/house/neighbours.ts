/** The neighbours that propose, decide and carry out, and a person who is not always there. */
import type { Clock } from "../../lib/base/clock.ts";
import { svcKey, type Target } from "../../lib/event/target.ts";
import type { MemoryFiles } from "../support/memory_files.ts";
import type { Desk, OnDesk } from "./desk.ts";
import { NODES, TARGETS, type Truth } from "./truth.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What was done in the week. */
export interface Tally {
  restarts: number;
  needed: number;
  needless: number;
  harmful: number;
  /** Proposals and notices that a person had to look at. */
  decisions: number;
}

export const newTally = (): Tally => ({
  restarts: 0,
  needed: 0,
  needless: 0,
  harmful: 0,
  decisions: 0,
});

/** Restarts a service, and counts what that was. */
export function restart(truth: Truth, target: Target, tally: Tally): boolean {
  const effect = truth.restart(target);
  if (effect === "impossible") return false;
  tally.restarts++;
  tally[effect]++;
  return true;
}

/** Compares what runs with what should; looks for duplicates by content; withdraws. */
export function supervisor(truth: Truth, desk: Desk, clock: Clock) {
  const downSince = new Map<string, number>();
  const mine = new Set<string>();
  let serial = 0;
  return async () => {
    for (const target of TARGETS) {
      const key = svcKey(target);
      const fault = truth.wrong(target);
      const isDown = fault !== undefined && fault.cause !== "hang" && fault.cause !== "broker";
      if (!isDown || truth.isAway(target.node)) {
        downSince.delete(key);
        for (const { id } of desk.waiting.filter(({ what }) => svcKey(what) === key)) {
          if (mine.delete(id)) {
            await desk.move(id, { from: "pending", to: "cancelled", by: "system" });
          }
        }
        continue;
      }
      const since = downSince.get(key) ?? clock.now();
      downSince.set(key, since);
      // Some nodes it knows sooner than their agents tell.
      if (clock.now() - since < (target.node === "vps" ? 3 : 10) * MINUTE) continue;
      const remedy = fault.cause === "bad_image" ? "redeploy" : "restart";
      // By content, as it finds them: node, service and what would be done.
      if (desk.openFor(key).some(({ what }) => what.remedy === remedy)) continue;
      const id = remedy === "redeploy"
        ? `0b9f8f0e-7a55-4b1e-9a39-${String(++serial).padStart(12, "0")}`
        : `container-restart-${target.node}-${target.service}-${++serial}`;
      mine.add(id);
      await desk.propose(id, {
        ...target,
        ...remedy === "redeploy"
          ? {
            created_at: clock.now() / 1000,
            proposed_by: "supervisor",
            action_type: "redeploy_service",
            risk_level: "guarded",
            approval_required: true,
          }
          : { type: "container_restart", risk_level: "low", requires_human: true },
      });
    }
  };
}

/** Writes world/, and now and then only half of a file. */
export function observer(truth: Truth, files: MemoryFiles, clock: Clock) {
  let nth = 0;
  return async () => {
    const incidents = TARGETS.filter((target) => truth.wrong(target)).map((target) => ({
      id: `inc-${svcKey(target)}`,
      ...target,
      status: "active",
      occurrence_count: 1,
    }));
    const nodes = Object.fromEntries(
      NODES.map((node) => [node, { availability: truth.isAway(node) ? "offline" : "online" }]),
    );
    for (const [name, content] of Object.entries({ incidents, nodes })) {
      const text = JSON.stringify(content);
      const half = ++nth % 7 === 0 ? text.slice(0, text.length / 2) : text;
      files.put(`/r/world/${name}.json`, half);
      await files.touch(`/r/world/${name}.json`, clock.now());
    }
  };
}

/** Takes what was approved, one after another: docker and ssh are the truth's. */
export function executor(truth: Truth, desk: Desk, tally: Tally) {
  return async (approved: readonly OnDesk[]) => {
    for (const { id, what } of approved) {
      await desk.move(id, { from: "approved", to: "running", by: "system" });
      let worked = true;
      if (what.remedy === "restart") worked = restart(truth, what, tally);
      if (what.remedy === "redeploy") truth.mend(what);
      const to = worked ? "completed" : "failed";
      await desk.move(id, { from: "running", to, by: "system" });
    }
  };
}

/** A person with the bot: decides every ten minutes of the day, and mends what was told. */
export function person(truth: Truth, clock: Clock, tally: Tally) {
  const toMend: { readonly target: Target; readonly at: number }[] = [];

  /** Mends by hand what is wrong with a target, a while after it was told. */
  function mend(target: Target, inMs: number) {
    toMend.push({ target, at: clock.monotonic() + inMs });
  }

  function workOff() {
    while (toMend[0] && toMend[0].at <= clock.monotonic()) {
      const { target } = toMend.shift() ?? { target: { node: "", service: "" } };
      const isNode = target.service === target.node;
      const about = isNode ? TARGETS.filter(({ node }) => node === target.node) : [target];
      for (const each of about) {
        const cause = truth.wrong(each)?.cause;
        if (cause === "disk" || cause === "flap" || cause === "bad_image") truth.mend(each);
        else if (!isNode && truth.effect(each) === "needed") restart(truth, each, tally);
      }
    }
  }

  return {
    workOff,
    isAwake: () => {
      const hour = (clock.monotonic() / HOUR) % 24;
      return hour >= 7 && hour < 23;
    },
    /** What a person who looks closely says to a proposal. */
    decide({ what }: OnDesk): "approved" | "rejected" {
      tally.decisions++;
      switch (what.remedy) {
        case "restart":
          return truth.effect(what) === "needed" ? "approved" : "rejected";
        case "redeploy":
          return truth.wrong(what)?.cause === "bad_image" ? "approved" : "rejected";
        case "notify":
        case "ignore":
        case undefined:
          mend(what, 20 * MINUTE);
          return "approved";
      }
    },
    told(target: Target) {
      tally.decisions++;
      mend(target, 20 * MINUTE);
    },
    /** Walks round the house. */
    lookAround() {
      for (const target of TARGETS) if (truth.wrong(target)) mend(target, 5 * MINUTE);
    },
  };
}
