import { momentText } from "../../base/text/span.ts";
import type { News } from "../../event/news.ts";
import type { Palette } from "../view/palette.ts";
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
  { width, palette, timeZone }: {
    readonly width: number;
    readonly palette: Palette;
    readonly timeZone?: string;
  },
): string[] {
  const rows = message.becomes === "refused"
    ? [["becomes", "no event"], ["why", message.remedy], ["message", message.preview]]
    : [
      ["becomes", MEANINGS[message.becomes]],
      ["target", `${message.node}/${message.service}`],
      [
        "type",
        message.normal_type === message.type
          ? `${message.type}, family ${message.family}`
          : `${message.type}, that is ${message.normal_type}, family ${message.family}`,
      ],
      ["severity", message.severity],
      ["time", momentText(message.timestamp, timeZone)],
      ...message.missing.map((sentence, i) => [i === 0 ? "missing" : "", sentence]),
    ];
  const paint = message.becomes === "refused" ? palette.bad : palette.good;
  const [, ...lines] = tableLines(rows, {
    columns: [
      { title: "", paint: palette.faint },
      {
        title: "",
        narrow: "wrap",
        paint: (piece, cell) => cell === rows[0]?.[1] ? paint(piece) : piece,
      },
    ],
    width,
  });
  return lines;
}
