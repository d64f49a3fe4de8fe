/**
 * What `eval` found, for people.
 *
 * @module
 */
import { ACTIONS } from "../../llm/diagnosis.ts";
import { type ChainReport, type Miss, VERDICTS } from "./report.ts";
import { type Trial, verdictOf } from "./trial.ts";
import { type Column, tableLines } from "../view/table.ts";

/** What stands above the table of decisions. */
const DECISIONS_IN_WORDS = [
  "What is due: nothing (healthy, over or planned), a remedy, or a person. Wrong are those that were",
  "acted upon (restart, redeploy), were ignored, or that a person was asked about for nothing.",
  "",
];
const DUE = { over: "nothing", remedy: "remedy", person: "person" } as const;

/**
 * The whole report: a confusion table and what was not right per chain, then all chains, and the
 * constants beside them.
 */
export function reportText(
  reports: readonly ChainReport[],
  { constants, width }: { readonly constants: readonly ChainReport[]; readonly width: number },
): string {
  /** Titles of texts, titles of numbers, and what stands below them. */
  const table = (
    texts: readonly string[],
    numbers: readonly string[],
    rows: readonly (readonly (string | number)[])[],
  ) => {
    const columns = [
      ...texts.map((title): Column => ({ title, narrow: "wrap" })),
      ...numbers.map((title): Column => ({ title, align: "right" })),
    ];
    return tableLines(rows.map((row) => row.map(String)), { columns, width });
  };
  const proposed = VERDICTS.map((verdict) => verdict === "none" ? "no answer" : verdict);
  const all = [
    ...reports.flatMap((report) => [
      [`${report.chain}: what was proposed for the events that take an action of these`],
      table(["acceptable"], ["events", ...proposed, "right"], confusionRows(report)),
      listed("Not acceptable", report.misses.map(missLine)),
      listed(
        "Violations of the risk rules",
        report.violations.map((found) =>
          `${eventLine(found)}: ${found.proposed} against ${found.rules.join(", ")}`
        ),
      ),
    ]),
    [
      ...DECISIONS_IN_WORDS,
      ...table(
        ["chain", "due"],
        ["events", "right", "95 %", "acted", "ignored", "asked"],
        [...reports, ...constants].flatMap(decisionRows),
      ),
    ],
    table(
      ["chain"],
      ["confidence from", "mean", "answers", "right", "95 %"],
      reports.flatMap(calibrationRows),
    ),
    table(
      ["chain"],
      ["as always notify", "violations", "corrected", "human missed", "human needless"],
      reports.map((report) => [
        report.chain,
        report.notifies,
        report.violations.length,
        report.corrected,
        report.human_missed,
        report.human_needless,
      ]),
    ),
    table(
      ["model"],
      ["attempts", "answers", "invalid", "failed", "s/attempt", "slowest", "tokens"],
      reports.flatMap(({ links }) => links).map((link) => [
        link.link,
        link.attempts,
        link.answers,
        link.invalid,
        link.failed,
        link.seconds_mean.toFixed(1),
        link.seconds_max.toFixed(1),
        link.prompt_tokens + link.answer_tokens,
      ]),
    ),
  ];
  return `${
    all.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")
  }\n`;
}

/** One line while it works. */
export function progressLine(trial: Trial, { done, of }: { done: number; of: number }): string {
  const { node, service, type } = trial.label.event;
  const ms = trial.attempts.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const seconds = (ms / 1000).toFixed(1);
  return `${done}/${of} ${node}/${service} ${type} -> ${verdictOf(trial)} (${seconds} s)`;
}

function confusionRows({ confusion, right, events }: ChainReport) {
  const total = VERDICTS.map((verdict) =>
    confusion.reduce((sum, row) => sum + row.proposed[verdict], 0)
  );
  return [
    ...confusion.map((row) => [
      row.acceptable.length === ACTIONS.length ? "any" : row.acceptable.join(", "),
      row.events,
      ...VERDICTS.map((verdict) => counted(row.proposed[verdict])),
      row.right,
    ]),
    ["all", events, ...total.map(counted), right],
  ];
}

function decisionRows(report: ChainReport) {
  const rows = [
    ...report.kinds.map((each) => ({ ...each, due: DUE[each.kind] })),
    { ...report, due: "all", right: report.rate },
  ];
  return rows.map(({ due, right, wrong_interventions, wrong_ignores, needless_notifies }) => [
    report.chain,
    due,
    right.of,
    ...rateCells(right),
    ...[wrong_interventions, wrong_ignores, needless_notifies].map(counted),
  ]);
}

function calibrationRows({ chain, calibration }: ChainReport) {
  return calibration.map(({ from, confidence_mean, right }) => [
    chain,
    from,
    confidence_mean.toFixed(2),
    right.of,
    ...rateCells(right),
  ]);
}

function rateCells({ count, of, low, high }: ChainReport["rate"]): string[] {
  const percent = (share: number) => Math.round(100 * share);
  const share = of > 0 ? ` (${percent(count / of)}%)` : "";
  return [`${count}${share}`, `${percent(low)} to ${percent(high)}`];
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function eventLine(event: Pick<Miss, "line" | "node" | "service" | "type">): string {
  return `line ${event.line} ${event.node}/${event.service} ${event.type}`;
}

function missLine(miss: Miss): string {
  const proposed = miss.proposed === "none" ? "no valid answer" : miss.proposed;
  const isHarm = miss.mistake === "wrong_intervention" || miss.mistake === "wrong_ignore";
  const acceptable = miss.acceptable.join(", ");
  return `${eventLine(miss)}: ${proposed}${isHarm ? " (!)" : ""}, acceptable: ${acceptable}`;
}

const counted = (count: number) => count === 0 ? "-" : count;
