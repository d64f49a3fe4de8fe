// CSI, OSC and string sequences, then two-character escapes (ECMA-48). A sequence that never
// ends loses its introducer only: nobody hides the rest of a log behind one.
const ANSI =
  // deno-lint-ignore no-control-regex
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)|[PX^_][^\x1b\x9c]*(?:\x9c|\x1b\\)|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])?|\x9b[0-?]*[ -/]*[@-~]/g;

// Controls, format characters (bidi, zero width, tags), what Unicode draws as nothing (variation
// selectors, fillers), line separators, lone surrogates, the blank braille cell.
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

const NOT_PLAIN = /[^\t\n\x20-\x7e]/;

/**
 * Removes ANSI escape sequences and every control or invisible character but tab and newline.
 * The result is well-formed Unicode.
 */
export function visibleText(text: string): string {
  if (!NOT_PLAIN.test(text)) return text;
  return text.replace(ANSI, "").replace(UNSEEN, "");
}
