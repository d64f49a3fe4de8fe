/**
 * A link of the chain: something that answers messages with text.
 *
 * @module
 */
import type { Message, RouteContext } from "./contract.ts";
import type { Spoken } from "./reply.ts";
import { diagnoseByRules } from "./rules.ts";

/** What a link answered; whether it is a diagnosis is decided later. */
interface LinkReply extends Pick<Spoken, "content">, Partial<Pick<Spoken, "figures">> {
  /** To be called with the judgement: a link learns from it what its model needs. */
  judged?(accepted: boolean): void;
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

/** The built-in diagnosis, spoken as a model would. */
export function rulesLink(): Link {
  return {
    name: "rules",
    model: "rules",
    builtIn: true,
    ask: (_messages, { event, facts }) =>
      Promise.resolve({ content: JSON.stringify(diagnoseByRules(event, facts)) }),
  };
}
