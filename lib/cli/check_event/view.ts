import { momentText } from "../../base/text/span.ts";
import type { News } from "../../event/news.ts";
import type { ViewOptions } from "../view/present.ts";
import { tableLines } from "../view/table.ts";
import type { CheckedMessage } from "./message.ts";

const MEANINGS: Readonly<Record<News, string>> = {
  fault: "an event that is diagnosed",
  recovery: "good news: it ends what waits, and is never proposed for",
  benign: "an event that needs no action: meant, or a change that went well",
};

/** What would be made of a message, for people: a line for each thing there is to say. */
export function checkedLines(
  message: CheckedMessage,
  { width, palette, timeZone }: ViewOptions,
): string[] {
  const rows = message.becomes === "refused"
    ? [["becomes", "no event"], ["why", message.remedy], ["message", message.preview]]
    : eventRows(message, timeZone);
  const paint = message.becomes === "refused" ? palette.bad : palette.good;
  const becomes = (piece: string, cell: string) => cell === rows[0]?.[1] ? paint(piece) : piece;
  const columns = [
    { title: "", paint: palette.faint },
    { title: "", narrow: "wrap" as const, paint: becomes },
  ];
  return tableLines(rows, { columns, width }).slice(1);
}

function eventRows(
  event: Exclude<CheckedMessage, { becomes: "refused" }>,
  timeZone: string | undefined,
): string[][] {
  const { becomes, type, normal_type, family } = event;
  const normal = normal_type === type ? "" : `that is ${normal_type}, `;
  return [
    ["becomes", MEANINGS[becomes]],
    ["target", `${event.node}/${event.service}`],
    ["type", `${type}, ${normal}family ${family}`],
    ["severity", event.severity],
    ["time", momentText(event.timestamp, timeZone)],
    ...event.missing.map((sentence, i) => [i === 0 ? "missing" : "", sentence]),
  ];
}
