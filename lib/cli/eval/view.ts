/**
 * What `eval` found, for people.
 *
 * @module
 */
import { ACTIONS } from "../../llm/diagnosis.ts";
import { type ChainReport, type Miss, VERDICTS } from "./report.ts";
import { type Trial, verdictOf } from "./trial.ts";
import { type Column, tableLines } from "../view/table.ts";

const right = (title: string): Column => ({ title, align: "right" });
const text = (title: string): Column => ({ title, narrow: "wrap" });

const CONFUSION: readonly Column[] = [
  text("acceptable"),
  right("events"),
  ...VERDICTS.map((verdict) => right(verdict === "none" ? "no answer" : verdict)),
  right("right"),
];
const CHAINS: readonly Column[] = [
  text("chain"),
  right("events"),
  right("right"),
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
];

/** The whole report: a confusion table and what was not right per chain, then all chains. */
export function reportText(reports: readonly ChainReport[], width: number): string {
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
    tableLines(reports.map(chainRow), { columns: CHAINS, width }),
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

function chainRow(report: ChainReport): string[] {
  const { chain, events, right, violations, corrected, human_missed, human_needless } = report;
  const share = events > 0 ? ` (${Math.round(100 * right / events)}%)` : "";
  return [
    chain,
    String(events),
    `${right}${share}`,
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
  ]);
}

function listed<T>(title: string, items: readonly T[], line: (item: T) => string): string[] {
  return items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `  ${line(item)}`)];
}

function eventLine({ line, node, service, type }: Omit<Miss, "acceptable">): string {
  return `line ${line} ${node}/${service} ${type}`;
}

function missLine(miss: Miss): string {
  const proposed = miss.proposed === "none" ? "no valid answer" : miss.proposed;
  return `${eventLine(miss)}: ${proposed}, acceptable: ${miss.acceptable.join(", ")}`;
}

function counted(count: number): string {
  return count === 0 ? "-" : String(count);
}
