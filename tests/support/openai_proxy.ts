/**
 * A server that speaks OpenAI's API in front of one that speaks Ollama's: what a stand-in answers,
 * or the harness' own server, reaches the agent through its OpenAI link.
 *
 *     deno run --allow-net=127.0.0.1 --allow-read=/proc openai_proxy.ts OLLAMA_URL PORT PID
 *
 * As a program it ends with the process PID.
 */
import { lineStream } from "../system/support/lines.ts";

/** One chat of a client, as it came. */
export interface Completion {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly schema: unknown };
  };
}

interface OpenaiProxy extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** What came to /v1/chat/completions, with its Authorization header. */
  readonly requests: readonly { readonly body: Completion; readonly key: string | null }[];
}

/** What a server does instead of passing a request on. */
type Instead = (body: Completion) => Response | undefined;

export function startOpenaiProxy(
  { ollama, port = 0, instead = () => undefined }: {
    readonly ollama: string;
    readonly port?: number;
    readonly instead?: Instead;
  },
): OpenaiProxy {
  const requests: { body: Completion; key: string | null }[] = [];

  async function complete(http: Request): Promise<Response> {
    const body: Completion = await http.json();
    requests.push({ body, key: http.headers.get("authorization") });
    const given = instead(body);
    if (given) return given;
    const { model, messages, stream, response_format, max_tokens } = body;
    const reply = await fetch(`${ollama}/api/chat`, {
      method: "POST",
      signal: http.signal,
      body: JSON.stringify({
        model,
        messages,
        stream,
        format: response_format?.json_schema?.schema,
        options: { num_predict: max_tokens },
      }),
    });
    if (reply.status !== 200 || !reply.body) {
      return new Response(await reply.text(), { status: reply.status });
    }
    const lines = reply.body.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream());
    return eventStream(async function* () {
      for await (const line of lines) yield* eventsOf(line);
    });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    const path = new URL(request.url).pathname;
    if (path === "/v1/chat/completions") return complete(request);
    if (path === "/v1/models") {
      return Response.json({ object: "list", data: [{ id: "qwen2.5:7b", object: "model" }] });
    }
    return new Response("not found", { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Server-sent events of texts. */
export function eventStream(events: () => AsyncIterable<string> | Iterable<string>): Response {
  const encoder = new TextEncoder();
  async function* bytes() {
    for await (const event of events()) yield encoder.encode(event);
  }
  return new Response(ReadableStream.from(bytes()), {
    headers: { "content-type": "text/event-stream" },
  });
}

/** One event. */
export function event(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** What a chunk of a completion says. */
export function chunk(delta: Record<string, unknown>, finish: string | null = null) {
  return { object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] };
}

/** A line of Ollama's, as events. */
function* eventsOf(line: string): Iterable<string> {
  if (line.trim() === "") return;
  const said = JSON.parse(line);
  if ("error" in said) return yield event({ error: { message: said.error, code: 500 } });
  const { content, thinking, tool_calls } = said.message ?? {};
  yield event(chunk({ content, reasoning_content: thinking, tool_calls }));
  if (said.done !== true) return;
  yield event(chunk({}, said.done_reason ?? "stop"));
  yield event({
    choices: [],
    usage: { prompt_tokens: said.prompt_eval_count, completion_tokens: said.eval_count },
  });
  yield event("[DONE]");
}

if (import.meta.main) {
  const [ollama = "", port = "", pid = ""] = Deno.args;
  await using _proxy = startOpenaiProxy({ ollama, port: Number(port) });
  while (await Deno.stat(`/proc/${pid}`).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
