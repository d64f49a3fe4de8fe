import type { WaitingEvent } from "../../event/event.ts";
import { type FaultFamily, kindOf } from "../../event/family.ts";
import { newsOf } from "../../event/news.ts";
import { parseTimestamp } from "../../event/timestamp.ts";
import { type SeverityRank, severityRank } from "../../event/severity.ts";
import { type Exit, exitOf } from "./exit.ts";
import { type Lasting, lastingIn } from "./lasting.ts";
import { NO_PAST, NO_ROLE, type Past, type Role } from "./past.ts";
import { countOf, type Fields, names, payloadOf, textsOf, valueOf, wordOf } from "./reading.ts";

/**
 * What code works out of an event from known fields and from the agent's own memory. A payload is
 * untrusted: what its fields say can make a decision more careful, and only fields of known names,
 * never a message or a log, can say that something is over.
 */
export interface Facts {
  /** The type's family, or what the payload's own words for it or its state say. */
  readonly family: FaultFamily;
  readonly rank: SeverityRank;
  /** The severity was sent as a number, or in another word. */
  readonly graded: boolean;
  /** The alert itself says so. */
  readonly over: boolean;
  /** Somebody meant it, as a field says. */
  readonly planned: boolean;
  readonly exit?: Exit | undefined;
  readonly restarts?: number | undefined;
  /** Checks that failed in a row, and how many have to before it counts. */
  readonly failing?: { readonly checks: number; readonly of?: number | undefined } | undefined;
  readonly runsForMs?: number | undefined;
  /** It is within the time that it was given to start. */
  readonly starting: boolean;
  /** It is not there any more, or is not what its description says. */
  readonly drifted: boolean;
  readonly lasting?: Lasting | undefined;
  /** A message or log is there, and what it says is none of the usual words for a crash or hang. */
  readonly unread: boolean;
  readonly past: Past;
  readonly role: Role;
}

const KINDS = names(
  "alertname alert alerttype reason rule check monitor trigger condition problem",
);
const STATES = names(`status state health healthstatus containerstatus servicestatus activestate
  substate phase`);
const RESTARTS = names(`restartcount restarts nrestarts restartcounter restartstotal restarttries
  timesrestarted numrestarts restartattempts autorestarts restartslasthour restarts1h restartsinwindow`);
const FAILING = names(`failingstreak consecutivefailures failedchecks failures failurecount
  consecutivefails failcount checksfailed failedinarow consecutiveerrors`);
const ENOUGH = names(`retries maxretries threshold failurethreshold healthretries maxattempts
  failuresneeded requiredfailures`);
const STARTED = names("startedat starttime started runningsince activeentertimestamp");
const UPTIME = names(`uptimeseconds uptimes uptime startedsecondsago ageseconds runningforseconds
  uptimesec secondssincestart runningseconds sincestartseconds`);
const START_PERIOD = names(
  "startperiod startperiodseconds startupgrace startgraceseconds graceperiod",
);
const MEANT = names(`planned scheduled maintenance plannedmaintenance inmaintenance expected
  intentional deliberate ismaintenance maintenancemode userinitiated`);
const RUNS = names("running runningimage runningversion runningdigest deployed");
const WANTED = names(`compose composeimage declared declaredimage desired desiredimage described
  desiredversion wanted`);
const STOPPED_BY = names("stoppedby initiatedby requestedby triggeredby stoppedbyuser actor user");

const NOT_THERE =
  /no such (?:container|service|object|pod)|(?:container|service|pod)s?\b[^.\n]{0,60}(?:(?:was |been |is |are )?(?:removed|deleted|missing|gone)|does not exist|not found|disappeared|no longer exists?)|not in (?:docker ps|the list of containers)|(?:differs?|drift\w*|deviat\w+|mismatch)[^.\n]{0,40}(?:compose|desired|declared|described|git)|(?:compose|desired|declared|described)[^.\n]{0,50}(?:differs?|drift\w*|mismatch|not (?:running|applied|deployed|match))|(?:has|have|with) no container|no container (?:for|of|named|exists)|(?:has|have|needs?|must) (?:to )?be re-?created|never (?:created|applied)|orphan(?:ed)? container|recreat(?:e|ed|ion) (?:needed|required)|outdated container/i;

/** The name of an alert; what has more words is a sentence about it. */
const A_NAME = /^[\p{L}\p{N}_.:\/-]{1,60}(?: [\p{L}\p{N}_.:\/-]{1,20}){0,3}$/u;
/** Where nothing says how long something may take to start. */
const LONGEST_START_MS = 60_000;

/** Everything that is known of an event beside its text. */
export function factsOf(
  event: WaitingEvent,
  { past = NO_PAST, role = NO_ROLE }: { readonly past?: Past; readonly role?: Role } = {},
): Facts {
  const payload = payloadOf(event.excerpt);
  const text = textsOf(payload) || event.excerpt;
  const family = familyIn(event, payload);
  const exit = exitOf(payload, { family, text });
  const checks = countOf(payload, FAILING);
  const runsForMs = runningFor(payload, event.timestamp);
  return {
    family,
    rank: severityRank(event.severity),
    graded: !/^(?:critical|error|warning|info)$/i.test(event.severity),
    over: newsOf({ ...event, payload }) === "recovery",
    planned: isMeant(payload),
    exit,
    restarts: countOf(payload, RESTARTS),
    failing: checks === undefined ? undefined : { checks, of: countOf(payload, ENOUGH) },
    runsForMs,
    starting: family === "starting" || !exit && isStarting(payload, runsForMs),
    drifted: family === "drifted" || NOT_THERE.test(text) || differs(payload),
    lasting: lastingIn(text, event.service),
    unread: isUnread(text),
    past,
    role,
  };
}

