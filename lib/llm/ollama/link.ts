import type { Link, Message } from "../contract.ts";
import { ANSWER_SCHEMA } from "../diagnosis.ts";
import { LinkError } from "../failure.ts";
import { type Api, ask, type ModelServer, serverLink } from "../server.ts";
import { OLLAMA_REPLY } from "./reply.ts";

interface Ollama extends ModelServer {
  /** As Ollama takes it; the server's own default when left out. */
  readonly keepAlive?: string | undefined;
}

const OLLAMA: Api = {
  server: "Ollama",
  path: "/api/chat",
  form: OLLAMA_REPLY,
  missing: (model) => `model not found, try: ollama pull ${model}`,
  // Statuses as in Ollama's server/routes.go and docs/api/errors.
  meaning({ status, headers }, said) {
    if (status === 404) return { hint: "is this Ollama's address?" };
    if (status < 300 || status >= 400) {
      return { aboutThinking: status === 400 && /\bthink/i.test(said) };
    }
    return { hint: `redirects to ${headers.get("location") ?? "an unnamed place"}; not followed` };
  },
};

/**
 * Values of the `think` field, first tried first. Left out is the start: `think:false` makes some
 * models ignore `format` (ollama/ollama#14850, #15260). Left out means "on" for models that can
 * think, and some of those then leave `content` empty or fence it (#15416, #14440); gpt-oss takes
 * levels only.
 */
const THINK = [undefined, false, "low"] as const;
type Think = typeof THINK[number];

/** A model on an Ollama; it remembers which `think` gave a diagnosis, and which was a 400. */
export function ollamaLink(server: Ollama): Link {
  let think: Think;
  const refused = new Set<Think>();
  const noteWrong = (used: Think, thought = false) => {
    // With the field left out and no sign of thinking there is nothing to blame on it.
    if (used === undefined && !thought) return;
    think = THINK.slice(THINK.indexOf(used) + 1).find((each) => !refused.has(each));
  };
  const noteRefused = (used: Think) => {
    think = undefined;
    refused.add(used);
  };
  return serverLink(server, {
    async ask(messages, { signal }) {
      const used = think;
      try {
        const json = requestBody(messages, used, server);
        const spoken = await ask(OLLAMA, server, { json, signal });
        return {
          ...spoken,
          judged(accepted) {
            if (accepted) think = used;
            else noteWrong(used, spoken.thought);
          },
        };
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        const { kind, detail } = error;
        if (detail.aboutThinking) noteRefused(used);
        else if (kind === "empty" || kind === "truncated") noteWrong(used, detail.thought);
        throw error;
      }
    },
  });
}

function requestBody(messages: readonly Message[], think: Think, server: Ollama): string {
  const { model, contextTokens, answerTokens, keepAlive } = server;
  // A duration in text; a bare number is seconds and must be a JSON number.
  const isNumber = keepAlive !== undefined && /^-?[\d.]+$/.test(keepAlive);
  return JSON.stringify({
    model,
    messages,
    stream: true,
    format: ANSWER_SCHEMA,
    options: { temperature: 0, num_ctx: contextTokens, num_predict: answerTokens },
    keep_alive: isNumber ? Number(keepAlive) : keepAlive,
    think,
  });
}
