/**
 * A link of the chain: something that answers messages with text.
 *
 * @module
 */
import type { Figures, Message, RouteContext } from "./contract.ts";
import { type Dialect, FIRST_DIALECT, learn, type Lesson, type Think } from "./ollama/dialect.ts";
import { LinkError } from "./failure.ts";
import { chat, type ChatOptions } from "./ollama/chat.ts";
import { diagnoseByRules } from "./rules.ts";

/** What a link answered; whether it is a diagnosis is decided later. */
interface LinkReply {
  readonly content: string;
  readonly figures?: Figures;
  /** To be called with the verdict: a link learns from it what its model needs. */
  judged(accepted: boolean): void;
}

export interface Link {
  /** As written in the chain. */
  readonly name: string;
  readonly model: string;
  /** True for a link that needs no network and never fails. */
  readonly builtIn: boolean;
  /** What a prompt may take, so that its answer fits behind it; no bound where left out. */
  readonly promptTokens?: number;
  /** @throws {LinkError} */
  ask(messages: readonly Message[], context: RouteContext): Promise<LinkReply>;
  /** What was learned of the server and is worth telling a person. */
  remark?(): string | undefined;
}

/** A model on an Ollama. It remembers how the model wants to be asked. */
export function ollamaLink(name: string, options: ChatOptions): Link {
  let dialect: Dialect = FIRST_DIALECT;
  const note = (used: Think, lesson: Lesson) => {
    dialect = learn(dialect, used, lesson);
  };
  return {
    name,
    model: options.model,
    builtIn: false,
    promptTokens: options.contextTokens - options.answerTokens,
    async ask(messages, { signal }) {
      const think = dialect.think;
      try {
        const { content, thought, figures } = await chat({ messages, think, signal }, options);
        return {
          content,
          figures,
          judged(accepted) {
            note(think, accepted ? "accepted" : thought ? "wrong_after_thinking" : "wrong");
          },
        };
      } catch (error) {
        if (error instanceof LinkError) {
          const { aboutThinking, thought } = error.detail;
          if (aboutThinking) note(think, "refused");
          else if (error.kind === "empty" || error.kind === "truncated") {
            note(think, thought ? "wrong_after_thinking" : "wrong");
          }
        }
        throw error;
      }
    },
  };
}

/** The built-in diagnosis, spoken as a model would. */
export function rulesLink(): Link {
  return {
    name: "rules",
    model: "rules",
    builtIn: true,
    ask(_messages, { event, facts }) {
      const content = JSON.stringify(diagnoseByRules(event, facts));
      return Promise.resolve({ content, judged: () => {} });
    },
  };
}
