/**
 * What the planner asks of a router: messages in; a validated diagnosis, and what each attempt came
 * to, out.
 *
 * @module
 */
import type { Facts } from "./facts/facts.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { FailureKind } from "./failure.ts";
import type { WaitingEvent } from "../event/event.ts";

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
  close(): void;
}

/** No link of the chain gave a valid answer. */
export class ChainExhaustedError extends Error {
  override readonly name = "ChainExhaustedError";
  constructor(label: string, readonly attempts: readonly Attempt[]) {
    const tried = attempts.map((a) => `${a.link}: ${a.outcome}${a.error ? ` (${a.error})` : ""}`);
    super(`${label}: no link answered: ${tried.join("; ") || "every link was skipped"}`);
  }
}
