const ASCII = /^[\x20-\x7e]*$/;
// Drawn two columns wide by terminals (Unicode's East Asian Width), near enough for names.
const WIDE =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60]/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Columns that a terminal needs for a text without control characters. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The longest start of `text` that fits; one character at least, so that a caller gets on. */
export function headOf(text: string, width: number): string {
  if (ASCII.test(text)) return text.slice(0, Math.max(1, width));
  let end = 0;
  let used = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += WIDE.test(segment) ? 2 : 1;
    if (used > width && index > 0) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
