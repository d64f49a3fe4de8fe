import type { Finding } from "../../observe/health.ts";
import type { Palette } from "./palette.ts";
import { tableLines } from "./table.ts";

const PAINTS = new Map<string, keyof Palette>([
  ["ok", "good"],
  ["warning", "warn"],
  ["failure", "bad"],
]);

/** A line or more for each finding: how it is, what was looked at, what was found, what to do. */
export function findingLines(
  findings: readonly Finding[],
  { width, palette }: { readonly width: number; readonly palette: Palette },
): string[] {
  if (findings.length === 0) return [];
  const [, ...lines] = tableLines(
    findings.map(({ level, subject, detail, remedy }) => [
      // All levels as wide, for findings that are drawn one after the other.
      level.padEnd("failure".length),
      subject,
      remedy === undefined || detail.includes(remedy) ? detail : `${detail} -> ${remedy}`,
    ]),
    {
      columns: [
        { title: "", paint: (level) => palette[PAINTS.get(level.trim()) ?? "faint"](level) },
        { title: "" },
        { title: "", narrow: "wrap" },
      ],
      width,
    },
  );
  return lines;
}
