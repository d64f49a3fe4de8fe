import fc from "fast-check";

const SURROGATES = { from: 0xd800, count: 0x800 };

function codePoint(index: number): number {
  return index < SURROGATES.from ? index : index + SURROGATES.count;
}

/**
 * A unit of `fc.string`: any code point but half of a pair. It is what fast-check has as "binary",
 * which lists the whole of Unicode first: two seconds of a CPU in each isolate.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(0x10_ffff - SURROGATES.count).map(
  (index) => String.fromCodePoint(codePoint(index)),
  (text) => {
    const point = typeof text === "string" ? text.codePointAt(0) ?? -1 : -1;
    const index = point < SURROGATES.from ? point : point - SURROGATES.count;
    if (index < 0 || String.fromCodePoint(codePoint(index)) !== text) {
      throw new Error("it is not one character");
    }
    return index;
  },
);
