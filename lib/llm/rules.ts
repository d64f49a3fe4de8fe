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
import { type Facts, factsOf, isFirstCheck, isLooping, isVague } from "./facts/facts.ts";

interface Decision {
  readonly action: Action;
  readonly cause: Cause;
  readonly confidence: number;
  /** The fact that decided, as the end of a sentence that names the event. */
  readonly because: string;
}

/** What a restart or redeploy does not mend, whatever else is known. */
const FOR_A_PERSON: Readonly<Partial<Record<FaultFamily, readonly [Cause, because: string]>>> = {
  disk: ["host", "a restart neither frees space nor mends a drive"],
  hardware: ["hardware", "heat and hardware are not mended by software"],
  power: ["hardware", "power is not mended by software"],
  data: ["data", "data is concerned: a person decides what is safe"],
  certificate: ["access", "something must be renewed, by who issued it"],
  access: ["access", "access is concerned: keep the traces, a person looks"],
  update: [
    "version_or_config",
    "a failed change done again without knowing why can break what still runs",
  ],
  node: ["host", "the machine itself is concerned"],
  network: ["network", "a link or device is away, out of reach of a repair"],
  application: ["unknown", "something inside it fails, while it runs"],
};

/** A remedy that lasted this long worked; a change this long ago did not cause the fault. */
const RECENT_MS = 60 * 60_000;
const JUST_NOW_MS = 10 * 60_000;
/** This many services that fail at once share one cause outside themselves. */
const MANY = 3;
/** The longest part of a type that is repeated in a reason. */
const LONGEST_TYPE = 80;

/** The diagnosis of an event by its kind and the facts alone; always one. */
export function diagnoseByRules(event: WaitingEvent, facts: Facts = factsOf(event)): Diagnosis {
  const decided = decisions(facts).find((each) => each !== false && each !== undefined);
  const { action, cause, confidence, because } = decided ?? restart(facts);
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

/** What each rule decides where it applies; the first that does counts. */
function decisions(facts: Facts): (Decision | false | undefined)[] {
  const { family, rank, exit, failing, lasting, drifted, starting } = facts;
  const { remedy, changed, nodeTrouble, neighboursBad, nodeBackMs = Infinity } = facts.past;
  const ago = (ms: number) => `${spanInWords(ms)} ago`;
  const became = remedy?.became === "failed" ? "failed" : "did not last";
  const kept = drifted ? undefined : FOR_A_PERSON[family];
  const mayMend = drifted && lasting?.cause === "version_or_config";
  return [
    // It is harmless.
    facts.over && ignore("over", "the alert itself says that it is over", 0.9),
    facts.planned && ignore("deliberate", "it is marked as planned", 0.8),
    exit?.kind === "on_purpose" && exit.told && rank === 3 && ignore("deliberate", exit.words, 0.8),
    // A person must see it, before any remedy.
    facts.past.nodeAway && notify("host", "the node is away"),
    kept && notify(...kept),
    nodeTrouble && notify("host", `its node has trouble of its own: ${nodeTrouble}`),
    remedy && remedy.agoMs < RECENT_MS &&
    notify("unknown", `a ${remedy.action} ${ago(remedy.agoMs)} ${became}`),
    changed && changed.what !== "remediation" && changed.agoMs < RECENT_MS &&
    notify("version_or_config", `it began after a ${changed.what} ${ago(changed.agoMs)}`),
    nodeBackMs < JUST_NOW_MS && notify("starting", `its node came back ${ago(nodeBackMs)}`),
    neighboursBad >= MANY &&
    notify("host", `${neighboursBad} other services of the node went bad with it`),
    lasting && !mayMend &&
    notify(lasting.cause, `the payload speaks of ${lasting.what}, and that outlasts a restart`),
    isLooping(facts) &&
    notify("unknown", "it was restarted already and fell over again: a person should look"),
    exit?.kind === "on_purpose" && notify("deliberate", exit.words),
    exit?.kind === "not_started" && notify("version_or_config", exit.words),
    // It is no fault yet.
    starting && notYet(facts, "it is still starting"),
    isFirstCheck(failing) && notYet(facts, "one check failed so far"),
    // What should run is not there, or too little is known.
    drifted && rank === 3 &&
    notify("desired_state", "it differs from its description, and nobody calls that a fault"),
    drifted && {
      action: "redeploy",
      cause: "desired_state",
      confidence: 0.5,
      because: "what should run is gone or is not as described, and a restart cannot bring it back",
    },
    isVague(facts) && notify("unknown", "the built-in rules do not know this kind of event", 0.3),
    rank === 3 && !exit && !failing &&
    notify("unknown", "its severity says that it is not urgent, and nothing else is known", 0.4),
    facts.unread &&
    notify("unknown", "what it reports is nothing that the built-in rules can read", 0.4),
  ];
}

function notify(cause: Cause, because: string, confidence = 0.6): Decision {
  return { action: "notify", cause, confidence, because };
}

function ignore(cause: Cause, because: string, confidence: number): Decision {
  return { action: "ignore", cause, confidence, because };
}

/** Of a check that failed only once, or of something that is still starting. */
function notYet({ starting, failing, rank }: Facts, because: string): Decision {
  const more = failing?.of !== undefined && failing.of > failing.checks;
  const isMinor = rank >= 2 || (rank === 1 && (more || starting));
  return isMinor ? ignore("starting", because, 0.75) : notify("starting", because);
}

/** The smallest remedy, where nothing speaks against it. */
function restart({ family, exit, failing }: Facts): Decision {
  const isForMemory = family === "out_of_memory" || exit?.kind === "out_of_memory";
  const said = failing ? `${failing.checks} checks failed in a row` : "it is down or unhealthy";
  const because = isForMemory
    ? "it ran out of memory; a restart brings it back, its limit wants a look"
    : `${exit?.words ?? said}, and a restart is the smallest remedy`;
  return { action: "restart", cause: "process", confidence: 0.5, because };
}
