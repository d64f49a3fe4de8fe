import type { Clock } from "../../base/clock.ts";
import type { Config } from "../../config/config.ts";
import { about, type Finding } from "../../observe/health.ts";
import { longestPromptTokens } from "../../llm/fit.ts";
import { ANSWER_TOKENS, createChainRouter, type LinkSpec } from "../../llm/chain.ts";
import { type Attempt, ChainExhaustedError, type Figures } from "../../llm/contract.ts";
import { SILENT_LOG } from "../../base/log/log.ts";
import { buildMessages } from "../../llm/prompt.ts";

/** Of LLM_TIMEOUT_SECONDS; what takes longer leaves no room for a longer payload. */
const SLOW_SHARE = 0.5;
/** Of LLM_CONTEXT_TOKENS; the rest is for payload and answer. */
const LONG_SHARE = 0.75;
/** So many services at once are a storm: a node that went away, or came back. */
const STORM = 20;

const EXCERPT = '{"message":"This is a test of the diagnosis. No service is affected."}';
const OTHER_EXCERPT = '{"log":"Another test of the diagnosis, to see how fast a second one is."}';

/**
 * Does a link give a valid diagnosis of a harmless event, and how fast?
 *
 * Asks it by the router of `run`, with its deadlines; twice, since the second question finds
 * the constant beginning of the prompt in the server's cache, as in a storm. Nobody but the model
 * hears of the event.
 */
export async function checkAnswer(
  { config, link, systemPrompt, clock, signal }: {
    readonly config: Config;
    readonly link: LinkSpec;
    readonly systemPrompt: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<Finding> {
  const answer = about("answer", link.name);
  const alone = { ...config, chain: [link] };
  const router = createChainRouter({ config: alone, clock, log: SILENT_LOG });
  async function ask(excerpt: string) {
    const nowMs = clock.now();
    const event = {
      node: config.nodeName,
      service: "planner-agent-check",
      type: "service_unhealthy",
      severity: "info",
      timestamp: Math.floor(nowMs / 1000),
      heardAt: nowMs,
      happenedAt: nowMs,
      channel: "check",
      excerpt,
    } as const;
    const messages = buildMessages(systemPrompt, event);
    const context = { label: "planner.check", event, signal };
    const started = clock.monotonic();
    const { content, attempts } = await router.route(messages, context);
    const seconds = (clock.monotonic() - started) / 1000;
    const figures: Figures = attempts.at(-1)?.figures ?? {};
    return { content, attempts, seconds, figures };
  }
  try {
    const { content, attempts, seconds, figures } = await ask(EXCERPT);
    const first = [
      `answered ${content.action} after ${seconds.toFixed(1)} s`,
      ...attempts.length > 1 ? [`${attempts.length} attempts`] : [],
      ...speeds(figures),
    ].join(", ");
    if (seconds > config.timeoutSeconds * SLOW_SHARE) return answer.problem("answer_slow", first);
    const { contextTokens, promptPayloadBytes: payloadBytes } = config;
    const most = { payloadBytes, answerTokens: ANSWER_TOKENS };
    const longest = longestPromptTokens(systemPrompt, most);
    const { promptTokens = 0 } = figures;
    if (promptTokens > contextTokens * LONG_SHARE || longest > contextTokens) {
      const detail = `${first}; of ${contextTokens} tokens this prompt has ${promptTokens}, and ` +
        `one with a payload of ${payloadBytes} bytes and its answer take up to ${longest}`;
      return answer.problem("prompt_too_long", detail);
    }
    if (link.kind === "rules") return answer.fine(first);
    const next = await ask(OTHER_EXCERPT);
    const { cachedTokens } = next.figures;
    const cached = cachedTokens === undefined ? "" : ` (${cachedTokens} tokens cached)`;
    const storm = `the next one after ${next.seconds.toFixed(1)} s${cached}: a storm of ${STORM} ` +
      `services takes ${(next.seconds * STORM / 60).toFixed(1)} min`;
    const [remark] = router.remarks();
    return remark === undefined
      ? answer.fine(`${first}; ${storm}`)
      : answer.problem("model_server_lax", `it ${remark}; ${first}; ${storm}`);
  } catch (error) {
    if (!(error instanceof ChainExhaustedError)) throw error;
    if (signal.aborted) return answer.skipped("interrupted");
    return answer.problem("answer_failed", failureText(error.attempts));
  }
}

/** Tokens a second, of the prompt and of the answer; what Ollama did not time is left out. */
function speeds(figures: Figures): string[] {
  const { promptTokens = 0, cachedTokens = 0, answerTokens = 0, loadMs = 0 } = figures;
  const speed = (verb: string, tokens: number, ms = 0) =>
    tokens && ms ? [`${verb} ${(tokens / (ms / 1000)).toFixed(1)} tokens/s`] : [];
  return [
    ...loadMs >= 500 ? [`loaded in ${(loadMs / 1000).toFixed(1)} s`] : [],
    ...speed("reads", promptTokens - cachedTokens, figures.promptMs),
    ...speed("writes", answerTokens, figures.answerMs),
  ];
}

function failureText(attempts: readonly Attempt[]): string {
  return attempts.map(({ outcome, error }) => error ? `${outcome}: ${error}` : outcome)
    .join("; ") || "it was not asked";
}
