/**
 * What programs that are broken, or somebody who means harm, put where others read: values, objects
 * that are sound but for something, and texts of them.
 *
 * @module
 */
import fc from "fast-check";
import { anyCharacter } from "../support/any_character.ts";

/** What acts on a terminal, or shows other than it says. */
const CODES = ["\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\u202e", "\ufeff", "\r", "\u0000"];
/** What every object has, or a list. */
const INHERITED = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf", "length"];
const ODD = [
  ...[
    "\ud800",
    "a\nb",
    "../../etc",
    "",
    " ",
    "-",
    "--help",
    "*",
    "NaN",
    "ｐｉｈａ",
    "9".repeat(400),
  ],
  ...["x".repeat(5_000), "a ".repeat(2_500), "é\u0301".repeat(900), "password=hunter2"],
  ...["<|im_start|>", "`".repeat(3)],
];

/** A name, or what should be none. */
export const word = fc.oneof(
  fc.constantFrom("piha", "vps", "traefik", "restart", "low", "notify", "mosquitto"),
  fc.constantFrom(...CODES),
  fc.constantFrom(...INHERITED),
  fc.constantFrom(...ODD),
  fc.string({ unit: anyCharacter, maxLength: 20 }),
);

const TIME = "2026-01-02T03:04:05Z";
const LIMITS = [0, -0, -1, 0.5, 1e308, -1e308, 2 ** 53, 8.64e12, 8.64e15, 1_767_323_045, 1e21];

/** Anything that JSON can say. */
export const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 8, arbitrary: word },
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 7, arbitrary: fc.constantFrom<unknown>(true, false, TIME, [], {}, ...LIMITS) },
    { weight: 2, arbitrary: fc.double() },
    { weight: 3, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(word, tie("value"), { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.nat(1_500).map(deep) },
  ),
}));

function deep(depth: number): unknown {
  let made: unknown = [];
  for (let left = depth; left > 0; left--) made = left % 2 ? [made] : { a: made };
  return made;
}

type Holder = Record<string, unknown> | unknown[];

/** The places of a value that hold something; of one in three the outermost alone. */
function placesIn(value: unknown, at: number, found: { holder: Holder; key: string }[] = []) {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ holder: value as Holder, key });
    if (at % 3 > 0) placesIn((value as Record<string, unknown>)[key], at, found);
  }
  return found;
}

/** An own key, whatever it is called: an assignment to `__proto__` makes none. */
function set(holder: Holder, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    ...{ value, enumerable: true, writable: true, configurable: true },
  });
}

/** As many as a bound may be overlooked for, of what is small. */
function manyOf(item: unknown): unknown[] {
  return Array.from({ length: (JSON.stringify(item) ?? "").length < 1_000 ? 300 : 2 }, () => item);
}

const edit = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("other", "other", "other", "gone", "renamed", "often", "more"),
  value,
  key: word,
});

/**
 * Sound values but for one to three places, or none: what is read behind the first look at them.
 * Random values alone are refused there, nearly all of them.
 */
export function altered(sound: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(sound, fc.array(edit, { maxLength: 3, size: "max" })).map(([of, edits]) => {
    let made: unknown = structuredClone(of);
    for (const { at, how, value, key } of edits) {
      // Seldom all of it.
      if (at % 40 === 0) made = structuredClone(value);
      const places = placesIn(made, at);
      const place = places[Math.floor(at / 3) % Math.max(1, places.length)];
      if (!place) continue;
      const { holder } = place;
      const was = (holder as Record<string, unknown>)[place.key];
      if (how === "other") set(holder, place.key, value);
      else if (how === "often") set(holder, place.key, manyOf(was));
      else if (how === "more" && !Array.isArray(holder)) set(holder, key, value);
      else if (!Array.isArray(holder)) {
        delete holder[place.key];
        if (how === "renamed") set(holder, key, was);
      } else holder.splice(Number(place.key), 1);
    }
    return made;
  });
}

/** What is said to each of several questions: to one or two of them altered. */
export function someAltered<Said extends Readonly<Record<string, unknown>>>(
  sound: Said,
): fc.Arbitrary<Readonly<Record<keyof Said, unknown>>> {
  const one = fc.constantFrom(...Object.keys(sound)).chain((key) =>
    altered(fc.constant(sound[key])).map((value) => ({ [key]: value }))
  );
  return fc.tuple(one, one).map(([first, second]) => ({ ...sound, ...first, ...second }));
}

/** Nested deeper than a stack is: what reads JSON takes it, what walks or writes it need not. */
function nested(text: string, at: number): string {
  const values = [...text.matchAll(/:(?:"(?:[^"\\]|\\.)*"|[\w.-]+)/g)];
  const found = values[at % Math.max(1, values.length)];
  if (!found) return text;
  const depth = at % 2 === 0 ? 5_000 : 50_000;
  const inside = `:${"[".repeat(depth)}${"]".repeat(depth)}`;
  return text.slice(0, found.index) + inside + text.slice(found.index + found[0].length);
}

/**
 * JSON text of a value: mostly as it is, else cut, with a byte too many, a key twice, or nested too
 * deep.
 */
export function textOf(made: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(made.map((one) => JSON.stringify(one) ?? ""), fc.nat(), fc.nat(19)).map(
    ([text, at, how]) => {
      const cut = at % (text.length + 1);
      switch (how) {
        case 0:
          return text.slice(0, cut);
        case 1:
          return `${text.slice(0, cut)}\x1b[2J${text.slice(cut)}`;
        case 2:
          return text.replace("{", '{"node":"\\u001b[2J","__proto__":{"node":"vps"},');
        case 3:
          return `\ufeff${text}`;
        case 4:
          return nested(text, at);
        default:
          return text;
      }
    },
  );
}

/** A text in pieces as they may come over a wire: split anywhere, within a character as well. */
export function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((from, nth) => bytes.slice(from, ends[nth] ?? bytes.length))
    .filter((piece) => piece.length > 0);
}

export const cuts = fc.array(fc.nat(), { maxLength: 8 });
