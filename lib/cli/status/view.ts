import type { SparseCounts } from "../../observe/status/minutes.ts";
import type { Life, StatusReport } from "../../observe/status/report.ts";
import { findingLines } from "../view/findings.ts";
import { spanInWords, withLocalTime } from "../../base/text/span.ts";
import { fitHeight, type ViewOptions } from "../view/present.ts";
import { type CellColumn, itemTable, namedLines, type NamedRow, wrap } from "../view/table.ts";
import { textWidth } from "../view/width.ts";

/** Rows of a table; `--json` has more. On a low screen tables get shorter until all fit. */
const MOST_SHOWN = [20, 10, 5, 3, 1];

type TableOptions = ViewOptions & { readonly mostRows: number };

const span = (seconds: number) => spanInWords(seconds * 1000);

/** How the agent is, for people; as much of it as a screen has room for. */
export function statusLines(report: StatusReport, options: ViewOptions): readonly string[] {
  let shown: readonly string[] = [];
  for (const mostRows of MOST_SHOWN) {
    const lines = linesOf(report, { ...options, mostRows });
    shown = fitHeight(lines, options);
    if (shown.length === lines.length) break;
  }
  return shown;
}

function linesOf(report: StatusReport, options: TableOptions): string[] {
  const { queue, cooldowns, links, problems } = report;
  if (report.agent.state === "never_ran") return findingLines(problems, options);
  const { held = [], waiting = [] } = Object.groupBy(
    queue.events,
    ({ state }) => state === "held" ? "held" : "waiting",
  );
  return [
    ...headline(report, options),
    "",
    ...namedLines(facts(report, options.timeZone), options),
    ...section(options, {
      items: waiting,
      total: queue.diagnosing + queue.queued + queue.parked - held.length,
    }, [
      { title: "state", cell: ({ state }) => state },
      { title: "node", cell: ({ node }) => node },
      { title: "service", cell: ({ service }) => service },
      { title: "type", spare: 2, cell: ({ type }) => type },
      { title: "severity", spare: 3, cell: ({ severity }) => severity },
      { title: "age", spare: 1, cell: ({ age_seconds }) => span(age_seconds) },
      { title: "next try", narrow: "wrap", cell: nextTry },
    ]),
    // What is held for the same reason is one row.
    ...section(options, { items: [...Map.groupBy(held, ({ why = "" }) => why)] }, [
      { title: "held", cell: ([, events]) => events.length },
      { title: "because", narrow: "wrap", cell: ([why]) => why },
      { title: "next try", spare: 1, cell: ([, events]) => `in ${span(firstTry(events))}` },
      { title: "services", narrow: "wrap", cell: ([, events]) => servicesByNode(events) },
    ]),
    ...section(options, { items: cooldowns.targets, total: cooldowns.total }, [
      { title: "cools down", cell: ({ remaining_seconds }) => span(remaining_seconds) },
      { title: "node", cell: ({ node }) => node },
      { title: "service", cell: ({ service }) => service },
    ]),
    ...section(options, { items: links }, [
      { title: "link", cell: ({ link }) => link },
      { title: "model", spare: 2, cell: ({ model }) => model },
      { title: "circuit", cell: ({ state }) => state.replace("_", " ") },
      { title: "failures", spare: 1, cell: ({ failures }) => failures },
      {
        title: "next try",
        narrow: "wrap",
        cell: ({ next_try_seconds: next }) => next === null ? "" : `in ${span(next)}`,
      },
    ]),
    ...problems.length > 0 ? ["", ...findingLines(problems, options)] : [],
  ];
}

const LIVES = {
  running: { words: "running", paint: "good" },
  stopped: { words: "stopped", paint: "warn" },
  silent: { words: "not running, or hangs", paint: "bad" },
  never_ran: { words: "never ran", paint: "bad" },
} as const satisfies Record<Life, unknown>;

