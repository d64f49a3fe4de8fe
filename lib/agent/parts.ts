/**
 * The parts of the pipeline, made from the configuration and what operators put under config/: all
 * but the way proposals leave it.
 *
 * @module
 */
import type { Backlog } from "../queue/backlog.ts";
import { createBudgets } from "../gate/budgets.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import { type Coordination, NO_COORDINATION } from "../coordination/coordination.ts";
import type { Files } from "../base/disk/files.ts";
import { createChainRouter } from "../llm/chain.ts";
import { createModelDigests } from "../llm/model_digests.ts";
import type { Log } from "../base/log/log.ts";
import { homelabPrompt, readConfigFile, readHomelab } from "../policy/homelab.ts";
import type { Outages } from "../gate/outages.ts";
import { createCounters } from "../observe/outcome.ts";
import { createActionIndex } from "../proposal/read/action_index.ts";
import { createProposedBefore } from "../proposal/read/proposed_before.ts";
import { createQuiet } from "../gate/suppression.ts";
import { parseSilences } from "../gate/silences_file.ts";
import { SILENCES_FILE } from "../gate/silences_watch.ts";
import type { Store } from "../base/disk/store.ts";
import { createTraces, type Tracer } from "../observe/trace.ts";

interface AssemblyOptions {
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
  const index = createActionIndex({
    root: config.runtimePath,
    files: options.files,
    clock,
    log: options.log,
    windowMs: config.outcomeWindowSeconds * 1000,
  });
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
    systemPrompt: homelabPrompt(topology, policy),
    policy,
    outcomesFor: index.outcomesFor,
    countPending: index.countWaiting,
    index,
    proposedBefore: createProposedBefore({ ...options, root: config.runtimePath }),
  };
}
