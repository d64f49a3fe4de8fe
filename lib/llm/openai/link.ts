/**
 * A model on a server that speaks OpenAI's API, as a link of the chain.
 *
 * @module
 */
import { LinkError } from "../failure.ts";
import type { Link } from "../link.ts";
import { complete, type CompletionOptions } from "./chat.ts";
import { afterRefusal, type Dialect, dialectInWords, FIRST_DIALECT } from "./dialect.ts";

/** It remembers what the server does not take, and leaves that out. */
export function openaiLink(name: string, options: CompletionOptions): Link {
  let dialect: Dialect = FIRST_DIALECT;
  return {
    name,
    model: options.model,
    builtIn: false,
    promptTokens: options.contextTokens - options.answerTokens,
    async ask(messages, { signal }) {
      for (;;) {
        const used = dialect;
        try {
          const { content, figures } = await complete({ messages, dialect: used, signal }, options);
          return { content, figures, judged: () => {} };
        } catch (error) {
          // A refusal costs nothing, so that asking again is no attempt of its own; each leaves
          // something out, which comes to an end.
          const { status, said } = error instanceof LinkError ? error.detail : {};
          const next = status !== undefined && said !== undefined
            ? afterRefusal(used, { status, said })
            : undefined;
          if (!next) throw error;
          dialect = next;
        }
      }
    },
    remark: () => dialectInWords(dialect),
  };
}
