/**
 * The parts of the pipeline, made from the configuration and what operators put under config/: all
 * but the way proposals leave it.
 *
 * @module
 */
import { pendingForTarget } from "./action_folder.ts";
import type { Backlog } from "./backlog.ts";
import { createBudgets } from "./budgets.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { type Coordination, NO_COORDINATION } from "./coordination/coordination.ts";
import type { WaitingEvent } from "./event.ts";
import type { Files } from "./files.ts";
import { createChainRouter } from "./llm/chain.ts";
import { createModelDigests } from "./llm/model_digest.ts";
import type { Log } from "./log.ts";
import { readConfigFile, readHomelab } from "./operator_files.ts";
import type { Outages } from "./outages.ts";
import { createCounters } from "./outcome.ts";
import { createOutcomes } from "./outcomes.ts";
import { systemPrompt } from "./prompt.ts";
import { actionIdPrefix } from "./proposal.ts";
import { createProposedBefore } from "./proposed_before.ts";
import { createQuiet } from "./quiet.ts";
import { parseSilences } from "./silences_file.ts";
import { SILENCES_FILE } from "./silences_watch.ts";
import type { Store } from "./store.ts";
import { createTraces, type Tracer } from "./trace.ts";

export interface AssemblyOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  readonly store: Store;
  readonly backlog: Backlog;
  readonly outages?: Outages;
  readonly coordination?: Coordination | undefined;
  readonly tracer?: Tracer | undefined;
}

/** @throws {ConfigError} for a file under config/ that is wrong. */
export async function assemble<Options extends AssemblyOptions>(options: Options) {
  const { config, clock, store } = options;
  const { topology, policy } = await readHomelab(store);
  const silences = await readConfigFile(store, SILENCES_FILE, parseSilences);
  const nodes = topology.nodes.map((node) => node.name);
  const quiet = createQuiet({ ...options, nodes });
  quiet.setSilences(silences ?? []);
  return {
    ...options,
    quiet,
    coordination: options.coordination ?? NO_COORDINATION,
    budgets: createBudgets(clock, config),
    counters: createCounters(),
    traces: createTraces(options),
    router: createChainRouter(options),
    modelDigests: createModelDigests({ ...options, chain: config.chain }),
    systemPrompt: systemPrompt(topology, policy),
    policy,
    outcomesFor: createOutcomes({ ...options, root: config.runtimePath }),
    proposedBefore: createProposedBefore({ ...options, root: config.runtimePath }),
    async countPending(event: WaitingEvent) {
      const texts = await Array.fromAsync(store.pendingActions(actionIdPrefix(event)));
      return pendingForTarget(texts.map(parseOrUndefined), event);
    },
  };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
