import { ACTIONS } from "../../llm/diagnosis.ts";
import { byVerdict, type ChainReport, type Miss, type Rate, VERDICTS } from "./report.ts";
import type { Trial } from "./trial.ts";
import { type CellColumn, cellsOf, tableLines } from "../view/table.ts";

/** What stands above the table of decisions. */
const DECISIONS_IN_WORDS = [
  "What is due: nothing (healthy, over or planned), a remedy, or a person. Wrong are those that were",
  "acted upon (restart, redeploy), were ignored, or that a person was asked about for nothing.",
  "",
];
const DUE = { over: "nothing", remedy: "remedy", person: "person" } as const;

/**
 * The report for people: a confusion table and what was not right per chain, then all chains, and
 * the constants beside them.
 */
export function reportLines(
  reports: readonly ChainReport[],
  { constants, width }: { readonly constants: readonly ChainReport[]; readonly width: number },
): string[] {
  const table = <Item>(items: readonly Item[], columns: readonly CellColumn<Item>[]) =>
    tableLines(cellsOf(items, columns), { columns, width });
  const chain: CellColumn<{ readonly chain: string }> = text("chain", ({ chain }) => chain);
  const parts = [
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
        chain,
        text("due", ({ due }) => due),
        ...rates("events"),
        number("acted", ({ wrong_interventions }) => counted(wrong_interventions)),
        number("ignored", ({ wrong_ignores }) => counted(wrong_ignores)),
        number("asked", ({ needless_notifies }) => counted(needless_notifies)),
      ]),
    ],
    table(reports.flatMap(({ chain, calibration }) => calibration.map((c) => ({ chain, ...c }))), [
      chain,
      number("confidence from", ({ from }) => from),
      number("mean", ({ confidence_mean }) => confidence_mean.toFixed(2)),
      ...rates("answers"),
    ]),
    table(reports, [
      chain,
      number("as always notify", ({ notifies }) => notifies),
      number("violations", ({ violations }) => violations.length),
      ...numbers("corrected", "human_missed", "human_needless"),
    ]),
    table(reports.flatMap(({ links }) => links), [
      text("model", ({ link }) => link),
      ...numbers("attempts", "answers", "invalid", "failed"),
      number("s/attempt", ({ seconds_mean }) => seconds_mean.toFixed(1)),
      number("slowest", ({ seconds_max }) => seconds_max.toFixed(1)),
      number("tokens", ({ prompt_tokens, answer_tokens }) => prompt_tokens + answer_tokens),
    ]),
  ];
  return parts.filter((lines) => lines.length > 0)
    .flatMap((lines, i) => i > 0 ? ["", ...lines] : lines);
}

function text<Item>(title: string, cell: (item: Item) => string): CellColumn<Item> {
  return { title, narrow: "wrap", cell };
}

function number<Item>(title: string, cell: CellColumn<Item>["cell"]): CellColumn<Item> {
  return { title, align: "right", cell };
}

/** Columns that are called as their keys are. */
function numbers<Key extends string>(...keys: Key[]): CellColumn<Readonly<Record<Key, number>>>[] {
  return keys.map((key) => number(key.replace("_", " "), (item) => item[key]));
}

/** How many there were, how many of them were right, and how far that can be trusted. */
function rates(counted: string): CellColumn<{ readonly right: Rate }>[] {
  const percent = (share: number) => Math.round(100 * share);
  return [
    number(counted, ({ right }) => right.of),
    number(
      "right",
      ({ right: { count, of } }) => of > 0 ? `${count} (${percent(count / of)}%)` : count,
    ),
    number("95 %", ({ right: { low, high } }) => `${percent(low)} to ${percent(high)}`),
  ];
}

/** One line while it works. */
export function progressLine({ label, decision, attempts }: Trial, counts: string): string {
  const { node, service, type } = label.event;
  const ms = attempts.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const seconds = (ms / 1000).toFixed(1);
  return `${counts} ${node}/${service} ${type} -> ${decision?.action ?? "none"} (${seconds} s)`;
}

function confusionRows({ confusion, right, events }: ChainReport) {
  const proposed = byVerdict((verdict) =>
    confusion.reduce((sum, row) => sum + row.proposed[verdict], 0)
  );
  return [
    ...confusion.map((row) => ({
      ...row,
      name: row.acceptable.length === ACTIONS.length ? "any" : row.acceptable.join(", "),
    })),
    { name: "all", events, proposed, right },
  ];
}

function decisionRows({ kinds, rate, ...report }: ChainReport) {
  return [
    ...kinds.map((each) => ({ chain: report.chain, due: DUE[each.kind], ...each })),
    { ...report, due: "all", right: rate },
  ];
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function eventLine(event: Pick<Miss, "line" | "node" | "service" | "type">): string {
  const { line, node, service, type } = event;
  return `line ${line} ${node}/${service} ${type}`;
}

function missLine(miss: Miss): string {
  const proposed = miss.proposed === "none" ? "no valid answer" : miss.proposed;
  const isHarm = miss.mistake === "wrong_intervention" || miss.mistake === "wrong_ignore";
  const acceptable = miss.acceptable.join(", ");
  return `${eventLine(miss)}: ${proposed}${isHarm ? " (!)" : ""}, acceptable: ${acceptable}`;
}

const counted = (count: number) => count === 0 ? "-" : count;
