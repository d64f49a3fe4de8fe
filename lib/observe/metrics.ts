/**
 * Counts what the agent does, for Prometheus.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { ACTIONS } from "../llm/diagnosis.ts";
import type { Observer } from "./ending.ts";
import { type Outcome, OUTCOMES } from "./outcome.ts";
import {
  exposition,
  type Family,
  histogram,
  type Labels,
  type Sample,
} from "./metrics/exposition.ts";

/** How many channels are counted by name; messages on further ones are counted as `other`. */
const MOST_CHANNELS = 8;
/** From a model on a GPU to one on a Raspberry Pi that has to be loaded first, in seconds. */
const DIAGNOSIS_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

interface MetricsOptions {
  readonly clock: Clock;
  /** What runs, as labels: version and the like. */
  readonly build: Labels;
  /** Channels and links that are shown from the start, with zeros. */
  readonly channels: readonly string[];
  readonly links: readonly string[];
}

/** What is measured when the text is made. */
interface Gauges {
  readonly received: number;
  /** Events that wait, without parked ones. */
  readonly queued: number;
  readonly parked: number;
  readonly running: number;
  readonly pending: number;
  /** When the oldest proposal that waits for a person was written, in milliseconds since 1970. */
  readonly oldestPendingMs?: number | undefined;
}

export interface Metrics extends Required<Omit<Observer, "onParked">> {
  /** Whether the agent hears at least one channel. */
  redis(connected: boolean): void;
  /** Everything in Prometheus' text format. */
  text(gauges: Gauges): string;
}

export function createMetrics({ clock, build, channels, links }: MetricsOptions): Metrics {
  const startedMs = clock.now();
  const events = new Map<string, Record<Outcome, number>>();
  const proposals = new Map<string, number>();
  const decisions = new Map<string, Map<string, number>>();
  const attempts = new Map<string, Map<string, number>>();
  const seconds = histogram(DIAGNOSIS_SECONDS);
  let answered = 0;
  let exhausted = 0;
  let connected = false;
  let lastEventMs: number | undefined;
  let heard = false;
  let lastProposalMs: number | undefined;

  const outcomesOf = (channel: string) =>
    events.get(channel) ?? addChannel(events.size < MOST_CHANNELS ? channel : "other");

  function addChannel(channel: string): Record<Outcome, number> {
    const counts = events.get(channel) ??
      Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
    events.set(channel, counts);
    return counts;
  }

  function countAttempt(link: string, outcome: string, by = 1) {
    const outcomes = attempts.get(link) ?? new Map<string, number>();
    attempts.set(link, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + by));
  }

  for (const channel of channels) addChannel(channel);
  for (const link of links) countAttempt(link, "ok", 0);
  for (const action of ACTIONS) if (action !== "ignore") proposals.set(action, 0);

  function families(gauges: Gauges): Family[] {
    if (heard) lastEventMs = clock.now();
    heard = false;
    return [
      gauge("build_info", "What runs; always 1.", 1, build),
      gauge(
        "start_time_seconds",
        "When the agent was started, in seconds since 1970.",
        at(startedMs),
      ),
      gauge("last_write_timestamp_seconds", "When this file was written.", at(clock.now())),
      gauge("redis_connected", "1 while at least one channel is heard, else 0.", Number(connected)),
      counter("messages_received_total", "Messages taken from the channels.", [
        { value: gauges.received },
      ]),
      counter(
        "events_total",
        "Messages that have ended, by channel and what became of them.",
        [...events].flatMap(([channel, counts]) =>
          OUTCOMES.map((outcome) => ({ labels: { channel, outcome }, value: counts[outcome] }))
        ),
      ),
      gauge(
        "last_event_timestamp_seconds",
        "When the last message ended, at most 10 s before this file was written.",
        at(lastEventMs),
      ),
      gauge("queue_length", "Events that wait for their diagnosis.", gauges.queued),
      gauge("parked_events", "Events that wait for another try.", gauges.parked),
      gauge("diagnoses_running", "Diagnoses that are under way.", gauges.running),
      counter("diagnoses_total", "Diagnoses, by whether a link of the chain answered.", [
        { labels: { result: "answered" }, value: answered },
        { labels: { result: "exhausted" }, value: exhausted },
      ]),
      {
        name: "planner_agent_diagnosis_duration_seconds",
        help: "How long a diagnosis took, all attempts together.",
        type: "histogram",
        samples: seconds.samples(),
      },
      counter(
        "llm_attempts_total",
        "Requests to links of the chain, by outcome.",
        [...attempts].flatMap(([link, outcomes]) =>
          [...outcomes].map(([outcome, value]) => ({ labels: { link, outcome }, value }))
        ),
      ),
      counter(
        "proposals_total",
        "Proposals put before a person, by action.",
        [...proposals].map(([action, value]) => ({ labels: { action }, value })),
      ),
      counter(
        "decisions_total",
        "Proposals that came to a folder behind actions/pending, by action and folder.",
        [...decisions].flatMap(([action, folders]) =>
          [...folders].map(([became, value]) => ({ labels: { action, became }, value }))
        ),
      ),
      gauge(
        "last_proposal_timestamp_seconds",
        "When the last proposal was made.",
        at(lastProposalMs),
      ),
      gauge("pending_proposals", "Proposals that wait for a person.", gauges.pending),
      gauge(
        "oldest_pending_proposal_timestamp_seconds",
        "When the oldest of them was written.",
        at(gauges.oldestPendingMs),
      ),
    ];
  }

  return {
    onEnding({ channel, outcome }) {
      outcomesOf(channel)[outcome]++;
      // Asking the clock would cost a flood more than all the rest.
      heard = true;
    },
    onDiagnosed({ attempts, milliseconds, modelUsed }) {
      for (const { link, outcome } of attempts) countAttempt(link, outcome);
      seconds.observe(milliseconds / 1000);
      if (modelUsed === undefined) exhausted++;
      else answered++;
    },
    onProposed({ payload: { action } }) {
      proposals.set(action, (proposals.get(action) ?? 0) + 1);
      lastProposalMs = clock.now();
    },
    onDecided({ action, became }) {
      // Another program's proposal may name any action.
      const known = ACTIONS.find((name) => name === action) ?? "other";
      const folders = decisions.get(known) ?? new Map<string, number>();
      decisions.set(known, folders.set(became, (folders.get(became) ?? 0) + 1));
    },
    redis: (now) => void (connected = now),
    text: (gauges) => exposition(families(gauges)),
  };
}

function at(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

/** A metric of a value that is not known yet has no sample. */
function gauge(name: string, help: string, value: number | undefined, labels?: Labels): Family {
  const sample = value === undefined ? [] : [{ value, ...(labels && { labels }) }];
  return { name: `planner_agent_${name}`, help, type: "gauge", samples: sample };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `planner_agent_${name}`, help, type: "counter", samples };
}
