/**
 * Does a link give a valid diagnosis of a harmless event, and how fast?
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { Config } from "../../config/config.ts";
import { DIAGNOSIS_SCHEMA } from "../../llm/diagnosis.ts";
import type { WaitingEvent } from "../../event/event.ts";
import { type Finding, fine, problem, skipped } from "../../observe/health.ts";
import { createChainRouter, type LinkSpec } from "../../llm/chain.ts";
import { type Attempt, ChainExhausted, type Figures } from "../../llm/contract.ts";
import type { Dial } from "../../base/http/http.ts";
import type { Log } from "../../base/log/log.ts";
import { buildMessages } from "../../llm/prompt.ts";

interface AnswerCheckOptions {
  readonly config: Config;
  readonly link: LinkSpec;
  /** The one that the agent uses. */
  readonly systemPrompt: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dial?: Dial;
}

const SILENT: Log = { debug() {}, info() {}, warning() {}, error() {} };
/** Of LLM_TIMEOUT_SECONDS; what takes longer leaves no room for a longer payload. */
const SLOW_SHARE = 0.5;
/** Of LLM_CONTEXT_TOKENS; the rest is for payload and answer. */
const LONG_SHARE = 0.75;

/** An event that nothing is to be done about. Nobody but the model hears of it. */
function sample(nodeName: string, nowMs: number): WaitingEvent {
  return {
    node: nodeName,
    service: "planner-agent-check",
    type: "service_unhealthy",
    severity: "info",
    timestamp: Math.floor(nowMs / 1000),
    heardAt: nowMs,
    happenedAt: nowMs,
    channel: "check",
    excerpt: '{"message":"This is a test of the diagnosis. No service is affected."}',
  };
}

/** Asks one link by the router of `run`, with its deadlines. */
export async function checkAnswer(options: AnswerCheckOptions): Promise<Finding> {
  const { config, link, clock, systemPrompt, signal, dial } = options;
  const about = (detail: string) => ({ check: "answer", subject: link.name, detail });
  const router = createChainRouter({
    config: { ...config, chain: [link] },
    clock,
    log: SILENT,
    ...(dial && { dial }),
  });
  const event = sample(config.nodeName, clock.now());
  const started = clock.monotonic();
  try {
    const { content, attempts } = await router.route(
      buildMessages(systemPrompt, event),
      DIAGNOSIS_SCHEMA,
      { label: "planner.check", event, signal },
    );
    const seconds = (clock.monotonic() - started) / 1000;
    const figures = attempts.at(-1)?.figures ?? {};
    const detail = [
      `answered ${content.action} after ${seconds.toFixed(1)} s`,
      ...attempts.length > 1 ? [`${attempts.length} attempts`] : [],
      ...speeds(figures),
    ].join(", ");
    if (seconds > config.timeoutSeconds * SLOW_SHARE) return problem("answer_slow", about(detail));
    const prompt = figures.promptTokens ?? 0;
    if (prompt > config.contextTokens * LONG_SHARE) {
      const more = `${detail}; the prompt alone has ${prompt} of ${config.contextTokens} tokens`;
      return problem("prompt_too_long", about(more));
    }
    return fine(about(detail));
  } catch (error) {
    if (!(error instanceof ChainExhausted)) throw error;
    if (signal.aborted) return skipped(about("interrupted"));
    return problem("answer_failed", about(failureText(error.attempts)));
  } finally {
    router.close();
  }
}

/** Tokens a second, of the prompt and of the answer; what Ollama did not time is left out. */
function speeds({ promptTokens, promptMs, answerTokens, answerMs, loadMs }: Figures): string[] {
  const perSecond = (tokens: number | undefined, ms: number | undefined) =>
    tokens && ms ? (tokens / (ms / 1000)).toFixed(1) : undefined;
  const [reads, writes] = [perSecond(promptTokens, promptMs), perSecond(answerTokens, answerMs)];
  return [
    ...loadMs !== undefined && loadMs >= 500 ? [`loaded in ${(loadMs / 1000).toFixed(1)} s`] : [],
    ...reads === undefined ? [] : [`reads ${reads} tokens/s`],
    ...writes === undefined ? [] : [`writes ${writes} tokens/s`],
  ];
}

function failureText(attempts: readonly Attempt[]): string {
  return attempts.map(({ outcome, error }) => error ? `${outcome}: ${error}` : outcome)
    .join("; ") || "it was not asked";
}
