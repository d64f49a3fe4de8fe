/**
 * A binary heap: the smallest first, at the cost of a logarithm.
 *
 * @module
 */

export interface Heap<Item> {
  push(item: Item): void;
  /** The smallest, which stays. */
  peek(): Item | undefined;
  /** Removes and returns the smallest. */
  pop(): Item | undefined;
  /** Keeps only what `isWanted`. */
  retain(isWanted: (item: Item) => boolean): void;
  readonly size: number;
}

/** A heap by `order`, which a pushed item must keep. */
export function createHeap<Item>(order: (item: Item) => number): Heap<Item> {
  const items: { readonly item: Item; readonly rank: number }[] = [];

  function swap(a: number, b: number) {
    const [one, other] = [items[a], items[b]];
    if (!one || !other) return;
    items[a] = other;
    items[b] = one;
  }

  const rankAt = (at: number) => items[at]?.rank ?? Infinity;

  function push(item: Item) {
    let at = items.push({ item, rank: order(item) }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (rankAt(parent) <= rankAt(at)) return;
      swap(parent, at);
      at = parent;
    }
  }

  return {
    push,
    retain(isWanted) {
      const wanted = items.splice(0).map(({ item }) => item).filter(isWanted);
      wanted.forEach(push);
    },
    peek: () => items[0]?.item,
    pop() {
      const smallest = items[0]?.item;
      swap(0, items.length - 1);
      items.pop();
      for (let at = 0;;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const child = rankAt(right) < rankAt(left) ? right : left;
        if (rankAt(child) >= rankAt(at)) return smallest;
        swap(at, child);
        at = child;
      }
    },
    get size() {
      return items.length;
    },
  };
}
