import type { Clock } from "../base/clock.ts";
import { ConnectError } from "../base/happy_eyeballs.ts";
import { errorMessage } from "../base/error_message.ts";
import { type Dial, dial, post } from "../base/http/http.ts";
import { HttpError, type HttpReply } from "../base/http/reply.ts";
import type { Link, Spoken } from "./contract.ts";
import { LinkError } from "./failure.ts";
import { errorText, readReply, type ReplyForm } from "./reply.ts";

/** The deadlines of a request: what is missing when one passes, and the setting that moves it. */
const DEADLINES = {
  connectMs: ["connect_timeout", "connection", ""],
  /** From the connection on: loading the model and reading the prompt. */
  firstTokenMs: ["first_token_timeout", "token", " (LLM_FIRST_TOKEN_SECONDS)"],
  /** Between two tokens. */
  idleMs: ["idle_timeout", "further token", " (LLM_IDLE_SECONDS)"],
  totalMs: ["total_timeout", "complete answer", " (LLM_TIMEOUT_SECONDS)"],
} as const;

/** A model on a server, and how long it may take. */
export interface ModelServer {
  /** As written in the chain. */
  readonly name: string;
  /** `http://host:port` or https. */
  readonly host: string;
  readonly model: string;
  readonly clock: Clock;
  readonly deadlines: Readonly<Record<keyof typeof DEADLINES, number>>;
  /** The prompt and its answer; one value for a model, since another makes an Ollama reload it. */
  readonly contextTokens: number;
  /** Longest answer in tokens. */
  readonly answerTokens: number;
  readonly dial?: Dial | undefined;
  readonly onToken?: () => void;
}

/** A link whose model is on a server; how that is asked differs. */
export function serverLink(
  { name, model, contextTokens, answerTokens }: ModelServer,
  speaks: Pick<Link, "ask" | "remark">,
): Link {
  return { name, model, promptTokens: contextTokens - answerTokens, ...speaks };
}

/** What differs between the APIs of model servers. */
export interface Api {
  /** For messages: "Ollama", "a model server". */
  readonly server: string;
  readonly path: string;
  readonly form: ReplyForm;
  /** What to tell a person of a 404 that speaks of the model. */
  missing(model: string): string;
  /** What another status than 200 means, with a hint for a person. */
  meaning(reply: HttpReply, said: string): { hint?: string | undefined; aboutThinking?: boolean };
}

/**
 * One streaming request to a model server, with separate deadlines and a closed set of failures.
 *
 * @throws {LinkError} of any kind that is about the transport or an answer without content.
 */
export async function ask(
  api: Api,
  server: ModelServer,
  { json, signal: caller, authorization }: {
    readonly json: string;
    readonly signal: AbortSignal;
    readonly authorization?: string | undefined;
  },
): Promise<Spoken> {
  const { host, model, clock, deadlines } = server;
  const tried: string[] = [];
  const controller = new AbortController();
  const within = (deadline: keyof typeof DEADLINES) =>
    clock.after(deadlines[deadline], () => {
      const [kind, missing, setting] = DEADLINES[deadline];
      const addresses = deadline === "connectMs" ? inBrackets(tried) : setting;
      const text = `no ${missing} within ${deadlines[deadline] / 1000} s${addresses}`;
      controller.abort(new LinkError(kind, text));
    });
  const giveUp = () => controller.abort(new LinkError("aborted", "the agent is stopping"));
  if (caller.aborted) giveUp();
  caller.addEventListener("abort", giveUp);
  const cancelTotal = within("totalMs");
  let cancelStep = within("connectMs");
  const nextStep = (deadline: "firstTokenMs" | "idleMs") => {
    cancelStep();
    cancelStep = within(deadline);
  };
  try {
    return await post(new URL(api.path, host), json, {
      signal: controller.signal,
      authorization,
      dial: (url, signal) =>
        (server.dial ?? dial)(url, signal, (address) => tried.push(address)).catch((error) => {
          throw connectFailure(error, host, api.server);
        }),
      onConnected: () => nextStep("firstTokenMs"),
      async read(reply) {
        if (reply.status !== 200) throw statusFailure(api, model, reply, await beginning(reply));
        return withContent(
          await readReply(reply.body, api.form, () => {
            nextStep("idleMs");
            server.onToken?.();
          }),
        );
      },
    });
  } catch (error) {
    if (error instanceof HttpError) throw new LinkError(error.kind, error.message);
    throw error;
  } finally {
    cancelStep();
    cancelTotal();
    caller.removeEventListener("abort", giveUp);
  }
}

function withContent(spoken: Spoken): Spoken {
  const { doneReason, content, calledTools, thought } = spoken;
  if (doneReason === "length") {
    throw new LinkError("truncated", "the answer was cut at the token limit", spoken);
  }
  if (doneReason === "content_filter") {
    throw new LinkError("truncated", "the server's content filter ended the answer", spoken);
  }
  if (content.trim() !== "") return spoken;
  const instead = calledTools
    ? ": it called a tool instead, and none was offered"
    : thought
    ? ", only thinking"
    : "";
  throw new LinkError("empty", `no content${instead}`, spoken);
}

function statusFailure(api: Api, model: string, reply: HttpReply, body: string): LinkError {
  const { status } = reply;
  const said = errorText(body).trim();
  const text = `HTTP ${status}${said && `: ${said}`}`;
  if (status === 404 && /\bmodel\b/i.test(said)) {
    return new LinkError("model_missing", `${api.missing(model)} (${text})`, { status, said });
  }
  const { hint, ...detail } = api.meaning(reply, said);
  const message = text + (hint ? ` (${hint})` : "");
  return new LinkError("http_status", message, { status, said, ...detail });
}

const LONGEST_ERROR_BODY = 64 * 1024;

/** The first part of a body; what is missing of it does not matter. */
async function beginning(reply: HttpReply): Promise<string> {
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
  const tried = error instanceof ConnectError ? error.tried : [];
  const refused = error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof ConnectError && error.code === "ECONNREFUSED");
  if (refused) {
    const text = `nothing listens on ${host}${inBrackets(tried)}; is ${server} running there?`;
    return new LinkError("refused", text);
  }
  const text = errorMessage(error);
  const hint = /certificate/i.test(text)
    ? " (a certificate authority of your own: name its PEM file in DENO_CERT)"
    : "";
  return new LinkError("unreachable", `cannot reach ${host}: ${text}${hint}`);
}

function inBrackets(addresses: readonly string[]): string {
  return addresses.length === 0 ? "" : ` (${addresses.join(" and ")})`;
}
