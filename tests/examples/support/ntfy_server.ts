/**
 * A stand-in for an ntfy server: keeps what is published by JSON to its root, as ntfy 2.11 takes it.
 *
 * @module
 */
import { createWatchers } from "../../../lib/base/watchers.ts";

export interface Button {
  readonly action: "http";
  readonly label: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Published {
  readonly topic: string;
  readonly title: string;
  readonly message: string;
  readonly priority: number;
  readonly actions?: readonly Button[];
}

/** `answers` gives the status of the n-th request; 200 otherwise. */
export function ntfyServer(answers: readonly number[] = []) {
  const published: Published[] = [];
  const { once, check } = createWatchers();
  let requests = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const message = await request.json() as Published;
      const status = answers[requests++] ?? 200;
      if (status === 200) published.push(message);
      check();
      return new Response("{}", { status });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    port: server.addr.port,
    published,
    /** Resolves when so many messages have come. */
    received: (count: number) => once(() => published.length >= count),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Presses a button as the app does; the status and the answer. */
export async function press(button: Button | undefined): Promise<string> {
  if (button === undefined) throw new TypeError("there is no such button");
  const { url, method, headers } = button;
  const response = await fetch(url, { method, headers });
  return `${response.status} ${(await response.text()).trim()}`;
}
