export type Heap<Item> = ReturnType<typeof createHeap<Item>>;

/** A binary heap by `order`, which a pushed item must keep: the smallest first. */
export function createHeap<Item>(order: (item: Item) => number) {
  const items: { readonly item: Item; readonly rank: number }[] = [];
  const rankAt = (at: number) => items[at]?.rank ?? Infinity;

  function swap(a: number, b: number) {
    const [one, other] = [items[a], items[b]];
    if (one && other) [items[a], items[b]] = [other, one];
  }

  function push(item: Item): void {
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
    retain(isWanted: (item: Item) => boolean): void {
      items.splice(0).map(({ item }) => item).filter(isWanted).forEach(push);
    },
    /** The smallest, which stays. */
    peek: (): Item | undefined => items[0]?.item,
    /** Removes and returns the smallest. */
    pop(): Item | undefined {
      swap(0, items.length - 1);
      const smallest = items.pop()?.item;
      for (let at = 0;;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const child = rankAt(right) < rankAt(left) ? right : left;
        if (rankAt(child) >= rankAt(at)) return smallest;
        swap(at, child);
        at = child;
      }
    },
    get size(): number {
      return items.length;
    },
  };
}
