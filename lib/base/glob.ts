/**
 * Whether the whole of `text` matches `glob`, upper and lower case being the same.
 *
 * `*` stands for any number of characters, `?` for exactly one (a code point); everything else
 * for itself. No input makes it take more than `glob.length * text.length` steps: only the last
 * `*` seen is ever widened, since an earlier one that took more could not help a later one.
 */
export function globMatches(glob: string, text: string): boolean {
  if (glob === "*") return true;
  const pattern = lettersOf(glob);
  const subject = lettersOf(text);
  let inPattern = 0;
  let inSubject = 0;
  let afterStar = -1;
  let starTookUpTo = 0;
  while (inSubject < subject.length) {
    const wanted = pattern[inPattern];
    if (wanted === "*") {
      afterStar = ++inPattern;
      starTookUpTo = inSubject;
    } else if (wanted === "?" || wanted === subject[inSubject]) {
      inPattern++;
      inSubject++;
    } else if (afterStar >= 0) {
      inPattern = afterStar;
      inSubject = ++starTookUpTo;
    } else {
      return false;
    }
  }
  return pattern.slice(inPattern).every((letter) => letter === "*");
}

/** Small letters; a sigma's form at the end of a word depends on what follows, so it has one form. */
function lettersOf(text: string): string[] {
  return [...text.toLowerCase().replaceAll("ς", "σ")];
}
