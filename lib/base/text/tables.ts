/** The rows of a table that is written as text, without its blank lines and comments. */
export function rowsOf(table: string): string[] {
  return table.split("\n").map((row) => row.trim()).filter((row) => row && !row.startsWith("# "));
}

/** The words of a list, of any white space between them. */
export const wordSet = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));