function headline({ agent }: StatusReport, { palette, width }: TableOptions): string[] {
  const { words, paint } = LIVES[agent.state];
  const who = ["planner-agent", agent.version, agent.node && `on ${agent.node}`]
    .filter(Boolean).join(" ");
  const beat = agent.heartbeat_age_seconds;
  const heard = beat === null ? "no heartbeat" : `heartbeat ${span(beat)} ago`;
  const plain = `${who}: ${words}, ${heard}`;
  if (textWidth(plain) > width) return wrap(plain, width);
  return [`${palette.strong(who)}: ${palette[paint](words)}, ${heard}`];
}

function facts(report: StatusReport, timeZone: string | undefined): NamedRow[] {
  const { agent, redis, queue, silences, last_proposal: last } = report;
  const isRunning = agent.state === "running";
  const held = queue.events.filter(({ state }) => state === "held").length;
  const { in_force = 0, to_come = 0, next_end_seconds = null } = silences ?? {};
  const ends = next_end_seconds === null ? "" : `, the next ends in ${span(next_end_seconds)}`;
  return [
    [
      isRunning ? "up" : "was up",
      agent.up_seconds !== null &&
      `${span(agent.up_seconds)}, since ${withLocalTime(agent.started ?? "", timeZone)}` +
        (isRunning ? ` (process ${agent.pid})` : ""),
    ],
    [
      agent.state === "stopped" ? "stopped" : "last seen",
      agent.ended !== null && withLocalTime(agent.ended, timeZone),
    ],
    ["Redis", redis !== null && redisWords(redis)],
    [
      "queue",
      `${queue.diagnosing} being diagnosed, ${Math.max(0, queue.queued - held)} queued, ` +
      `${held > 0 ? `${held} held, ` : ""}${queue.parked} parked`,
    ],
    ["cooldowns", String(report.cooldowns.total)],
    [
      "silences",
      in_force + to_come > 0 &&
      `${in_force} in force${ends}${to_come > 0 ? `, ${to_come} to come` : ""}`,
    ],
    [isRunning ? "last hour" : "its last hour", countWords(report.last_hour)],
    ["since start", countWords(report.since_start)],
    [
      "last proposal",
      last === null
        ? "none since start"
        : `${span(last.age_seconds)} ago: ${last.action} of ${last.node}/${last.service}, ` +
          last.action_id,
    ],
  ];
}

function redisWords(redis: NonNullable<StatusReport["redis"]>): string {
  const { state, for_seconds, channels, refused, detail } = redis;
  const time = span(for_seconds);
  switch (state) {
    case "subscribed": {
      const not = refused.length > 0 ? `; may not hear ${refused.join(", ")}` : "";
      return `connected for ${time}, hears ${channels.join(", ")}${not}`;
    }
    case "waiting":
      return `not connected for ${time}: ${detail}`;
    case "stopped":
      return "left";
    default:
      return `connecting for ${time}`;
  }
}

function countWords({ received, outcomes }: SparseCounts): string {
  const parts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return `${received} received${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}

function nextTry(event: Waiting[number]): string {
  if (event.state === "diagnosing") return "now";
  if (event.next_try_seconds === null) return "at its turn";
  const notes = [event.failures > 0 && `failed ${event.failures}`, event.why].filter(Boolean);
  return `in ${span(event.next_try_seconds)} (${notes.join("; ")})`;
}

type Waiting = StatusReport["queue"]["events"];

const firstTry = (events: Waiting) =>
  Math.min(...events.map(({ next_try_seconds }) => next_try_seconds ?? 0));

/** `vps: mail, web; piha: redis`. */
function servicesByNode(events: Waiting): string {
  return [...Map.groupBy(events, ({ node }) => node)]
    .map(([node, those]) => `${node}: ${those.map(({ service }) => service).join(", ")}`)
    .join("; ");
}

/** @param rows.total how many there are, where not all of them are `items` */
function section<Item>(
  options: TableOptions,
  { items, total = 0 }: { readonly items: readonly Item[]; readonly total?: number },
  columns: readonly CellColumn<Item>[],
): string[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, options.mostRows);
  const more = Math.max(total, items.length) - shown.length;
  return [
    "",
    ...itemTable(shown, columns, options),
    ...more > 0 ? [options.palette.faint(`and ${more} more`)] : [],
  ];
}
