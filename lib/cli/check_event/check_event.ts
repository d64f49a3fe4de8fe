import { systemClock } from "../../base/clock.ts";
import { parseConfig } from "../../config/config.ts";
import { aliasesOf } from "../../config/topology.ts";
import { readMessage } from "../../event/message.ts";
import { readLines } from "../../intake/ndjson.ts";
import { type Command, oneFile, readWhole } from "../command.ts";
import { usableHomelab } from "../homelab.ts";
import { EXIT, type Io, UsageError } from "../io.ts";
import { present } from "../view/present.ts";
import { checkMessage } from "./message.ts";
import { checkedLines } from "./view.ts";

const LARGEST_MIB = 16;

export const checkEvent: Command = {
  name: "check-event",
  summary: "tell what would be made of a message, and what it lacks",
  synopsis: "FILE|- [--json]",
  help: `Reads one message, or one a line, as they would come on a channel. Tells what
each would become: an event that is diagnosed, good news, or nothing that can be
read, and why; and what it lacks. Nothing is diagnosed or written, and
neither Redis nor a model is needed.

  --json   print the same as JSON, a list

The exit status is 1 when a message is no event. docs/event.schema.json
describes what a message may look like.`,
  options: { json: { type: "boolean" } },
  completes: "files",
  run: async (io, values, positionals) => {
    const path = oneFile(checkEvent, positionals);
    const config = parseConfig((name) => name.startsWith("LLM_") ? undefined : io.env(name));
    const homelab = await usableHomelab(config.runtimePath);
    const options = {
      nowMs: systemClock.now(),
      aliases: homelab ? aliasesOf(homelab.topology) : new Map(),
      validMs: config.validSeconds * 1000,
    };
    const messages = (await messagesIn(io, path)).map((bytes) => checkMessage(bytes, options));
    if (messages.length === 0) throw new UsageError("check-event: there is no message in it");
    const isEvent = messages.every(({ becomes }) => becomes !== "refused");
    return await present(io, values, () => ({
      object: messages,
      lines: (options) =>
        messages.flatMap((one, i) => [...i > 0 ? [""] : [], ...checkedLines(one, options)]),
      status: isEvent ? EXIT.ok : EXIT.failure,
    }));
  },
};

/** One message that takes all of a file, else one a line. */
async function messagesIn(io: Io, path: string): Promise<Uint8Array[]> {
  const all = await readWhole(checkEvent, { io, path, mostMib: LARGEST_MIB });
  if (readMessage(all).ok) return [all];
  const lines: Uint8Array[] = [];
  for await (const line of readLines(new Blob([all]).stream())) {
    lines.push(line instanceof Uint8Array ? line : all);
  }
  // A message over several lines that cannot be read is one.
  return lines.length === 0 || lines.some((line) => readMessage(line).ok) ? lines : [all];
}
