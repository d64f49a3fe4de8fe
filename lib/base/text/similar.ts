const LEAST = 0.4;
const MOST = 3;

/**
 * The names most like `wanted`, which a person may have meant; the most alike first, at most three.
 * Those that contain it count as alike; else it is the share of common three-character pieces, which
 * takes time in proportion to the names' length.
 */
export function similarNames(wanted: string, names: readonly string[]): string[] {
  const searched = wanted.toLowerCase().slice(0, 250);
  const pieces = piecesOf(searched);
  if (pieces.size === 0) return [];
  const likeness = (name: string): number => {
    if (name.includes(searched)) return 1;
    const own = piecesOf(name);
    return (2 * own.intersection(pieces).size) / (own.size + pieces.size);
  };
  return names
    .map((name) => ({ name, score: likeness(name.toLowerCase()) }))
    .filter(({ score }) => score >= LEAST)
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ name }) => name);
}

function piecesOf(text: string): Set<string> {
  const pieces = new Set<string>();
  for (let at = 0; at + 3 <= text.length; at++) pieces.add(text.slice(at, at + 3));
  return pieces;
}
