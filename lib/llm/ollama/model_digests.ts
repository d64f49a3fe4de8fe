import type { Clock } from "../../base/clock.ts";
import { type Dial, dial as openConnection, get } from "../../base/http/http.ts";
import { textOf } from "../../base/http/reply.ts";
import { isObject, parseObject } from "../../base/json.ts";
import type { LinkSpec } from "../chain.ts";

/** A model may be pulled anew under its name: what is older than this is asked again. */
const KNOWN_FOR_MS = 600_000;
const RETRY_AFTER_MS = 60_000;
const DEADLINE_MS = 5_000;
const LARGEST_REPLY_BYTES = 1_048_576;

const DIGEST = /^(?:sha256:)?[0-9a-f]{6,64}$/;

export type ModelDigests = ReturnType<typeof createModelDigests>;

/**
 * Which exact models the names of a chain stand for: the digests that each Ollama reports in
 * /api/tags, looked up beside a diagnosis. Nothing waits for it, and a failure only means that the
 * digest is not known.
 */
export function createModelDigests(
  { chain, clock, dial = openConnection }: {
    readonly chain: readonly LinkSpec[];
    readonly clock: Clock;
    readonly dial?: Dial;
  },
) {
  const closing = new AbortController();
  const digests = new Map<string, string>();
  /** When each host is to be asked again, monotonic milliseconds. */
  const due = new Map<string, number>();
  const models = chain.filter((spec) => spec.kind === "ollama");

  async function ask(host: string): Promise<void> {
    const deadline = new AbortController();
    const cancel = clock.after(DEADLINE_MS, () => deadline.abort(new Error("no answer in time")));
    try {
      const reported = await get(new URL("/api/tags", host), {
        signal: AbortSignal.any([deadline.signal, closing.signal]),
        dial,
        read: async ({ status, body }) =>
          status === 200 ? digestsIn(await textOf(body, LARGEST_REPLY_BYTES)) : undefined,
      });
      if (!reported) return;
      for (const { name, model } of models.filter((each) => each.host === host)) {
        const digest = reported.get(model) ?? reported.get(`${model}:latest`);
        if (digest === undefined) digests.delete(name);
        else digests.set(name, digest);
      }
      due.set(host, clock.monotonic() + KNOWN_FOR_MS);
    } catch {
      // Why a host cannot be reached is told by the diagnosis itself.
    } finally {
      cancel();
    }
  }

  return {
    /** Asks every Ollama of the chain whose answer is not known or too old; returns at once. */
    lookUp(): void {
      for (const { host } of models) {
        if (clock.monotonic() < (due.get(host) ?? 0) || closing.signal.aborted) continue;
        due.set(host, clock.monotonic() + RETRY_AFTER_MS);
        void ask(host);
      }
    },
    /** The digest of a link's model, by the link's name in the chain; undefined when not known. */
    of: (link: string): string | undefined => digests.get(link),
    close: () => closing.abort(new Error("the agent is stopping")),
  };
}

/** Digests by model name; none where the reply lists no models, undefined where it is no object. */
function digestsIn(text: string): Map<string, string> | undefined {
  const reply = parseObject(text);
  const listed = Array.isArray(reply?.models) ? reply.models.filter(isObject) : [];
  const known = listed.flatMap(({ name, model, digest }) =>
    typeof digest === "string" && DIGEST.test(digest)
      ? [name, model].flatMap((key) => typeof key === "string" ? [[key, digest] as const] : [])
      : []
  );
  return reply && new Map(known);
}
