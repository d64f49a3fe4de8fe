/**
 * Counts what the agent does, for Prometheus.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { ACTIONS } from "../llm/diagnosis.ts";
import type { ActionFile } from "../proposal/action_file.ts";
import type { Decided, Diagnosed, Ending } from "./ending.ts";
import { type Outcome, OUTCOMES } from "./outcome.ts";
import { exposition, histogram, type Labels, tally } from "./metrics/exposition.ts";

/** How many channels are counted by name; messages on further ones are counted as `other`. */
const MOST_CHANNELS = 8;
/** From a model on a GPU to one on a Raspberry Pi that has to be loaded first, in seconds. */
const DIAGNOSIS_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What each metric is, in the order of the file; their names there begin with `planner_agent_`. */
const METRICS = {
  build_info: "What runs; always 1.",
  start_time_seconds: "When the agent was started, in seconds since 1970.",
  last_write_timestamp_seconds: "When this file was written.",
  redis_connected: "1 while at least one channel is heard, else 0.",
  messages_received_total: "Messages taken from the channels.",
  events_total: "Messages that have ended, by channel and what became of them.",
  last_event_timestamp_seconds:
    "When the last message ended, at most 10 s before this file was written.",
  queue_length: "Events that wait for their diagnosis.",
  parked_events: "Events that wait for another try.",
  diagnoses_running: "Diagnoses that are under way.",
  diagnoses_total: "Diagnoses, by whether a link of the chain answered.",
  diagnosis_duration_seconds: "How long a diagnosis took, all attempts together.",
  llm_attempts_total: "Requests to links of the chain, by outcome.",
  proposals_total: "Proposals put before a person, by action.",
  decisions_total: "Proposals that came to a folder behind actions/pending, by action and folder.",
  last_proposal_timestamp_seconds: "When the last proposal was made.",
  pending_proposals: "Proposals that wait for a person.",
  oldest_pending_proposal_timestamp_seconds: "When the oldest of them was written.",
  internal_faults_total: "Errors that nobody caught and the agent survived.",
  log_lines_dropped_total: "Log lines left out because nobody reads standard output.",
};

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

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics({ clock, build, channels, links, faults, droppedLines }: {
  readonly clock: Clock;
  /** What runs, as labels: version and the like. */
  readonly build: Labels;
  /** Channels and links that are shown from the start, with zeros. */
  readonly channels: readonly string[];
  readonly links: readonly string[];
  /** How many errors the process survived, and how many log lines it left out, since its start. */
  readonly faults?: () => number;
  readonly droppedLines?: () => number;
}) {
  const startedMs = clock.now();
  const events = new Map<string, Record<Outcome, number>>();
  const diagnoses = tally("result");
  const attempts = tally("link", "outcome");
  const proposals = tally("action");
  const decisions = tally("action", "became");
  const durations = histogram(DIAGNOSIS_SECONDS);
  let connected = false;
  let lastEventMs: number | undefined;
  let heard = false;
  let lastProposalMs: number | undefined;

  function addChannel(channel: string): Record<Outcome, number> {
    const counts = events.get(channel) ??
      Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
    events.set(channel, counts);
    return counts;
  }

  for (const channel of channels) addChannel(channel);
  for (const result of ["answered", "exhausted"]) diagnoses.add([result], 0);
  for (const link of links) attempts.add([link, "ok"], 0);
  for (const action of ACTIONS) if (action !== "ignore") proposals.add([action], 0);

  return {
    onEnding({ channel, outcome }: Ending): void {
      const counts = events.get(channel) ??
        addChannel(events.size < MOST_CHANNELS ? channel : "other");
      counts[outcome]++;
      // Asking the clock would cost a flood more than all the rest.
      heard = true;
    },
    onDiagnosed({ attempts: asked, milliseconds, modelUsed }: Diagnosed): void {
      for (const { link, outcome } of asked) attempts.add([link, outcome]);
      durations.observe(milliseconds / 1000);
      diagnoses.add([modelUsed === undefined ? "exhausted" : "answered"]);
    },
    onProposed({ payload: { action } }: ActionFile): void {
      proposals.add([action]);
      lastProposalMs = clock.now();
    },
    onDecided({ action, became }: Decided): void {
      // Another program's proposal may name any action.
      decisions.add([ACTIONS.find((name) => name === action) ?? "other", became]);
    },
    /** Whether the agent hears at least one channel. */
    redis: (now: boolean) => void (connected = now),
    text({ received, queued, parked, running, pending, oldestPendingMs }: Gauges): string {
      if (heard) lastEventMs = clock.now();
      heard = false;
      return exposition("planner_agent_", METRICS, {
        build_info: [{ labels: build, value: 1 }],
        start_time_seconds: seconds(startedMs),
        last_write_timestamp_seconds: seconds(clock.now()),
        redis_connected: Number(connected),
        messages_received_total: received,
        events_total: [...events].flatMap(([channel, counts]) =>
          OUTCOMES.map((outcome) => ({ labels: { channel, outcome }, value: counts[outcome] }))
        ),
        last_event_timestamp_seconds: seconds(lastEventMs),
        queue_length: queued,
        parked_events: parked,
        diagnoses_running: running,
        diagnoses_total: diagnoses.samples(),
        diagnosis_duration_seconds: durations.samples(),
        llm_attempts_total: attempts.samples(),
        proposals_total: proposals.samples(),
        decisions_total: decisions.samples(),
        last_proposal_timestamp_seconds: seconds(lastProposalMs),
        pending_proposals: pending,
        oldest_pending_proposal_timestamp_seconds: seconds(oldestPendingMs),
        internal_faults_total: faults?.() ?? 0,
        log_lines_dropped_total: droppedLines?.() ?? 0,
      });
    },
  };
}

const seconds = (ms: number | undefined) => ms === undefined ? undefined : ms / 1000;