/**
 * The type decides; where it says nothing, the alert's own name, and then how it says to be. A job
 * that keeps data, such as a backup, is about data whatever befalls it.
 */
function familyIn({ type, service }: WaitingEvent, payload: Fields): FaultFamily {
  const { about } = kindOf(type);
  const isHealth = about === "unknown" || about === "down" || about === "unhealthy";
  if (isHealth && kindOf(service).about === "data") return "data";
  if (about !== "unknown") return about;
  const named = valueOf(payload, KINDS);
  const byName = typeof named === "string" && A_NAME.test(named) ? kindOf(named).about : "unknown";
  if (byName !== "unknown") return byName;
  const state = wordOf(payload, STATES);
  return state === "" ? "unknown" : kindOf(`service_${state}`).about;
}

/** What passes with a restart, as programs and monitors say it. */
const PASSING = new RegExp(
  [
    "hang|hung|stuck|fr[eo]+ze|frozen|not? (?:longer )?respon|unresponsive|responding|stands? still|silen(?:ce|t)|no (?:log|output|line|data|reply|answer)|(?:not|n't) load\\b",
    "(?:not|n't|never|no|stopped to|stops|stopped) (?:longer )?answer|reachable|time[ds]? ?-?out|timeout|deadline|deadlock|block(?:ed|s)|busy|lagging",
    "sig(?:segv|kill|abrt|bus)|seg(?:v|fault|mentation)|core ?-?dump|dumped|panic|nil|null ?pointer|unwrap|unhandled|uncaught|exception|traceback|assert|abort|crash|killed|died|dead\\b|exit(?:ed|s)?\\b|terminat|quit",
    "memory|\\boom|heap|leak|gc overhead|descriptor|open files|thread|worker|executor|goroutine|queue|pool",
    "refused|reset|hang ?up|broken pipe|econn|epipe|empty reply|recv failure|disconnect|reconnect|connection (?:was )?(?:closed|lost)|lost (?:the )?connection|websocket|heartbeat",
    "\\b50[0234]\\b|bad gateway|unavailable|unhealthy|failed checks?|(?:is|are|went|was|be) (?:down|offline|stopped|not running)|not running|not started|stopp|has gone|100 ?%",
    "ausgefallen|antwortet\\b.*nicht|keine antwort|abgestürzt|gestoppt|hängt|nicht erreichbar",
  ].join("|"),
  "i",
);
/** Shorter texts are words of a state. */
const A_SENTENCE = 24;

function isUnread(text: string): boolean {
  const isSentence = (line: string) => line.length >= A_SENTENCE && / .* /.test(line);
  const sentences = text.split("\n").filter(isSentence);
  return sentences.length > 0 && !PASSING.test(sentences.join("\n"));
}

/** Whether what runs is said to be other than what is described. */
function differs(payload: Fields): boolean {
  const [runs, wanted] = [valueOf(payload, RUNS), valueOf(payload, WANTED)];
  return (typeof runs === "string" || typeof runs === "number") && typeof wanted === typeof runs &&
    runs !== wanted;
}

function isMeant(payload: Fields): boolean {
  const meant = valueOf(payload, MEANT);
  return meant === true || meant === "true" || meant === "yes" ||
    /^(?:maintenance|planned)$/.test(wordOf(payload, STATES)) ||
    /^(?:user|operator|admin|manual)/.test(wordOf(payload, STOPPED_BY));
}

function runningFor(payload: Fields, seconds: number): number | undefined {
  const uptime = countOf(payload, UPTIME);
  if (uptime !== undefined) return uptime * 1000;
  const started = valueOf(payload, STARTED);
  if (typeof started !== "string" && typeof started !== "number") return undefined;
  const time = parseTimestamp(started, seconds * 1000);
  const ms = (seconds - time.seconds) * 1000;
  return time.replaced === undefined && ms >= 0 ? ms : undefined;
}

function isStarting(payload: Fields, runsForMs = Infinity): boolean {
  if (/^(?:starting|activating|initializing)$/.test(wordOf(payload, STATES))) return true;
  const period = countOf(payload, START_PERIOD);
  return runsForMs < (period === undefined ? LONGEST_START_MS : period * 1000);
}

/** So many restarts are enough to see that they do not help. */
const ENOUGH_RESTARTS = 3;
/** What runs for longer did not start in a loop, however often it was restarted in its life. */
const LONG_RUN_MS = 60 * 60_000;

/** Whether restarts were tried, and it went on. */
export function isLooping({ family, restarts = 0, runsForMs = 0 }: Facts): boolean {
  return runsForMs < LONG_RUN_MS && (family === "crash_loop" || restarts >= ENOUGH_RESTARTS);
}

/** Whether fewer checks failed than it takes; of an unknown number, one. */
export function isFirstCheck(failing: Facts["failing"]): boolean {
  return failing !== undefined && failing.checks < (failing.of ?? 2);
}

/** Whether neither type nor fields say that a service or container is down. */
export function isVague({ family, exit, drifted, failing }: Facts): boolean {
  return (family === "unknown" || family === "application") && !exit && !drifted && !failing;
}
