/**
 * Does a link give a valid diagnosis of a harmless event, and how fast?
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { Config } from "../../config/config.ts";
import type { WaitingEvent } from "../../event/event.ts";
import { type Finding, fine, problem, skipped } from "../../observe/health.ts";
import { longestPromptTokens } from "../../llm/fit.ts";
import { ANSWER_TOKENS, createChainRouter, type LinkSpec } from "../../llm/chain.ts";
import { type Attempt, ChainExhaustedError, type Figures } from "../../llm/contract.ts";
import type { Dial } from "../../base/http/http.ts";
import { SILENT_LOG } from "../../base/log/log.ts";
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

/** Of LLM_TIMEOUT_SECONDS; what takes longer leaves no room for a longer payload. */
const SLOW_SHARE = 0.5;
/** Of LLM_CONTEXT_TOKENS; the rest is for payload and answer. */
const LONG_SHARE = 0.75;

const EXCERPT = '{"message":"This is a test of the diagnosis. No service is affected."}';
const OTHER_EXCERPT = '{"log":"Another test of the diagnosis, to see how fast a second one is."}';

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
    excerpt: EXCERPT,
  };
}

/** So many services at once are a storm: a node that went away, or came back. */
const STORM = 20;

/**
 * Asks one link by the router of `run`, with its deadlines; twice, since the second question finds
 * the constant beginning of the prompt in the server's cache, as in a storm.
 */
export async function checkAnswer(options: AnswerCheckOptions): Promise<Finding> {
  const { config, link, clock, systemPrompt, signal, dial } = options;
  const about = (detail: string) => ({ check: "answer", subject: link.name, detail });
  const router = createChainRouter({
    config: { ...config, chain: [link] },
    clock,
    log: SILENT_LOG,
    ...(dial && { dial }),
  });
  async function ask(excerpt: string) {
    const event = { ...sample(config.nodeName, clock.now()), excerpt };
    const started = clock.monotonic();
    const { content, attempts } = await router.route(
      buildMessages(systemPrompt, event),
      { label: "planner.check", event, signal },
    );
    const seconds = (clock.monotonic() - started) / 1000;
    return { content, attempts, seconds, figures: attempts.at(-1)?.figures ?? {} };
  }
  try {
    const { content, attempts, seconds, figures } = await ask(EXCERPT);
    const first = [
      `answered ${content.action} after ${seconds.toFixed(1)} s`,
      ...attempts.length > 1 ? [`${attempts.length} attempts`] : [],
      ...speeds(figures),
    ].join(", ");
    if (seconds > config.timeoutSeconds * SLOW_SHARE) return problem("answer_slow", about(first));
    const longest = longestPromptTokens(systemPrompt, {
      payloadBytes: config.promptPayloadBytes,
      answerTokens: ANSWER_TOKENS,
    });
    const prompt = figures.promptTokens ?? 0;
    if (prompt > config.contextTokens * LONG_SHARE || longest > config.contextTokens) {
      const more =
        `${first}; of ${config.contextTokens} tokens this prompt has ${prompt}, and one ` +
        `with a payload of ${config.promptPayloadBytes} bytes and its answer take up to ${longest}`;
      return problem("prompt_too_long", about(more));
    }
    if (link.kind === "rules") return fine(about(first));
    const next = await ask(OTHER_EXCERPT);
    const { cachedTokens } = next.figures;
    const cached = cachedTokens === undefined ? "" : ` (${cachedTokens} tokens cached)`;
    const storm = `the next one after ${next.seconds.toFixed(1)} s${cached}: a storm of ${STORM} ` +
      `services takes ${(next.seconds * STORM / 60).toFixed(1)} min`;
    const [remark] = router.remarks();
    if (remark === undefined) return fine(about(`${first}; ${storm}`));
    return problem("model_server_lax", about(`it ${remark}; ${first}; ${storm}`));
  } catch (error) {
    if (!(error instanceof ChainExhaustedError)) throw error;
    if (signal.aborted) return skipped(about("interrupted"));
    return problem("answer_failed", about(failureText(error.attempts)));
  } finally {
    router.close();
  }
}

/** Tokens a second, of the prompt and of the answer; what Ollama did not time is left out. */
function speeds(figures: Figures): string[] {
  const { promptTokens = 0, cachedTokens = 0, promptMs, answerTokens, answerMs, loadMs } = figures;
  const perSecond = (tokens: number | undefined, ms: number | undefined) =>
    tokens && ms ? (tokens / (ms / 1000)).toFixed(1) : undefined;
  const [reads, writes] = [
    perSecond(promptTokens - cachedTokens, promptMs),
    perSecond(answerTokens, answerMs),
  ];
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
