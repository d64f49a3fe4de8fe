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
import { exposition, histogram, type Labels, type Sample, tally } from "./metrics/exposition.ts";

/** How many channels are counted by name; messages on further ones are counted as `other`. */
const MOST_CHANNELS = 8;
/** From a model on a GPU to one on a Raspberry Pi that has to be loaded first, in seconds. */
const DIAGNOSIS_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What each metric is, in the order of the file; their names there begin with `planner_agent_`. */
const METRICS = {
  build_info: ["gauge", "What runs; always 1."],
  start_time_seconds: ["gauge", "When the agent was started, in seconds since 1970."],
  last_write_timestamp_seconds: ["gauge", "When this file was written."],
  redis_connected: ["gauge", "1 while at least one channel is heard, else 0."],
  messages_received_total: ["counter", "Messages taken from the channels."],
  events_total: ["counter", "Messages that have ended, by channel and what became of them."],
  last_event_timestamp_seconds: [
    "gauge",
    "When the last message ended, at most 10 s before this file was written.",
  ],
  queue_length: ["gauge", "Events that wait for their diagnosis."],
  parked_events: ["gauge", "Events that wait for another try."],
  diagnoses_running: ["gauge", "Diagnoses that are under way."],
  diagnoses_total: ["counter", "Diagnoses, by whether a link of the chain answered."],
  diagnosis_duration_seconds: [
    "histogram",
    "How long a diagnosis took, all attempts together.",
  ],
  llm_attempts_total: ["counter", "Requests to links of the chain, by outcome."],
  proposals_total: ["counter", "Proposals put before a person, by action."],
  decisions_total: [
    "counter",
    "Proposals that came to a folder behind actions/pending, by action and folder.",
  ],
  last_proposal_timestamp_seconds: ["gauge", "When the last proposal was made."],
  pending_proposals: ["gauge", "Proposals that wait for a person."],
  oldest_pending_proposal_timestamp_seconds: ["gauge", "When the oldest of them was written."],
  internal_faults_total: ["counter", "Errors that nobody caught and the agent survived."],
  log_lines_dropped_total: [
    "counter",
    "Log lines left out because nobody reads standard output.",
  ],
} as const;

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
  const seconds = histogram(DIAGNOSIS_SECONDS);
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

  /** A metric of a value that is not known yet has no sample. */
  function values(
    gauges: Gauges,
  ): Record<keyof typeof METRICS, number | undefined | readonly Sample[]> {
    if (heard) lastEventMs = clock.now();
    heard = false;
    return {
      build_info: [{ labels: build, value: 1 }],
      start_time_seconds: at(startedMs),
      last_write_timestamp_seconds: at(clock.now()),
      redis_connected: Number(connected),
      messages_received_total: gauges.received,
      events_total: [...events].flatMap(([channel, counts]) =>
        OUTCOMES.map((outcome) => ({ labels: { channel, outcome }, value: counts[outcome] }))
      ),
      last_event_timestamp_seconds: at(lastEventMs),
      queue_length: gauges.queued,
      parked_events: gauges.parked,
      diagnoses_running: gauges.running,
      diagnoses_total: diagnoses.samples(),
      diagnosis_duration_seconds: seconds.samples(),
      llm_attempts_total: attempts.samples(),
      proposals_total: proposals.samples(),
      decisions_total: decisions.samples(),
      last_proposal_timestamp_seconds: at(lastProposalMs),
      pending_proposals: gauges.pending,
      oldest_pending_proposal_timestamp_seconds: at(gauges.oldestPendingMs),
      internal_faults_total: faults?.() ?? 0,
      log_lines_dropped_total: droppedLines?.() ?? 0,
    };
  }

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
      seconds.observe(milliseconds / 1000);
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
    text(gauges: Gauges): string {
      const now = values(gauges);
      return exposition(
        Object.entries(METRICS).map(([name, [type, help]]) => {
          const value = now[name as keyof typeof METRICS] ?? [];
          const samples = typeof value === "number" ? [{ value }] : value;
          return { name: `planner_agent_${name}`, help, type, samples };
        }),
      );
    },
  };
}

const at = (ms: number | undefined) => ms === undefined ? undefined : ms / 1000;
