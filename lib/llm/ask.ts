/**
 * One streaming request to a model server, with separate deadlines and a closed set of failures.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { ConnectError } from "../base/happy_eyeballs.ts";
import { errorMessage } from "../base/error_message.ts";
import { type Dial, dial, post } from "../base/http/http.ts";
import { HttpError, type HttpReply } from "../base/http/reply.ts";
import { LinkError } from "./failure.ts";

/** Deadlines of one request, in milliseconds. */
interface Deadlines {
  readonly connectMs: number;
  /** From the connection to the first token: loading the model and evaluating the prompt. */
  readonly firstTokenMs: number;
  /** Between two tokens. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/** A server, and how long it may take. */
export interface ServerOptions {
  /** `http://host:port` or https. */
  readonly host: string;
  readonly model: string;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly dial?: Dial;
  /** Told when the connection stands and at each token. */
  readonly onProgress?: (what: "connected" | "token") => void;
}

interface Request<T> extends ServerOptions {
  readonly json: string;
  readonly signal: AbortSignal;
  /** Its kind, for messages. */
  readonly server: string;
  readonly authorization?: string | undefined;
  readonly read: (reply: HttpReply, onToken: () => void) => Promise<T>;
}

/**
 * Sends one request.
 *
 * @throws {LinkError}
 */
export async function ask<T>(url: URL, request: Request<T>): Promise<T> {
  const tried: string[] = [];
  const watch = startWatch(request, request.signal, tried);
  try {
    return await post(url, request.json, {
      signal: watch.signal,
      authorization: request.authorization,
      dial: (url, signal) =>
        (request.dial ?? dial)(url, signal, (address) => tried.push(address)).catch((error) => {
          throw connectFailure(error, request.host, request.server);
        }),
      onConnected() {
        watch.next("first_token_timeout");
        request.onProgress?.("connected");
      },
      read: (reply) =>
        request.read(reply, () => {
          watch.next("idle_timeout");
          request.onProgress?.("token");
        }),
    });
  } catch (error) {
    if (error instanceof HttpError) throw new LinkError(error.kind, error.message);
    throw error;
  } finally {
    watch.stop();
  }
}

type DeadlineKind = "connect_timeout" | "first_token_timeout" | "idle_timeout" | "total_timeout";

/** Aborts its signal when a deadline passes or the caller gives up; `tried` grows meanwhile. */
function startWatch(
  { clock, deadlines }: ServerOptions,
  caller: AbortSignal,
  tried: readonly string[],
) {
  const controller = new AbortController();
  const expire = (kind: DeadlineKind) => () =>
    controller.abort(new LinkError(kind, deadlineText(kind, deadlines, tried)));
  const giveUp = () => controller.abort(new LinkError("aborted", "the agent is stopping"));
  if (caller.aborted) giveUp();
  caller.addEventListener("abort", giveUp);
  const cancelTotal = clock.after(deadlines.totalMs, expire("total_timeout"));
  let cancelPhase = clock.after(deadlines.connectMs, expire("connect_timeout"));
  return {
    signal: controller.signal,
    /** A step was made: from now on the named deadline runs. */
    next(kind: "first_token_timeout" | "idle_timeout") {
      cancelPhase();
      const ms = kind === "idle_timeout" ? deadlines.idleMs : deadlines.firstTokenMs;
      cancelPhase = clock.after(ms, expire(kind));
    },
    stop() {
      cancelPhase();
      cancelTotal();
      caller.removeEventListener("abort", giveUp);
    },
  };
}

function deadlineText(kind: DeadlineKind, deadlines: Deadlines, tried: readonly string[]): string {
  const seconds = (ms: number) => `${ms / 1000} s`;
  switch (kind) {
    case "connect_timeout":
      return `no connection within ${seconds(deadlines.connectMs)}${triedText(tried)}`;
    case "first_token_timeout":
      return `no token within ${seconds(deadlines.firstTokenMs)} (LLM_FIRST_TOKEN_SECONDS)`;
    case "idle_timeout":
      return `no further token within ${seconds(deadlines.idleMs)} (LLM_IDLE_SECONDS)`;
    case "total_timeout":
      return `no complete answer within ${seconds(deadlines.totalMs)} (LLM_TIMEOUT_SECONDS)`;
  }
}

const LONGEST_ERROR_BODY = 64 * 1024;

/** The first part of a body; what is missing of it does not matter. */
export async function beginning(reply: HttpReply): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of reply.body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > LONGEST_ERROR_BODY) break;
    }
  } catch (error) {
    // The status says more than the break; a deadline's own error comes from post().
    if (!(error instanceof HttpError)) throw error;
  }
  return text;
}

/** Why no connection to `host` came about, in words. */
export function connectFailure(error: unknown, host: string, server: string): LinkError {
  const refused = error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof ConnectError && error.code === "ECONNREFUSED");
  if (refused) {
    const tried = triedText(error instanceof ConnectError ? error.tried : []);
    return new LinkError(
      "refused",
      `nothing listens on ${host}${tried}; is ${server} running there?`,
    );
  }
  const text = errorMessage(error);
  const hint = /certificate/i.test(text)
    ? " (a certificate authority of your own: name its PEM file in DENO_CERT)"
    : "";
  return new LinkError("unreachable", `cannot reach ${host}: ${text}${hint}`);
}

function triedText(addresses: readonly string[]): string {
  return addresses.length === 0 ? "" : ` (${addresses.join(" and ")})`;
}
