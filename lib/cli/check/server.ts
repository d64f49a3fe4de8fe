/**
 * Asking a model server what it has.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { dial, get, post } from "../../base/http/http.ts";
import { HttpError, textOf } from "../../base/http/reply.ts";
import { parseObject } from "../../base/json.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import { connectFailure } from "../../llm/server.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { LinkError } from "../../llm/failure.ts";
import type { Finding } from "../../observe/health.ts";
import type { ClockReading } from "./clock.ts";

/** A server of the chain and its links. */
export interface ServerOf<Kind extends LinkSpec["kind"]> {
  readonly host: string;
  readonly links: readonly Extract<LinkSpec, { kind: Kind }>[];
  /** LLM_CONTEXT_TOKENS, which our prompts are kept within. */
  readonly contextTokens: number;
  readonly clock: Clock;
}

/** What was found out about a server of the chain. */
export interface ServerCheck {
  readonly findings: readonly Finding[];
  /** The links that can be asked: their host answers and has the model. */
  readonly usable: readonly LinkSpec[];
  readonly clock?: ClockReading | undefined;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Reply {
  /** Undefined where there is none; `failure` says why. */
  readonly body?: Json;
  readonly failure: string;
  /** The HTTP status, where it is another than 200. */
  readonly status?: number;
  readonly clock?: ClockReading | undefined;
}

const TIMEOUT_MS = 5_000;
const LARGEST_REPLY_BYTES = 4 * 1024 * 1024;

/** The JSON object that the host serves at `path`. */
export async function askFor(
  path: string,
  { host, server, kind, authorization, json, clock }: {
    readonly host: string;
    /** Its kind, for messages: "Ollama" and "an Ollama". */
    readonly server: string;
    readonly kind: string;
    readonly authorization?: string | undefined;
    /** Sent by POST; a GET where left out. */
    readonly json?: string;
    readonly clock: Clock;
  },
): Promise<Reply> {
  const deadline = new AbortController();
  const late = new HttpError("disconnected", `no answer within ${TIMEOUT_MS / 1000} s`);
  const cancel = clock.after(TIMEOUT_MS, () => deadline.abort(late));
  try {
    const url = new URL(path, host);
    const options: Parameters<typeof get<Reply>>[1] = {
      signal: deadline.signal,
      authorization,
      dial: (url, signal) =>
        dial(url, signal).catch((error) => {
          throw signal.aborted ? signal.reason : connectFailure(error, host, server);
        }),
      async read({ status, headers, body: bytes }) {
        if (status !== 200) {
          return { failure: `${path}: HTTP ${status}; is this ${kind}?`, status };
        }
        const body = parseObject(await textOf(bytes, LARGEST_REPLY_BYTES));
        if (!body) return { failure: `${path}: not a reply of ${server}` };
        const theirsMs = Date.parse(headers.get("date") ?? "");
        const reading = { host, theirsMs, oursMs: clock.now() };
        return { body, failure: "", clock: Number.isNaN(theirsMs) ? undefined : reading };
      },
    };
    return json === undefined ? await get(url, options) : await post(url, json, options);
  } catch (error) {
    if (!(error instanceof HttpError || error instanceof LinkError)) throw error;
    return { failure: plainLine(error.message, 300) };
  } finally {
    cancel();
  }
}
