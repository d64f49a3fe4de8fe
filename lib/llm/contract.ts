import type { WaitingEvent } from "../event/event.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Facts } from "./facts/facts.ts";
import type { FailureKind } from "./failure.ts";

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What the server counted and timed; absent where it did not say. */
export interface Figures {
  readonly promptTokens?: number;
  /** Of the prompt's, those that the server did not read again. */
  readonly cachedTokens?: number;
  readonly answerTokens?: number;
  readonly loadMs?: number;
  readonly promptMs?: number;
  readonly answerMs?: number;
}

/** What a model on a server said. */
export interface Spoken {
  readonly content: string;
  /** True when thinking came along. */
  readonly thought: boolean;
  readonly doneReason: string | undefined;
  /** True when the answer sits in tool calls that nobody offered. */
  readonly calledTools: boolean;
  readonly figures: Figures;
}

/** A link of the chain: something that answers messages with text. */
export interface Link {
  /** As written in the chain. */
  readonly name: string;
  readonly model: string;
  /** What a prompt may take, so that its answer fits behind it; no bound where left out. */
  readonly promptTokens?: number;
  /**
   * Whether the text is a diagnosis is decided by who asks: `judged` is to be called with that, as a
   * link learns from it what its model needs.
   *
   * @throws {LinkError}
   */
  ask(messages: readonly Message[], context: RouteContext): Promise<
    & Pick<Spoken, "content">
    & Partial<Pick<Spoken, "figures">>
    & { judged?(accepted: boolean): void }
  >;
  /** What was learned of the server and is worth telling a person. */
  remark?(): string | undefined;
}

/** One request to one link, successful or not. */
export interface Attempt {
  /** The link as written in LLM_CHAIN. */
  readonly link: string;
  readonly model: string;
  readonly outcome: "ok" | FailureKind;
  /** Short, redacted, for people; absent when the outcome is "ok". */
  readonly error?: string;
  readonly milliseconds: number;
  readonly figures?: Figures;
}

export interface RouteContext {
  /** `planner.<node>/<service>`, for logs. */
  readonly label: string;
  readonly event: WaitingEvent;
  /** What is known of it; worked out from the event alone when left out. */
  readonly facts?: Facts | undefined;
  /** Aborted when the agent shuts down. */
  readonly signal: AbortSignal;
}

export interface RouteResult {
  readonly content: Diagnosis;
  /** The model's name, or `rules`. */
  readonly modelUsed: string;
  readonly attempts: readonly Attempt[];
}

export interface Router {
  /** @throws {ChainExhaustedError} when no link gave a valid answer. */
  route(messages: readonly Message[], context: RouteContext): Promise<RouteResult>;
}

/** No link of the chain gave a valid answer. */
export class ChainExhaustedError extends Error {
  override readonly name = "ChainExhaustedError";
  constructor(label: string, readonly attempts: readonly Attempt[]) {
    const tried = attempts.map((a) => `${a.link}: ${a.outcome}${a.error ? ` (${a.error})` : ""}`);
    super(`${label}: no link answered: ${tried.join("; ") || "every link was skipped"}`);
  }
}
