import { CHANNELS, isChannelName } from "../../config/config.ts";
import { type Command, oneFile, type Values } from "../command.ts";
import { UsageError } from "../io.ts";
import { parseSpan } from "../../base/text/span.ts";

/** How far back `--from-stream` reads. */
export const DEFAULT_SINCE = "1h";

export type ReplayPlan = ReturnType<typeof replayPlan>;

/** What `replay` is asked to do. @throws {UsageError} for options that do not go together. */
export function replayPlan(
  command: Pick<Command, "name">,
  { values, positionals }: { readonly values: Values; readonly positionals: readonly string[] },
) {
  const { "from-stream": stream, "dry-run": dry = false, since = DEFAULT_SINCE, write } = values;
  /** The channel the events count as. */
  const channel = typeof values.channel === "string" ? values.channel : undefined;
  if (channel !== undefined && !isChannelName(channel)) {
    refuse(`--channel is ${JSON.stringify(channel.slice(0, 60))}; it takes a name without blanks`);
  }
  if (typeof stream !== "string") {
    for (const name of ["since", "write"]) {
      if (values[name] !== undefined) refuse(`--${name} goes with --from-stream NAME alone`);
    }
    // `-` is standard input.
    const source = { kind: "file" as const, path: oneFile(command, positionals) };
    return { source, channel: channel ?? CHANNELS[0], dry: dry === true };
  }
  if (stream === "") refuse("--from-stream takes the name of a stream, such as health_events");
  if (positionals.length > 0) refuse("it takes a FILE or --from-stream NAME, not both");
  if (dry === true && write === true) refuse("--write and --dry-run contradict each other");
  const asked = String(since);
  return {
    source: { kind: "stream" as const, stream, since: asked, spanMs: spanOf(asked) },
    channel: channel ?? CHANNELS.find((name) => name === stream) ?? CHANNELS[0],
    /** Proposals are printed and nothing is written. */
    dry: write !== true,
  };
}

function spanOf(text: string): number {
  const spanMs = parseSpan(text);
  if (spanMs !== undefined && spanMs > 0) return spanMs;
  return refuse(
    `--since is ${JSON.stringify(text.slice(0, 60))}; it takes a whole number and a unit, ` +
      "s, m, h, d or w, such as 30m, 2h or 7d",
  );
}

function refuse(message: string): never {
  throw new UsageError(`replay: ${message}`);
}
