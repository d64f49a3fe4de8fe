/**
 * A house in a box: the planner among stand-ins for its neighbours, a simulated week with hidden
 * truth, and two rivals in the same week.
 *
 * `deno task house` prints the numbers.
 */
import { every } from "../../lib/base/clock.ts";
import { parseConfig } from "../../lib/config/config.ts";
import { NO_COORDINATION } from "../../lib/coordination/coordination.ts";
import { newsOf } from "../../lib/event/news.ts";
import { createPipeline, openParts } from "../../lib/agent/parts.ts";
import { emptyState } from "../../lib/queue/state.ts";
import { createStore } from "../../lib/base/disk/store.ts";
import { observers } from "../../lib/observe/ending.ts";
import type { ActionFile } from "../../lib/proposal/action_file.ts";
import type { Router } from "../../lib/llm/contract.ts";
import { createProposer } from "../../lib/proposal/proposer.ts";
import { eachContainer } from "../../lib/event/containers.ts";
import { parseEvent } from "../../lib/event/parse.ts";
import { type Target, targetKey } from "../../lib/event/target.ts";
import { SILENT_LOG } from "../../lib/base/log/log.ts";
import { simulatedClock } from "../../scripts/simulate/clock.ts";
import { seededRandom } from "../../scripts/soak/random.ts";
import { type MemoryFiles, memoryFiles } from "../support/memory_files.ts";
import { type Desk, openDesk } from "./desk.ts";
import {
  executor,
  newTally,
  observer,
  person,
  restart,
  supervisor,
  type Tally,
} from "./neighbours.ts";
import { type Publish, senders } from "./senders.ts";
import { type Effect, type Truth, truthOf, week } from "./truth.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const STEP = MINUTE / 2;
const COOLDOWN = 5 * MINUTE;

export interface WeekResult extends Tally {
  readonly minutesDown: number;
  /** Ids of proposals that were made while the same remedy waited for the same service. */
  readonly twice: readonly string[];
  /** Restarts that the planner proposed, and what each would have done just then. */
  readonly proposed: readonly { readonly file: ActionFile; readonly effect: Effect }[];
  /** How many events ended with which outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
}

type Who = "planner" | "restarts all" | "tells all";
type SimulatedClock = ReturnType<typeof simulatedClock>;

interface WeekOptions {
  readonly seed?: number;
  readonly days?: number;
  /** What the planner's model says: nothing but the rules, or "restart it" to everything. */
  readonly model?: "rules" | "eager";
}

/** Runs the week of a seed in somebody's care. */
export async function runWeek(
  who: Who,
  { seed = 1, days = 7, model = "rules" }: WeekOptions = {},
): Promise<WeekResult> {
  const clock = simulatedClock(Date.UTC(2026, 4, 4));
  const files = memoryFiles();
  const truth = truthOf(week(seededRandom(seed)));
  const tally = newTally();
  const desk = await openDesk(files, clock);
  const someone = person(truth, clock, tally);
  const proposed: { file: ActionFile; effect: Effect }[] = [];
  const outcomes: Record<string, number> = {};
  const carryOut = executor(truth, desk, tally);
  const supervise = supervisor(truth, desk, clock);
  const observe = observer(truth, files, clock);

  const keeper = who === "planner"
    ? await openPlanner({ clock, files, truth, desk, proposed, outcomes, model })
    : rival(who, { clock, truth, tally, told: someone.told });
  const sent = senders(truth, keeper.publish);

  let minutesDown = 0;
  for (let now = STEP; now <= days * DAY; now += STEP) {
    await clock.runUntil(now);
    minutesDown += truth.advance(now);
    sent.look(clock.now());
    await clock.runUntil(now);
    someone.workOff();
    if (now % (5 * MINUTE) === 0) {
      await observe();
      await keeper.look();
    }
    if (who === "planner") {
      if (now % MINUTE === 0) await supervise();
      const isRound = now % (10 * MINUTE) === 0 && someone.isAwake();
      for (const entry of desk.waiting) {
        // A notice is for a person, whoever may approve it.
        if (!entry.wantsPerson && entry.what.own && entry.what.remedy !== "notify") {
          await desk.move(entry.id, { from: "pending", to: "approved", by: "system" });
          await carryOut([entry]);
        } else if (isRound) {
          const to = someone.decide(entry);
          await desk.move(entry.id, { from: "pending", to, by: "operator-anna" });
          if (to === "approved") await carryOut([entry]);
        }
      }
    }
    // Whoever keeps the house: in the evening somebody walks round it.
    if (now % DAY === 20 * 60 * MINUTE) someone.lookAround();
  }
  return { ...tally, minutesDown: Math.round(minutesDown), twice: desk.twice, proposed, outcomes };
}

