/**
 * What `eval` found, for people.
 *
 * @module
 */
import { ACTIONS } from "../../llm/diagnosis.ts";
import { type ChainReport, type Miss, VERDICTS } from "./report.ts";
import { type Trial, type Verdict, verdictOf } from "./trial.ts";
import { type CellColumn, cellsOf, tableLines } from "../view/table.ts";

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
  const table = <Item>(items: readonly Item[], columns: readonly CellColumn<Item>[]) =>
    tableLines(cellsOf(items, columns), { columns, width });
  const all = [
    ...reports.flatMap((report) => [
      [`${report.chain}: what was proposed for the events that take an action of these`],
      table(confusionRows(report), [
        text("acceptable", ({ name }) => name),
        number("events", ({ events }) => events),
        ...VERDICTS.map((verdict) =>
          number<ReturnType<typeof confusionRows>[number]>(
            verdict === "none" ? "no answer" : verdict,
            ({ proposed }) => counted(proposed[verdict]),
          )
        ),
        number("right", ({ right }) => right),
      ]),
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
      ...table([...reports, ...constants].flatMap(decisionRows), [
        text("chain", ({ chain }) => chain),
        text("due", ({ due }) => due),
        number("events", ({ right }) => right.of),
        number("right", ({ right }) => shareOf(right)),
        number("95 %", ({ right }) => intervalOf(right)),
        number("acted", ({ wrong_interventions }) => counted(wrong_interventions)),
        number("ignored", ({ wrong_ignores }) => counted(wrong_ignores)),
        number("asked", ({ needless_notifies }) => counted(needless_notifies)),
      ]),
    ],
    table(reports.flatMap(({ chain, calibration }) => calibration.map((c) => ({ chain, ...c }))), [
      text("chain", ({ chain }) => chain),
      number("confidence from", ({ from }) => from),
      number("mean", ({ confidence_mean }) => confidence_mean.toFixed(2)),
      number("answers", ({ right }) => right.of),
      number("right", ({ right }) => shareOf(right)),
      number("95 %", ({ right }) => intervalOf(right)),
    ]),
    table(reports, [
      text("chain", ({ chain }) => chain),
      number("as always notify", ({ notifies }) => notifies),
      number("violations", ({ violations }) => violations.length),
      number("corrected", ({ corrected }) => corrected),
      number("human missed", ({ human_missed }) => human_missed),
      number("human needless", ({ human_needless }) => human_needless),
    ]),
    table(reports.flatMap(({ links }) => links), [
      text("model", ({ link }) => link),
      number("attempts", ({ attempts }) => attempts),
      number("answers", ({ answers }) => answers),
      number("invalid", ({ invalid }) => invalid),
      number("failed", ({ failed }) => failed),
      number("s/attempt", ({ seconds_mean }) => seconds_mean.toFixed(1)),
      number("slowest", ({ seconds_max }) => seconds_max.toFixed(1)),
      number("tokens", ({ prompt_tokens, answer_tokens }) => prompt_tokens + answer_tokens),
    ]),
  ];
  return `${
    all.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n")
  }\n`;
}

function text<Item>(title: string, cell: (item: Item) => string): CellColumn<Item> {
  return { title, narrow: "wrap", cell };
}

function number<Item>(title: string, cell: CellColumn<Item>["cell"]): CellColumn<Item> {
  return { title, align: "right", cell };
}

/** One line while it works. */
export function progressLine(trial: Trial, { done, of }: { done: number; of: number }): string {
  const { node, service, type } = trial.label.event;
  const ms = trial.attempts.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const seconds = (ms / 1000).toFixed(1);
  return `${done}/${of} ${node}/${service} ${type} -> ${verdictOf(trial)} (${seconds} s)`;
}

function confusionRows({ confusion, right, events }: ChainReport) {
  const total = (verdict: Verdict) =>
    confusion.reduce((sum, row) => sum + row.proposed[verdict], 0);
  const proposed = Object.fromEntries(VERDICTS.map((verdict) => [verdict, total(verdict)]));
  return [
    ...confusion.map((row) => ({
      ...row,
      name: row.acceptable.length === ACTIONS.length ? "any" : row.acceptable.join(", "),
    })),
    { name: "all", events, proposed: proposed as Record<Verdict, number>, right },
  ];
}

function decisionRows({ kinds, rate, ...report }: ChainReport) {
  return [
    ...kinds.map((each) => ({ chain: report.chain, due: DUE[each.kind], ...each })),
    { ...report, due: "all", right: rate },
  ];
}

const percent = (share: number) => Math.round(100 * share);
const shareOf = ({ count, of }: ChainReport["rate"]) =>
  of > 0 ? `${count} (${percent(count / of)}%)` : `${count}`;
const intervalOf = ({ low, high }: ChainReport["rate"]) => `${percent(low)} to ${percent(high)}`;

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
