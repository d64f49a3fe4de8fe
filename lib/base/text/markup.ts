/** The readable text of an HTML page: tags, and what scripts and styles hold, left out. */
export function withoutMarkup(page: string): string {
  let text = "";
  let at = 0;
  while (at < page.length) {
    const open = page.indexOf("<", at);
    if (open < 0) return text + page.slice(at);
    text += page.slice(at, open) + " ";
    const hidden = /^<(script|style)\b/i.exec(page.slice(open, open + 8))?.[1]?.toLowerCase();
    const rest = page.slice(open);
    const skipped = hidden ? rest.search(hidden === "script" ? /<\/script/i : /<\/style/i) : 0;
    const close = skipped < 0 ? -1 : page.indexOf(">", open + skipped);
    if (close < 0) return text;
    at = close + 1;
  }
  return text;
}
