/**
 * The built-in offline diagnosis: what to propose when no model answers.
 *
 * It reads an event's kind and the facts about it, but does not understand logs. So it is never sure
 * of a remedy, always asks for a person, and only notifies of what it does not understand.
 *
 * @module
 */
import { spanInWords } from "../base/text/span.ts";
import type { WaitingEvent } from "../event/event.ts";
import type { FaultFamily } from "../event/family.ts";
import type { Action, Cause, Diagnosis } from "./diagnosis.ts";
import { type Facts, factsOf } from "./facts/facts.ts";
import { isFirstCheck, isLooping, isVague } from "./facts/signs.ts";

interface Decision {
  readonly action: Action;
  readonly cause: Cause;
  readonly confidence: number;
  /** The fact that decided, as the end of a sentence that names the event. */
  readonly because: string;
}

/** What a restart or redeploy does not mend, whatever else is known. */
const FOR_A_PERSON: Readonly<Partial<Record<FaultFamily, Pick<Decision, "cause" | "because">>>> = {
  disk: { cause: "host", because: "a restart neither frees space nor mends a drive" },
  hardware: { cause: "hardware", because: "heat and hardware are not mended by software" },
  power: { cause: "hardware", because: "power is not mended by software" },
  data: { cause: "data", because: "data is concerned: a person decides what is safe" },
  certificate: { cause: "access", because: "something must be renewed, by who issued it" },
  access: { cause: "access", because: "access is concerned: keep the traces, a person looks" },
  update: {
    cause: "version_or_config",
    because: "a failed change done again without knowing why can break what still runs",
  },
  node: { cause: "host", because: "the machine itself is concerned" },
  network: { cause: "network", because: "a link or device is away, out of reach of a repair" },
  application: { cause: "unknown", because: "something inside it fails, while it runs" },
};

/** A remedy that lasted this long worked; a change this long ago did not cause the fault. */
const RECENT_MS = 60 * 60_000;
const JUST_NOW_MS = 10 * 60_000;
/** This many services that fail at once share one cause outside themselves. */
const MANY = 3;

const notify = (cause: Cause, because: string, confidence = 0.6): Decision => ({
  action: "notify",
  cause,
  confidence,
  because,
});

/** The longest part of a type that is repeated in a reason. */
const LONGEST_TYPE = 80;

/** The diagnosis of an event by its kind and the facts alone; always one. */
export function diagnoseByRules(event: WaitingEvent, facts: Facts = factsOf(event)): Diagnosis {
  const { action, cause, confidence, because } = decide(facts);
  const type = event.type.slice(0, LONGEST_TYPE).toWellFormed();
  return {
    action,
    service: event.service,
    node: event.node,
    reason: `${type}: ${because} (built-in rule, no model)`,
    confidence,
    requires_human: true,
    cause,
  };
}

/** Over or meant; then what a person must see; then the one remedy that fits, if one does. */
function decide(facts: Facts): Decision {
  return harmless(facts) ?? forAPerson(facts) ?? notYet(facts) ?? remedy(facts);
}

function harmless({ over, planned, exit, rank }: Facts): Decision | undefined {
  if (over) {
    return {
      action: "ignore",
      cause: "over",
      confidence: 0.9,
      because: "the alert itself says that it is over",
    };
  }
  if (!planned && !(exit?.kind === "on_purpose" && exit.told && rank === 3)) return undefined;
  const because = planned ? "it is marked as planned" : exit?.words ?? "";
  return { action: "ignore", cause: "deliberate", confidence: 0.8, because };
}

function forAPerson(facts: Facts): Decision | undefined {
  const { family, past, exit, lasting, drifted } = facts;
  if (past.nodeAway) return notify("host", "the node is away");
  const kept = FOR_A_PERSON[family];
  if (kept && !drifted) return notify(kept.cause, kept.because);
  const changed = becauseOfThePast(facts);
  if (changed) return changed;
  if (lasting && !(drifted && lasting.cause === "version_or_config")) {
    return notify(
      lasting.cause,
      `the payload speaks of ${lasting.what}, and that outlasts a restart`,
    );
  }
  if (isLooping(facts)) {
    return notify("unknown", "it was restarted already and fell over again: a person should look");
  }
  if (exit?.kind === "on_purpose") return notify("deliberate", exit.words);
  if (exit?.kind === "not_started") return notify("version_or_config", exit.words);
  return undefined;
}

function becauseOfThePast({ past }: Facts): Decision | undefined {
  const { remedy, changed, neighboursBad, nodeTrouble, nodeBackMs = Infinity } = past;
  if (nodeTrouble && !past.nodeAway) {
    return notify("host", `its node has trouble of its own: ${nodeTrouble}`);
  }
  if (remedy && remedy.agoMs < RECENT_MS) {
    const ago = spanInWords(remedy.agoMs);
    const end = remedy.became === "failed" ? "failed" : "did not last";
    return notify("unknown", `a ${remedy.action} ${ago} ago ${end}`);
  }
  if (changed && changed.what !== "remediation" && changed.agoMs < RECENT_MS) {
    const ago = spanInWords(changed.agoMs);
    return notify("version_or_config", `it began after a ${changed.what} ${ago} ago`);
  }
  if (nodeBackMs < JUST_NOW_MS) {
    return notify("starting", `its node came back ${spanInWords(nodeBackMs)} ago`);
  }
  if (neighboursBad >= MANY) {
    return notify("host", `${neighboursBad} other services of the node went bad with it`);
  }
  return undefined;
}

/** Whether a check failed only once, or something is still starting: no fault yet. */
function notYet(facts: Facts): Decision | undefined {
  const { starting, failing, rank } = facts;
  const because = starting
    ? "it is still starting"
    : isFirstCheck(failing)
    ? "one check failed so far"
    : undefined;
  if (because === undefined) return undefined;
  const more = failing?.of !== undefined && failing.of > failing.checks;
  return rank >= 2 || (rank === 1 && (more || starting))
    ? { action: "ignore", cause: "starting", confidence: 0.75, because }
    : notify("starting", because);
}

function remedy(facts: Facts): Decision {
  const { family, exit, failing, rank, drifted } = facts;
  if (drifted && rank === 3) {
    return notify(
      "desired_state",
      "it differs from its description, and nobody calls that a fault",
    );
  }
  if (drifted) {
    return {
      action: "redeploy",
      cause: "desired_state",
      confidence: 0.5,
      because: "what should run is gone or is not as described, and a restart cannot bring it back",
    };
  }
  if (isVague(facts)) {
    return notify("unknown", "the built-in rules do not know this kind of event", 0.3);
  }
  if (rank === 3 && !exit && !failing) {
    return notify(
      "unknown",
      "its severity says that it is not urgent, and nothing else is known",
      0.4,
    );
  }
  if (facts.unread) {
    return notify("unknown", "what it reports is nothing that the built-in rules can read", 0.4);
  }
  const restart = { action: "restart", cause: "process", confidence: 0.5 } as const;
  if (family === "out_of_memory" || exit?.kind === "out_of_memory") {
    const because = "it ran out of memory; a restart brings it back, its limit wants a look";
    return { ...restart, because };
  }
  const because = exit?.words ??
    (failing ? `${failing.checks} checks failed in a row` : "it is down or unhealthy");
  return { ...restart, because: `${because}, and a restart is the smallest remedy` };
}
