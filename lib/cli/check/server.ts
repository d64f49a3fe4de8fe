/**
 * Asking a model server what it has.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { type Dial, dial as openConnection, get, post } from "../../base/http/http.ts";
import { HttpError, textOf } from "../../base/http/reply.ts";
import { parseObject } from "../../base/json.ts";
import { plainLine } from "../../base/text/plain_line.ts";
import { connectFailure } from "../../llm/ask.ts";
import type { LinkSpec } from "../../llm/chain.ts";
import { LinkError } from "../../llm/failure.ts";
import type { Finding } from "../../observe/health.ts";
import type { ClockReading } from "./clock.ts";

/** What was found out about a server of the chain. */
export interface ServerCheck {
  readonly findings: readonly Finding[];
  /** The links that can be asked: their host answers and has the model. */
  readonly usable: readonly LinkSpec[];
  readonly clock?: ClockReading;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Answered {
  readonly body: Json;
  readonly date: string | undefined;
}

export interface Unanswered {
  readonly failure: string;
  /** The HTTP status, where the server gave one. */
  readonly status?: number;
}

interface ServerQuestion {
  readonly host: string;
  /** Its kind, for messages: "Ollama" and "an Ollama". */
  readonly server: string;
  readonly kind: string;
  readonly authorization?: string | undefined;
  /** Sent by POST; a GET where left out. */
  readonly json?: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
  readonly dial?: Dial;
}

const TIMEOUT_MS = 5_000;
const LARGEST_REPLY_BYTES = 4 * 1024 * 1024;

/** A JSON object that the host serves, or why there is none. */
export async function askFor(
  path: string,
  question: ServerQuestion,
): Promise<Answered | Unanswered> {
  const { host, server, authorization, json, clock, timeoutMs = TIMEOUT_MS } = question;
  const deadline = new AbortController();
  const cancel = clock.after(
    timeoutMs,
    () => deadline.abort(new HttpError("disconnected", `no answer within ${timeoutMs / 1000} s`)),
  );
  try {
    const url = new URL(path, host);
    const options: Parameters<typeof get<Answered | Unanswered>>[1] = {
      signal: deadline.signal,
      authorization,
      dial: (url, signal) =>
        (question.dial ?? openConnection)(url, signal).catch((error) => {
          throw signal.aborted ? signal.reason : connectFailure(error, host, server);
        }),
      async read({ status, headers, body }) {
        if (status !== 200) {
          return { failure: `${path}: HTTP ${status}; is this ${question.kind}?`, status };
        }
        const parsed = parseObject(await textOf(body, LARGEST_REPLY_BYTES));
        return parsed
          ? { body: parsed, date: headers.get("date") }
          : { failure: `${path}: not a reply of ${server}` };
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
