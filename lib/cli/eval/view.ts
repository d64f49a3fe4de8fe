/**
 * What `eval` found, for people.
 *
 * @module
 */
import { ACTIONS } from "../../llm/diagnosis.ts";
import { type ChainReport, type Miss, VERDICTS } from "./report.ts";
import { type Trial, verdictOf } from "./trial.ts";
import type { Need } from "./label.ts";
import type { Rate } from "./rate.ts";
import { type Column, tableLines } from "../view/table.ts";

const right = (title: string): Column => ({ title, align: "right" });
const text = (title: string): Column => ({ title, narrow: "wrap" });

const CONFUSION: readonly Column[] = [
  text("acceptable"),
  right("events"),
  ...VERDICTS.map((verdict) => right(verdict === "none" ? "no answer" : verdict)),
  right("right"),
];
const DECISIONS: readonly Column[] = [
  text("chain"),
  text("due"),
  right("events"),
  right("right"),
  right("95 %"),
  right("acted"),
  right("ignored"),
  right("asked"),
];
/** What stands above that table. */
const DECISIONS_IN_WORDS = [
  "What is due: nothing (healthy, over or planned), a remedy, or a person. Wrong are those that were",
  "acted upon (restart, redeploy), were ignored, or that a person was asked about for nothing.",
  "",
];
const CALIBRATION: readonly Column[] = [
  text("chain"),
  right("confidence from"),
  right("mean"),
  right("answers"),
  right("right"),
  right("95 %"),
];
const RULES: readonly Column[] = [
  text("chain"),
  right("as always notify"),
  right("violations"),
  right("corrected"),
  right("human missed"),
  right("human needless"),
];
const LINKS: readonly Column[] = [
  text("model"),
  right("attempts"),
  right("answers"),
  right("invalid"),
  right("failed"),
  right("s/attempt"),
  right("slowest"),
  right("tokens"),
];

const DUE: Readonly<Record<Need, string>> = { over: "nothing", remedy: "remedy", person: "person" };

/**
 * The whole report: a confusion table and what was not right per chain, then all chains, and the
 * constants beside them.
 */
export function reportText(
  reports: readonly ChainReport[],
  { constants, width }: { readonly constants: readonly ChainReport[]; readonly width: number },
): string {
  const beside = [...reports, ...constants];
  const parts = reports.flatMap((report) => [
    [`${report.chain}: what was proposed for the events that take an action of these`],
    tableLines(confusionRows(report), { columns: CONFUSION, width }),
    listed("Not acceptable", report.misses, (miss) => missLine(miss)),
    listed(
      "Violations of the risk rules",
      report.violations,
      (found) => `${eventLine(found)}: ${found.proposed} against ${found.rules.join(", ")}`,
    ),
  ]);
  const all = [
    ...parts,
    [
      ...DECISIONS_IN_WORDS,
      ...tableLines(beside.flatMap(decisionRows), { columns: DECISIONS, width }),
    ],
    tableLines(reports.flatMap(calibrationRows), { columns: CALIBRATION, width }),
    tableLines(reports.map(ruleRow), { columns: RULES, width }),
    tableLines(reports.flatMap(linkRows), { columns: LINKS, width }),
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

function confusionRows({ confusion, right, events }: ChainReport): string[][] {
  const total = VERDICTS.map((verdict) =>
    confusion.reduce((sum, row) => sum + row.proposed[verdict], 0)
  );
  return [
    ...confusion.map((row) => [
      row.acceptable.length === ACTIONS.length ? "any" : row.acceptable.join(", "),
      String(row.events),
      ...VERDICTS.map((verdict) => counted(row.proposed[verdict])),
      String(row.right),
    ]),
    ["all", String(events), ...total.map(counted), String(right)],
  ];
}

function decisionRows(report: ChainReport): string[][] {
  const rows = [
    ...report.kinds.map((each) => ({ ...each, due: DUE[each.kind] })),
    { ...report, due: "all", right: report.rate },
  ];
  return rows.map(({ due, right, wrong_interventions, wrong_ignores, needless_notifies }) => [
    report.chain,
    due,
    String(right.of),
    ...rateCells(right),
    ...[wrong_interventions, wrong_ignores, needless_notifies].map(counted),
  ]);
}

function calibrationRows({ chain, calibration }: ChainReport): string[][] {
  return calibration.map(({ from, confidence_mean, right }) => [
    chain,
    String(from),
    confidence_mean.toFixed(2),
    String(right.of),
    ...rateCells(right),
  ]);
}

function rateCells({ count, of, low, high }: Rate): string[] {
  const percent = (share: number) => Math.round(100 * share);
  const share = of > 0 ? ` (${percent(count / of)}%)` : "";
  return [`${count}${share}`, `${percent(low)} to ${percent(high)}`];
}

function ruleRow(report: ChainReport): string[] {
  const { chain, notifies, violations, corrected, human_missed, human_needless } = report;
  return [
    chain,
    String(notifies),
    String(violations.length),
    String(corrected),
    String(human_missed),
    String(human_needless),
  ];
}

function linkRows({ links }: ChainReport): string[][] {
  return links.map((link) => [
    link.link,
    String(link.attempts),
    String(link.answers),
    String(link.invalid),
    String(link.failed),
    link.seconds_mean.toFixed(1),
    link.seconds_max.toFixed(1),
    String(link.prompt_tokens + link.answer_tokens),
  ]);
}

function listed<T>(title: string, items: readonly T[], line: (item: T) => string): string[] {
  return items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `  ${line(item)}`)];
}

function eventLine(
  { line, node, service, type }: Pick<Miss, "line" | "node" | "service" | "type">,
): string {
  return `line ${line} ${node}/${service} ${type}`;
}

function missLine(miss: Miss): string {
  const proposed = miss.proposed === "none" ? "no valid answer" : miss.proposed;
  const harm = miss.mistake === "wrong_intervention" || miss.mistake === "wrong_ignore"
    ? " (!)"
    : "";
  return `${eventLine(miss)}: ${proposed}${harm}, acceptable: ${miss.acceptable.join(", ")}`;
}

function counted(count: number): string {
  return count === 0 ? "-" : String(count);
}
