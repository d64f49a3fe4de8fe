/**
 * Names that a person may have meant.
 *
 * @module
 */

const LEAST = 0.4;
const MOST = 3;

/**
 * The names most like `wanted`, the most alike first, at most three. Those that contain it count as
 * alike; else it is the share of common three-character pieces, which takes time in proportion to
 * the names' length.
 */
export function similarNames(wanted: string, names: readonly string[]): string[] {
  const searched = wanted.toLowerCase().slice(0, 250);
  const pieces = piecesOf(searched);
  if (pieces.size === 0) return [];
  return names
    .map((name, at) => ({ name, at, score: likeness(name.toLowerCase(), searched, pieces) }))
    .filter(({ score }) => score >= LEAST)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, MOST)
    .map(({ name }) => name);
}

function likeness(name: string, searched: string, pieces: ReadonlySet<string>): number {
  if (name.includes(searched)) return 1;
  const own = piecesOf(name);
  let common = 0;
  for (const piece of own) if (pieces.has(piece)) common++;
  return (2 * common) / (own.size + pieces.size);
}

function piecesOf(text: string): Set<string> {
  const pieces = new Set<string>();
  for (let at = 0; at + 3 <= text.length; at++) pieces.add(text.slice(at, at + 3));
  return pieces;
}
