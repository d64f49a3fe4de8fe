/**
 * Reads what a planner left on its disk and in its logs.
 *
 * @module
 */
import { join } from "node:path/posix";
import { HISTORY_FOLDER } from "../../lib/observe/history/files.ts";
import { parseHistoryLine } from "../../lib/observe/history/line.ts";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import { STATUS_FILE } from "../../lib/observe/status.ts";
import { parseStatus } from "../../lib/observe/status/record.ts";
import { parseStopped } from "../soak/tally.ts";
import type {
  LifeEvidence,
  OutcomeEvidence,
  PlannerEvidence,
  ProposalEvidence,
  Span,
} from "./evidence.ts";
import type { ChaosPlanner, Life } from "./planner.ts";

/** The planner must have ended. */
export async function remainsOf(
  planner: ChaosPlanner,
): Promise<Omit<PlannerEvidence, "acknowledged">> {
  const { name, root, lives } = planner;
  const broken: string[] = [];
  const leftovers: string[] = [];
  for await (const path of filesIn(root)) {
    if (path.endsWith(".tmp")) leftovers.push(path);
    if (path.endsWith(".json") && jsonOf(await Deno.readTextFile(path)) === undefined) {
      broken.push(path);
    }
  }
  const logs = await Promise.all(lives.map(linesOf));
  return {
    name,
    lives: await Promise.all(lives.map((life, nth) => lifeOf(life, logs[nth] ?? []))),
    proposals: await proposalsIn(join(root, "actions", "pending")),
    ...await outcomesIn(join(root, "state", HISTORY_FOLDER)),
    alone: logs.flatMap(spansAlone),
    broken,
    leftovers,
    waiting: await waitingIn(root),
  };
}

/** Events that the planner says it has in hand; Infinity where it says nothing. */
export async function waitingIn(root: string): Promise<number> {
  const text = await Deno.readTextFile(join(root, "state", STATUS_FILE)).catch(() => "");
  const parsed = parseStatus(text);
  if ("problem" in parsed) return Infinity;
  const { diagnosing, queued, parked } = parsed.record;
  return diagnosing + queued + parked;
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesIn(path);
    else yield path;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function proposalsIn(folder: string): Promise<ProposalEvidence[]> {
  const proposals: ProposalEvidence[] = [];
  for await (const path of filesIn(folder)) {
    if (!path.endsWith(".json")) continue;
    const content = jsonOf(await Deno.readTextFile(path));
    if (typeof content !== "object" || content === null) continue;
    const { action_id, node, service, timestamp, payload } = content as ActionFile;
    const { type, severity } = payload.audit.event;
    proposals.push({
      actionId: action_id,
      node,
      service,
      atMs: (await Deno.stat(path)).mtime?.getTime() ?? 0,
      happenedMs: Math.round(timestamp * 1000),
      type,
      severity,
    });
  }
  return proposals;
}

async function outcomesIn(
  folder: string,
): Promise<Pick<PlannerEvidence, "outcomes" | "unnamed">> {
  const outcomes: OutcomeEvidence[] = [];
  let unnamed = 0;
  for await (const path of filesIn(folder)) {
    for (const text of (await Deno.readTextFile(path)).split("\n")) {
      const line = parseHistoryLine(text);
      // No end of an event, but a diagnosis that found no model.
      if (!line || line.outcome === "exhausted") continue;
      const { node = "", service = "", outcome, repeated, others, action_id } = line;
      if (others !== undefined) {
        unnamed += others;
        continue;
      }
      outcomes.push({
        node,
        service,
        outcome,
        count: repeated ?? 1,
        atMs: Date.parse(line.at),
        ...(action_id !== undefined && { actionId: action_id }),
      });
    }
  }
  return { outcomes, unnamed };
}

type LogLine = Readonly<Record<string, unknown>>;

async function linesOf({ logFile }: Life): Promise<LogLine[]> {
  const lines = (await Deno.readTextFile(logFile)).split("\n").map(jsonOf);
  return lines.filter((line): line is LogLine => typeof line === "object" && line !== null);
}

async function lifeOf(life: Life, lines: readonly LogLine[]): Promise<LifeEvidence> {
  const restored = lines.find(({ event }) => event === "state_restored")?.waiting;
  const stopped = parseStopped(await Deno.readTextFile(life.logFile));
  return {
    ending: life.ending,
    code: life.status?.code ?? -1,
    restored: typeof restored === "number" ? restored : 0,
    ...(stopped && {
      counts: {
        received: stopped.received,
        outcomes: Object.values(stopped.outcomes).reduce((sum, count) => sum + count, 0),
      },
    }),
  };
}

/** From each `coordination_unavailable` to what ended it. */
function spansAlone(lines: readonly LogLine[]): Span[] {
  const spans: Span[] = [];
  let fromMs: number | undefined;
  let lastMs = 0;
  for (const { event, timestamp } of lines) {
    lastMs = Date.parse(String(timestamp)) || lastMs;
    if (event === "coordination_unavailable") fromMs ??= lastMs;
    if (event !== "coordination_restored" || fromMs === undefined) continue;
    spans.push({ fromMs, toMs: lastMs });
    fromMs = undefined;
  }
  if (fromMs !== undefined) spans.push({ fromMs, toMs: lastMs });
  return spans;
}
