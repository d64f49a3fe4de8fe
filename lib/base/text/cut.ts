/** The first `limit` UTF-16 units at most; `mark` stands behind them where something is left out. */
export function cut(text: string, limit: number, mark = "…"): string {
  if (text.length <= limit) return text;
  const halves = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  return `${text.slice(0, halves ? limit - 1 : limit)}${mark}`;
}

/** As `cut`, with the length of the whole text behind the mark. */
export function cutAndCounted(text: string, limit: number): string {
  return cut(text, limit, `… (${text.length} characters)`);
}
