import { LIMIT_OPTIONS, limitsIn, passedLimits } from "./limits.ts";
import { systemClock } from "../../base/clock.ts";
import { type Config, parseConfig } from "../../config/config.ts";
import { parseLabels } from "./label.ts";
import { type ChainReport, isFailure, reportOf } from "./report.ts";
import { type Trial, tryEvent } from "./trial.ts";
import { ChainSyntaxError, createChainRouter, parseChain } from "../../llm/chain.ts";
import type { Router } from "../../llm/contract.ts";
import type { Action } from "../../llm/diagnosis.ts";
import { createLog } from "../../base/log/log.ts";
import { homelabPrompt } from "../../policy/homelab.ts";
import { type Command, oneFile, readWhole, type Values } from "../command.ts";
import { homelabUnder } from "../homelab.ts";
import { progressLine, reportLines } from "./view.ts";
import { present } from "../view/present.ts";
import { interruptible } from "../interruptible.ts";
import { EXIT, type Io, UsageError } from "../io.ts";

/** Models that always answer the same: a chain's score means something only beside theirs. */
const CONSTANTS = ["notify", "restart", "ignore"] as const satisfies readonly Action[];
const LARGEST_MIB = 64;

export const evaluate: Command = {
  name: "eval",
  summary: "measure how well the models decide labelled events",
  synopsis: "FILE|- [--model NAME]... [--json] [LIMITS]",
  help: `Has labelled events, one JSON object a line, diagnosed with the prompt, the
models and the risk rules of this configuration, one after the other, and
writes nothing. A line is

  {"event": {...}, "acceptable": ["restart", "notify"], "requires_human": true}

where event is what is published on Redis, acceptable are the actions a person
would accept, and requires_human says whether the proposal must ask for a person
(null, or left out: either). A line may have "context", a list of earlier events
with times of their own, and of what became of earlier proposals:
{"action": "restart", "became": "completed", "timestamp": "..."}. Beside each
table stand models that always answer the same.

  --model NAME   try this model on OLLAMA_HOST instead of LLM_CHAIN; several
                 times to compare. Takes what LLM_CHAIN takes.
  --json         print the result as JSON
  LIMITS are --max-wrong-interventions N, --max-wrong-ignores N and
                 --min-right PERCENT: the exit status is 1 when a chain does not
                 keep them

SIGINT (Ctrl-C) ends it and shows what is done so far. The exit status is 1 when
a proposal breaks a risk rule, or when a chain gave no valid answer at all.`,
  options: {
    model: { type: "string", multiple: true },
    json: { type: "boolean" },
    ...LIMIT_OPTIONS,
  },
  completes: "files",
  run: evaluateFile,
};

async function evaluateFile(io: Io, values: Values, positionals: readonly string[]) {
  const path = oneFile(evaluate, positionals);
  const config = parseConfig(io.env);
  const json = values.json === true;
  const limits = limitsIn(values);
  const chains = chainsOf(values.model, config);
  const labels = await labelsIn(path, io, config);
  const { topology, policy } = await homelabUnder(config.runtimePath);
  // The report says what failed, so that by default the log need not.
  const level = io.env("LOG_LEVEL") ? config.logLevel : "error";
  const log = createLog({ level, write: io.err, clock: systemClock });
  const { signal, release } = interruptible(io, log);

  const common = {
    systemPrompt: homelabPrompt(topology, policy),
    policy,
    services: topology.services,
    repeats: config.outcomeRepeats,
    windowSeconds: config.outcomeWindowSeconds,
  };
  /** Every label in turn, until the signal; a chain has its own router, so nothing carries over. */
  async function tried(
    name: string,
    router: Router,
    { signal, tell }: { signal: AbortSignal; tell: (progress: string) => void },
  ) {
    const trials: Trial[] = [];
    for (const label of labels) {
      if (signal.aborted) break;
      const trial = await tryEvent(label, { ...common, router, signal });
      if (!trial) break;
      trials.push(trial);
      tell(progressLine(trial, `${trials.length}/${labels.length}`));
    }
    return reportOf(name, trials);
  }

  const reports: ChainReport[] = [];
  for (const { name, chain } of chains) {
    if (signal.aborted) break;
    const router = createChainRouter({ config: { ...config, chain }, clock: systemClock, log });
    const tell = (progress: string) => {
      if (io.isTerminal && !json) io.err(`${name}: ${progress}\n`);
    };
    reports.push(await tried(name, router, { signal, tell }));
  }
  const { aborted: interrupted } = signal;
  release();
  // They take no time: nobody interrupts them.
  const quietly = { signal: new AbortController().signal, tell: () => {} };
  const constants: ChainReport[] = [];
  for (const action of CONSTANTS) {
    constants.push(await tried(`always ${action}`, constantRouter(action), quietly));
  }

  const passed = reports.flatMap((report) => passedLimits(report, limits));
  const status = await present(io, values, () => ({
    object: { events: labels.length, interrupted, chains: reports, constants, passed },
    lines: ({ width }) => reportLines(reports, { constants, width }),
    status: passed.length > 0 || reports.some(isFailure) ? EXIT.failure : EXIT.ok,
  }));
  if (json) return status;
  if (interrupted) io.err(`planner-agent: interrupted; this is what was done until then\n`);
  for (const limit of passed) io.err(`planner-agent: eval: ${limit}\n`);
  return status;
}

function chainsOf(models: Values[string], { chain, ollamaHost }: Config) {
  if (!Array.isArray(models)) return [{ name: chain.map(({ name }) => name).join(), chain }];
  return models.map((model) => {
    try {
      return { name: String(model), chain: parseChain(String(model), ollamaHost) };
    } catch (error) {
      if (!(error instanceof ChainSyntaxError)) throw error;
      throw new UsageError(`eval: --model: ${error.message}`);
    }
  });
}

async function labelsIn(path: string, io: Io, { promptPayloadBytes: payloadBytes }: Config) {
  const bytes = await readWhole(evaluate, { io, path, mostMib: LARGEST_MIB });
  const { labels, problems } = parseLabels(bytes, { nowMs: systemClock.now(), payloadBytes });
  if (problems.length === 0) return labels;
  throw new UsageError(`eval: '${path}' cannot be used:\n  ${problems.join("\n  ")}`);
}

/** A router whose every answer is `action`, and that it is sure. */
function constantRouter(action: Action): Router {
  const modelUsed = `always ${action}`;
  const answer = { action, reason: modelUsed, confidence: 0.9, requires_human: false };
  return {
    route: (_messages, { event: { node, service } }) =>
      Promise.resolve({ content: { ...answer, node, service }, modelUsed, attempts: [] }),
  };
}
