/** Puts an entry behind all others; of more than `most`, the first are taken away. */
export function putLast<Key, Value>(
  map: Map<Key, Value>,
  key: Key,
  value: Value,
  most: number,
): void {
  map.delete(key);
  map.set(key, value);
  // Most puts make nothing too many: no iterator is made for them.
  while (map.size > most) {
    for (const first of map.keys()) {
      map.delete(first);
      break;
    }
  }
}
