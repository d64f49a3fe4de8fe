import type { Finding } from "../../observe/health.ts";
import type { Palette } from "./palette.ts";
import type { ViewOptions } from "./present.ts";
import { tableLines } from "./table.ts";

const PAINTS = new Map<string, keyof Palette>([
  ["ok", "good"],
  ["warning", "warn"],
  ["failure", "bad"],
]);

/** A line or more for each finding: how it is, what was looked at, what was found, what to do. */
export function findingLines(
  findings: readonly Finding[],
  { width, palette }: Pick<ViewOptions, "width" | "palette">,
): string[] {
  const paint = (level: string) => palette[PAINTS.get(level.trim()) ?? "faint"](level);
  const rows = findings.map(({ level, subject, detail, remedy }) => [
    // All levels as wide, for findings that are drawn one after the other.
    level.padEnd("failure".length),
    subject,
    remedy === undefined || detail.includes(remedy) ? detail : `${detail} -> ${remedy}`,
  ]);
  const columns = [{ title: "", paint }, { title: "" }, { title: "", narrow: "wrap" as const }];
  return tableLines(rows, { columns, width }).slice(1);
}
