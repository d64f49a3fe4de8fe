import "./deadlines.ts";

/** An HTTP server on 127.0.0.1 that speaks Ollama's API and says what a test wants. */

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly format?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly keep_alive?: unknown;
  readonly think?: unknown;
}

/** Ends a scripted stream by breaking the connection. */
export const CUT = Symbol("cut");

/** One step of a scripted stream: a line's object, raw text, a wait, or the end. */
export type Step = object | string | Promise<unknown> | typeof CUT;

/** Any status and body; text as it is, anything else as JSON. */
export interface Whole {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: HeadersInit;
}

/** NDJSON: objects are lines, text is sent as it is, promises are waited for. */
export interface Streamed {
  readonly stream: readonly Step[];
}

/** Headers only after a wait, as when a model is loaded. */
export interface Later {
  readonly after: Promise<unknown>;
  readonly answer: OllamaAnswer;
}

export type OllamaAnswer =
  /** Never answers; the model goes on until the stand-in is closed. */
  | "hang"
  /** The content of the answer. */
  | string
  | Whole
  | Streamed
  | Later
  /** A diagnosis, or any other object, as the content. */
  | Readonly<Record<string, unknown>>;

export type Script = (request: ChatRequest, nth: number) => OllamaAnswer;

export interface OllamaStandIn extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  /** What came to /api/chat. */
  readonly requests: readonly ChatRequest[];
  /** Prompts being worked on; one whose client hung up goes on, as on a CPU. */
  readonly active: number;
  /** Most prompts that were worked on at once. */
  readonly most: number;
  /** Clients that went away before their answer. */
  readonly hangUps: number;
  /** May be changed at any time. */
  answer: Script;
  /** Resolves with the `nth` chat request, past or future; 1 is the first. */
  asked(nth: number): Promise<ChatRequest>;
  close(): Promise<void>;
}

/** Node and service as the prompt's user message names them. */
function subject(request: ChatRequest): { node: string; service: string } {
  const text = request.messages.find(({ role }) => role === "user")?.content ?? "";
  const named = (key: string) =>
    new RegExp(`^\\s*${key}: (.*)$`, "m").exec(text)?.[1]?.trim() ?? "?";
  return { node: named("node"), service: named("service") };
}

/** A good diagnosis of what was asked. */
export function echo(request: ChatRequest, changes: Record<string, unknown> = {}) {
  return {
    action: "restart",
    ...subject(request),
    reason: "container unhealthy, restart it",
    confidence: 0.9,
    requires_human: false,
    ...changes,
  };
}

/** One line of a stream. */
export function token(content: string, more: Record<string, unknown> = {}) {
  return { model: "m", message: { role: "assistant", content, ...more }, done: false };
}

/** The last line of a stream. */
export function done(more: Record<string, unknown> = {}) {
  return {
    model: "m",
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: "stop",
    total_duration: 5_000_000,
    load_duration: 1_000_000,
    prompt_eval_count: 700,
    prompt_eval_duration: 2_000_000,
    eval_count: 40,
    eval_duration: 2_000_000,
    ...more,
  };
}

const MODEL = { name: "qwen2.5:7b", model: "qwen2.5:7b", digest: "845dbda0ea48", size: 1 };
/** A loaded model, its keys as a real Ollama of August 2026 has them. */
const LOADED = {
  name: MODEL.name,
  model: MODEL.model,
  size: 1,
  digest: MODEL.digest,
  details: { format: "gguf", family: "qwen2" },
  expires_at: "2026-01-02T03:09:05Z",
  size_vram: 0,
  context_length: 4096,
};
const KNOWN: Readonly<Record<string, unknown>> = {
  "/api/tags": { models: [MODEL] },
  "/api/ps": { models: [LOADED] },
  "/api/version": { version: "0.12.0" },
  "/api/show": { capabilities: ["completion"], details: { family: "qwen2" } },
};

/** Starts one; by default it echoes good diagnoses. */
export function startOllama(
  { answer = (request) => echo(request) }: { answer?: Script } = {},
): OllamaStandIn {
  const requests: ChatRequest[] = [];
  const waiters = new Set<{ nth: number; resolve: (request: ChatRequest) => void }>();
  const closing = Promise.withResolvers<void>();
  let active = 0;
  let most = 0;
  let hangUps = 0;

  async function chat(http: Request): Promise<Response> {
    const request: ChatRequest = await http.json();
    const nth = requests.push(request);
    active++;
    most = Math.max(most, active);
    let worked = false;
    http.signal.addEventListener("abort", () => {
      if (!worked) hangUps++;
    });
    for (const waiter of waiters) if (waiter.nth === nth) waiter.resolve(request);
    return await respond(server.answer(request, nth - 1), request, () => {
      if (!worked) active--;
      worked = true;
    });
  }

  async function respond(
    given: OllamaAnswer,
    request: ChatRequest,
    finished: () => void,
  ): Promise<Response> {
    if (given === "hang") {
      await closing.promise;
      finished();
      return new Response(null, { status: 499 });
    }
    if (typeof given === "object" && "after" in given) {
      const { after, answer } = given as Later;
      await Promise.race([after, closing.promise]);
      return respond(answer, request, finished);
    }
    if (typeof given === "object" && "status" in given) {
      finished();
      const { status, body, headers = {} } = given as Whole;
      return new Response(typeof body === "string" ? body : JSON.stringify(body), {
        status,
        headers,
      });
    }
    if (typeof given === "object" && "stream" in given) {
      return streamed((given as Streamed).stream, finished);
    }
    const content = typeof given === "string" ? given : JSON.stringify(given);
    if (request.stream === false) {
      finished();
      return Response.json(done({ message: { role: "assistant", content } }));
    }
    const middle = Math.floor(content.length / 2);
    const halves = [content.slice(0, middle), content.slice(middle)];
    return streamed([...halves.map((half) => token(half)), done()], finished);
  }

  function streamed(steps: readonly Step[], finished: () => void): Response {
    const encoder = new TextEncoder();
    async function* bytes() {
      try {
        for (const step of steps) {
          if (step === CUT) throw new Error("cut");
          if (step instanceof Promise) await Promise.race([step, closing.promise]);
          else if (typeof step === "string") yield encoder.encode(step);
          else yield encoder.encode(JSON.stringify(step) + "\n");
        }
      } finally {
        finished();
      }
    }
    return new Response(ReadableStream.from(bytes()), {
      headers: { "content-type": "application/x-ndjson" },
    });
  }

  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const path = new URL(request.url).pathname;
    if (path === "/api/chat" && request.method === "POST") return chat(request);
    const known = KNOWN[path];
    return known ? Response.json(known) : new Response("404 page not found", { status: 404 });
  });

  const server: OllamaStandIn = {
    url: `http://127.0.0.1:${http.addr.port}`,
    port: http.addr.port,
    requests,
    get active() {
      return active;
    },
    get most() {
      return most;
    },
    get hangUps() {
      return hangUps;
    },
    answer,
    asked(nth) {
      const past = requests[nth - 1];
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => waiters.add({ nth, resolve }));
    },
    async close() {
      closing.resolve();
      await http.shutdown();
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
  return server;
}
