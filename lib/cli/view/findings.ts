/**
 * What was found out, for people.
 *
 * @module
 */
import type { Finding } from "../../observe/health.ts";
import type { Palette } from "./palette.ts";
import { tableLines } from "./table.ts";

/** Paints a word by how bad it is. */
function levelPaint(palette: Palette): (text: string) => string {
  return (text) => {
    switch (text.trim()) {
      case "ok":
        return palette.good(text);
      case "warning":
        return palette.warn(text);
      case "failure":
        return palette.bad(text);
      default:
        return palette.faint(text);
    }
  };
}

/** A line or more for each finding: how it is, what was looked at, what was found, what to do. */
export function findingLines(
  findings: readonly Finding[],
  { width, palette }: { readonly width: number; readonly palette: Palette },
): string[] {
  if (findings.length === 0) return [];
  const [, ...lines] = tableLines(
    findings.map(({ level, subject, detail, remedy }) => [
      level,
      subject,
      remedy === undefined || detail.includes(remedy) ? detail : `${detail} -> ${remedy}`,
    ]),
    {
      columns: [
        { title: "", paint: levelPaint(palette) },
        { title: "" },
        { title: "", narrow: "wrap" },
      ],
      width,
    },
  );
  return lines;
}
