// `CrashLoop`, `OOMKilled`: a capital begins a word after a small letter, a digit, or as the last
// of several capitals.
const CAMEL = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu;
const BETWEEN = /[^\p{L}\p{N}\p{M}]+/gu;

const NORMAL = /^[a-z0-9]+(?:_[a-z0-9]+)*$/; // already in its normal form, as most types are

/**
 * A type in small letters with `_` between its words: `ContainerDied`, `container-died`,
 * `CONTAINER.DIED` and `container died` are all `container_died`. Other letters than A to Z stay.
 */
export function normalType(type: string): string {
  if (NORMAL.test(type)) return type;
  return type.normalize("NFKC").replace(CAMEL, "_").replace(BETWEEN, "_").replace(/^_|_$/g, "")
    .toLowerCase();
}

/** Words, or rows of words, as the alternatives of a {@linkcode typePattern}. */
export function oneOf(words: string): string {
  return `(?:${words.trim().replace(/\s+/g, "|")})`;
}

/** A pattern of types in normal form; `*` stands for any start or end of a word. */
export function typePattern(pattern: string): RegExp {
  return new RegExp(pattern.replaceAll("*", "[^_]*"));
}

/** Finds one of some words, or rows of words, in a type. */
export function anyOf(words: string): RegExp {
  return typePattern(`(?:^|_)${oneOf(words)}(?=_|$)`);
}
