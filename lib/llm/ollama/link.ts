/**
 * A model on an Ollama, as a link of the chain.
 *
 * @module
 */
import { LinkError } from "../failure.ts";
import type { Link } from "../link.ts";
import { chat, type Ollama } from "./chat.ts";
import { type Dialect, FIRST_DIALECT, learn, type Lesson } from "./dialect.ts";

/** It remembers how the model wants to be asked. */
export function ollamaLink(name: string, server: Ollama): Link {
  let dialect: Dialect = FIRST_DIALECT;
  return {
    name,
    model: server.model,
    builtIn: false,
    promptTokens: server.contextTokens - server.answerTokens,
    async ask(messages, { signal }) {
      const { think } = dialect;
      const note = (lesson: Lesson) => {
        dialect = learn(dialect, think, lesson);
      };
      const noteWrong = (thought = false) => note(thought ? "wrong_after_thinking" : "wrong");
      try {
        const { content, thought, figures } = await chat({ messages, think, signal }, server);
        const judged = (accepted: boolean) => accepted ? note("accepted") : noteWrong(thought);
        return { content, figures, judged };
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        const { kind, detail } = error;
        if (detail.aboutThinking) note("refused");
        else if (kind === "empty" || kind === "truncated") noteWrong(detail.thought);
        throw error;
      }
    },
  };
}