interface Keeper {
  readonly publish: Publish;
  /** The observer has written. */
  look(): Promise<void>;
}

async function openPlanner(
  { clock, files, truth, desk, proposed, outcomes, model }: {
    readonly model: "rules" | "eager";
    readonly clock: SimulatedClock;
    readonly files: MemoryFiles;
    readonly truth: Truth;
    readonly desk: Desk;
    readonly proposed: { file: ActionFile; effect: Effect }[];
    readonly outcomes: Record<string, number>;
  },
): Promise<Keeper> {
  const settings: Readonly<Record<string, string>> = {
    RUNTIME_PATH: "/r",
    NODE_NAME: "piha",
    LLM_CHAIN: "rules",
    MAX_PENDING_PER_SERVICE: "1",
  };
  const config = parseConfig((name) => settings[name]);
  const log = SILENT_LOG;
  const random = () => 0.5;
  let nth = 0;
  const store = createStore({ root: "/r", files, nonce: () => `n${++nth}` });
  const { nodeName } = config;
  const saved = emptyState();
  const given = { config, clock, log, files, random };
  const opened = await openParts(given, { store, saved, remember: () => {} });
  const parts = model === "rules"
    ? opened
    : { ...opened, router: { ...opened.router, route: eager } };
  const planner = createPipeline(parts, {
    coordination: NO_COORDINATION,
    observer: observers([{
      onEnding: ({ outcome }) => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1),
    }]),
    propose: createProposer({
      ...{ store, clock, log, random, nodeName },
      onProposed(file) {
        proposed.push({ file, effect: truth.effect(file) });
        desk.appeared(file.action_id);
      },
    }),
  });
  planner.start();
  every(clock, MINUTE, () => {
    parts.backlog.prune();
    parts.suppression.prune();
  });
  const encoder = new TextEncoder();
  return {
    publish: (event) => planner.receive(encoder.encode(JSON.stringify(event)), "health_events"),
    look: parts.world.look,
  };
}

/** A model that is sure of itself and knows one remedy. */
const eager: Router["route"] = (_messages, { event: { node, service } }) =>
  Promise.resolve({
    content: {
      action: "restart",
      node,
      service,
      reason: "it is not well, and a restart will help",
      confidence: 0.99,
      requires_human: false,
    },
    modelUsed: "eager",
    attempts: [],
  });

/** Does the same to whatever is reported, once in five minutes for each service. */
function rival(
  who: Exclude<Who, "planner">,
  { clock, truth, tally, told }: {
    readonly clock: SimulatedClock;
    readonly truth: Truth;
    readonly tally: Tally;
    readonly told: (target: Target) => void;
  },
): Keeper {
  const last = new Map<string, number>();
  return {
    look: () => Promise.resolve(),
    publish(event) {
      const parsed = parseEvent(event, "health_events", clock.now());
      if (!parsed.ok) return;
      for (const heard of eachContainer(parsed.event)) {
        const key = targetKey(heard);
        if (newsOf(heard) !== "fault") continue;
        if (clock.monotonic() - (last.get(key) ?? -COOLDOWN) < COOLDOWN) continue;
        last.set(key, clock.monotonic());
        if (who === "tells all") told(heard);
        else if (heard.service !== heard.node) restart(truth, heard, tally);
      }
    },
  };
}

/** Lines of a table in Markdown. */
export function table(results: Readonly<Record<string, WeekResult>>): string[] {
  const rows = Object.entries(results).map(([who, r]) =>
    `| ${
      [
        who,
        r.restarts,
        r.needed,
        r.needless,
        r.harmful,
        r.decisions,
        r.minutesDown,
        r.twice.length,
      ].join(" | ")
    } |`
  );
  return [
    "| who | restarts | needed | needless | harmful | asked of a person | minutes down | proposed twice |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
  ];
}

if (import.meta.main) {
  const seed = Number(Deno.args[0] ?? 1);
  const results = {
    "planner-agent, by the rules": await runWeek("planner", { seed }),
    "planner-agent, a model that says restart": await runWeek("planner", { seed, model: "eager" }),
    "restart whatever is unhealthy": await runWeek("restarts all", { seed }),
    "always notify": await runWeek("tells all", { seed }),
  };
  const lines = table(results);
  await Deno.stdout.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
}
