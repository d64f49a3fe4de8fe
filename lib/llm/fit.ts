import type { Log } from "../base/log/log.ts";
import type { Message } from "./contract.ts";

/** What a chat template adds to each message. */
const TOKENS_PER_MESSAGE = 12;
/** The event's own lines, and what is known of it. */
const EVENT_TOKENS = 300;
/** JSON and log lines, measured with Gemma's tokens; the worst there is, bare digits, have 1. */
const PAYLOAD_BYTES_PER_TOKEN = 2.5;
const FENCE = "```";
const CUT = "\n... (cut to fit the model's context) ...\n";

/** One match a token: five letters of a word, a digit or sign; a blank before a word is part of it. */
const TOKEN = /[A-Za-z]{1,5}|[^\sA-Za-z]|\s{2,}|[^\S ]/g;

/** How many tokens a text takes, rather too many. */
function estimatedTokens(text: string): number {
  return text.match(TOKEN)?.length ?? 0;
}

/** The most tokens that a prompt with `system` and so large a payload, and its answer, take. */
export function longestPromptTokens(
  system: string,
  { payloadBytes, answerTokens }: { readonly payloadBytes: number; readonly answerTokens: number },
): number {
  return estimatedTokens(system) + EVENT_TOKENS + 2 * TOKENS_PER_MESSAGE + answerTokens +
    Math.ceil(payloadBytes / PAYLOAD_BYTES_PER_TOKEN);
}

/** Says at the start when a prompt of these settings may be cut later, and what to set. */
export function warnOfLongPrompts(
  log: Log,
  { system, contextTokens, ...most }:
    & { readonly system: string; readonly contextTokens: number }
    & Parameters<typeof longestPromptTokens>[1],
): void {
  const tokens = longestPromptTokens(system, most);
  if (tokens <= contextTokens) return;
  log.warning("prompt_may_not_fit", {
    prompt_tokens: tokens,
    context_tokens: contextTokens,
    set: `LLM_CONTEXT_TOKENS=${Math.ceil(tokens / 1024) * 1024}, or less PROMPT_PAYLOAD_BYTES`,
  });
}

function tokensOf(messages: readonly Message[]): number {
  const each = messages.map(({ content }) => estimatedTokens(content) + TOKENS_PER_MESSAGE);
  return each.reduce((sum, tokens) => sum + tokens, 0);
}

/**
 * The messages within `tokens`; the same ones where they fit. Nothing but the payload is cut: what is
 * too long loses its beginning in some servers, and that is where the rules stand
 * (ollama/ollama#3839, #17427).
 */
export function fitted(messages: readonly Message[], tokens: number): readonly Message[] {
  if (tokensOf(messages) <= tokens) return messages;
  const begin = `\n${FENCE}\n`;
  const isFenced = ({ role, content }: Message) => role === "user" && content.includes(begin);
  const index = messages.findIndex(isFenced);
  const message = messages[index];
  if (!message) return messages;
  const { content } = message;
  const start = content.indexOf(begin) + begin.length;
  const end = content.lastIndexOf(`\n${FENCE}`);
  if (end <= start) return messages;
  const payload = content.slice(start, end);
  const keeping = (kept: number): readonly Message[] => {
    const [head, tail] = [Math.ceil(kept / 2), Math.floor(kept / 2)];
    const rest = `${payload.slice(0, head)}${CUT}${payload.slice(payload.length - tail)}`;
    const shorter = `${content.slice(0, start)}${rest.toWellFormed()}${content.slice(end)}`;
    return messages.with(index, { ...message, content: shorter });
  };
  let [least, most] = [0, payload.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (tokensOf(keeping(middle)) <= tokens) least = middle;
    else most = middle - 1;
  }
  return keeping(least);
}
